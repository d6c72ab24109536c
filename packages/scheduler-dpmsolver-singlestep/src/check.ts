// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { DiffusionError, requireChoice, requireSolverOrder, sisterNamed, warn } from '@unnoise/core';
import type { DPMSolverSinglestepConfig } from './index.ts';

type Given = Partial<DPMSolverSinglestepConfig>;

/** The config with `deis` read as dpmsolver++ and `logrho`, `bh1`, `bh2` as midpoint. Throws CONFIG_INVALID or CONFIG_CONFLICT. */
export function checkedConfig(config: Given): Given {
  const rewritten = {
    ...config,
    ...sisterNamed(config, 'algorithm_type', ['deis'], 'dpmsolver++'),
    ...sisterNamed(config, 'solver_type', ['logrho', 'bh1', 'bh2'], 'midpoint'),
  } as Given;
  const { algorithm_type: algorithm = 'dpmsolver++', solver_order: order = 2 } = rewritten;
  requireChoice('algorithm_type', algorithm, ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++']);
  requireChoice('solver_type', rewritten.solver_type ?? 'midpoint', ['midpoint', 'heun']);
  requireSolverOrder(order);
  if (order > 3) {
    throw new DiffusionError('CONFIG_INVALID', `solver_order is ${order}. Use 1, 2 or 3.`, { solver_order: order });
  }
  // as upstream, the algorithm counts by the name that was given, so that `deis` with final sigma zero is refused too
  checkConflicts(config.algorithm_type ?? algorithm, rewritten);
  if (algorithm === 'dpmsolver') warn('algorithm_type dpmsolver is deprecated upstream; dpmsolver++ replaces it.');
  return rewritten;
}

function checkConflicts(algorithm: string, { final_sigmas_type: final = 'zero', thresholding }: Given): void {
  if (!algorithm.endsWith('dpmsolver++') && final === 'zero') {
    const message = `algorithm_type ${algorithm} cannot end at sigma zero. Set final_sigmas_type to sigma_min, or use dpmsolver++.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm, final });
  }
  if (algorithm === 'dpmsolver' && thresholding) {
    const message = 'thresholding with algorithm_type dpmsolver does not work (upstream crashes). Use dpmsolver++.';
    throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm });
  }
}
