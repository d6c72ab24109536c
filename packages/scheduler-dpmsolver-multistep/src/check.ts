// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { DiffusionError, warn, withDpmNames } from '@unnoise/core';
import type { DPMSolverMultistepConfig } from './index.ts';

type Given = Partial<DPMSolverMultistepConfig>;

const ALGORITHMS: readonly string[] = ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++', 'sde-dpmsolver'];

/** The config with `deis` read as dpmsolver++ and `logrho`, `bh1`, `bh2` as midpoint. Throws CONFIG_INVALID or CONFIG_CONFLICT. */
export function checkedConfig(config: Given): Given {
  if (typeof config !== 'object') return config; // the base class refuses it
  const rewritten = withDpmNames(config, ALGORITHMS);
  const { algorithm_type: algorithm = 'dpmsolver++', solver_order: order = 2 } = rewritten;
  checkConflicts(config.algorithm_type ?? algorithm, rewritten.final_sigmas_type ?? 'zero', order);
  if (!algorithm.endsWith('++'))
    warn(`algorithm_type ${algorithm} is deprecated upstream; dpmsolver++ or sde-dpmsolver++ replace it.`);
  return rewritten;
}

/** As upstream, the algorithm counts by the name that was given, so that `deis` with final sigma zero is refused too. */
function checkConflicts(algorithm: string, final: string, order: number): void {
  if (!algorithm.endsWith('dpmsolver++') && final === 'zero') {
    const message = `algorithm_type ${algorithm} cannot end at sigma zero. Set final_sigmas_type to sigma_min, or use dpmsolver++.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm, final });
  }
  if (algorithm === 'sde-dpmsolver' && order > 2) {
    const message = 'sde-dpmsolver has no third order (upstream crashes). Use solver_order 2, or sde-dpmsolver++.';
    throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm, order });
  }
}
