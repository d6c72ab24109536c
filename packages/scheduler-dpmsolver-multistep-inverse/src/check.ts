// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { DiffusionError, warn, withDpmNames } from '@unnoise/core';
import type { DPMSolverMultistepInverseConfig } from './index.ts';

type Given = Partial<DPMSolverMultistepInverseConfig>;

const ALGORITHMS: readonly string[] = ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++', 'sde-dpmsolver'];

/** The config with `deis` read as dpmsolver++ and `logrho`, `bh1`, `bh2` as midpoint. Throws CONFIG_INVALID or CONFIG_CONFLICT. */
export function checkedConfig(config: Given): Given {
  const rewritten = withDpmNames(config, ALGORITHMS);
  const { algorithm_type: algorithm = 'dpmsolver++', solver_order: order = 2 } = rewritten;
  if (algorithm.startsWith('sde') && order > 2) {
    const message = `${algorithm} has no third order here (upstream crashes). Use solver_order 2.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { algorithm, order });
  }
  if (!algorithm.endsWith('++')) warn(`algorithm_type ${algorithm} is deprecated upstream; dpmsolver++ replaces it.`);
  return rewritten;
}
