// What upstream's constructor does before anything else: rewrites names of sister solvers and refuses what cannot work.

import { DiffusionError, requireChoice, warn } from '@unnoise/core';
import type { DPMSolverMultistepConfig } from './index.ts';

type Given = Partial<DPMSolverMultistepConfig>;

const ALGORITHMS: readonly string[] = ['dpmsolver++', 'dpmsolver', 'sde-dpmsolver++', 'sde-dpmsolver'];
const SOLVERS: readonly string[] = ['midpoint', 'heun'];

/** The config with `deis` read as dpmsolver++ and `logrho`, `bh1`, `bh2` as midpoint. Throws CONFIG_INVALID or CONFIG_CONFLICT. */
export function checkedConfig(config: Given): Given {
  const { algorithm_type: algorithm = 'dpmsolver++', final_sigmas_type: final = 'zero', solver_order: order = 2 } = config;
  // as upstream: the name that was given counts here, so that `deis` is refused too
  if (!algorithm.endsWith('dpmsolver++') && final === 'zero') {
    throw new DiffusionError(
      'CONFIG_CONFLICT',
      `algorithm_type ${algorithm} cannot end at sigma zero. Set final_sigmas_type to sigma_min, or use dpmsolver++.`,
      { algorithm, final },
    );
  }
  const rewritten = { ...config, ...rename(config, 'algorithm_type', ['deis'], 'dpmsolver++'), ...rename(config, 'solver_type', ['logrho', 'bh1', 'bh2'], 'midpoint') } as Given;
  requireChoice('algorithm_type', rewritten.algorithm_type ?? 'dpmsolver++', ALGORITHMS);
  requireChoice('solver_type', rewritten.solver_type ?? 'midpoint', SOLVERS);
  if (order === 3 && algorithm === 'sde-dpmsolver') {
    throw new DiffusionError('CONFIG_INVALID', 'sde-dpmsolver has no third order (upstream crashes). Use solver_order 2, or sde-dpmsolver++.');
  }
  if (!algorithm.endsWith('++') && ALGORITHMS.includes(algorithm)) {
    warn(`algorithm_type ${algorithm} is deprecated upstream; dpmsolver++ or sde-dpmsolver++ replace it.`);
  }
  return rewritten;
}

function rename<K extends keyof Given>(config: Given, key: K, sisters: readonly string[], own: string): Partial<Record<K, string>> {
  return sisters.includes(String(config[key])) ? ({ [key]: own } as Record<K, string>) : {};
}

