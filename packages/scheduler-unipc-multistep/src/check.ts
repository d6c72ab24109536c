// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { DiffusionError, requireChoice, requireSolverOrder, sisterNamed } from '@unnoise/core';
import type { UniPCMultistepConfig } from './index.ts';

type Given = Partial<UniPCMultistepConfig>;

/** The config with solver_type `midpoint`, `heun` and `logrho` read as bh2. Throws CONFIG_INVALID or CONFIG_CONFLICT. */
export function checkedConfig(config: Given): Given {
  const rewritten = {
    ...config,
    ...sisterNamed(config, 'solver_type', ['midpoint', 'heun', 'logrho'], 'bh2'),
  } as Given;
  const { solver_type: solver = 'bh2', solver_order: order = 2, shift_terminal: terminal = null } = rewritten;
  requireChoice('solver_type', solver, ['bh1', 'bh2']);
  requireSolverOrder(order);
  if (terminal !== null && !config.use_flow_sigmas) {
    const message = `shift_terminal is ${terminal}, but use_flow_sigmas is off. It stretches flow sigmas only.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { shift_terminal: terminal });
  }
  return rewritten;
}
