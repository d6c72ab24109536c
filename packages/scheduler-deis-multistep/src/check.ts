// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { requireChoice, requireSolverOrder, sisterNamed } from '@unnoise/core';
import type { DEISMultistepConfig } from './index.ts';

type Given = Partial<DEISMultistepConfig>;

/**
 * The config with algorithm_type `dpmsolver` and `dpmsolver++` read as deis, and solver_type `midpoint`, `heun`, `bh1` and `bh2`
 * as logrho. Throws CONFIG_INVALID for others, the sde types among them.
 */
export function checkedConfig(config: Given): Given {
  const rewritten = {
    ...config,
    ...sisterNamed(config, 'algorithm_type', ['dpmsolver', 'dpmsolver++'], 'deis'),
    ...sisterNamed(config, 'solver_type', ['midpoint', 'heun', 'bh1', 'bh2'], 'logrho'),
  } as Given;
  requireChoice('algorithm_type', rewritten.algorithm_type ?? 'deis', ['deis']);
  requireChoice('solver_type', rewritten.solver_type ?? 'logrho', ['logrho']);
  requireSolverOrder(rewritten.solver_order ?? 2);
  return rewritten;
}
