// How far a free run may end from upstream's. A run cannot be held to more than its steps are: each may err by its own bound, and what the
// method itself makes of an early error is no fault of the subject.

import type { AnySchema, BetaScheduleConfig, ConfigObject } from '@unnoise/core';
import { COMMON_BETA_RULES, trainingTables, upstream32 } from '@unnoise/core';
import type { GoldenSteps } from '../golden/format.ts';
import type { GoldenTensors } from '../golden/source.ts';
import { FREE_RUN, HALF_FREE_RUN, STEP, noted } from '../tolerances.ts';
import { sizeIn } from './compare.ts';

/** The absolute bound of the last sample. (float16: trials bound the whole, and no step is added.) `schema` gives the defaults. */
export function freeRunBound(golden: GoldenSteps, tensors: GoldenTensors, schema: AnySchema): number {
  const last = golden.expect.steps.length - 1;
  const half = golden.dtype === 'float16';
  const step = half ? 0 : STEP;
  const grown = growth(golden, tensors, schema);
  let bound = (half ? HALF_FREE_RUN : FREE_RUN) * sizeIn(tensors, `prev.${last}`);
  for (let i = 0; i <= last; i++) {
    const note = (name: string): number => noted(golden.tolerance_note?.[`${name}.${i}`]);
    const x0 = note('x0') * sizeIn(tensors, `x0.${i}`);
    bound += (x0 + (note('prev') + step) * sizeIn(tensors, `prev.${i}`)) * grown(i);
  }
  return bound;
}

/**
 * How much an error in the sample after step i has grown at the end. With a recorded epsilon, x' = alpha'/alpha x + ...: by the ratio of the
 * alphas, if the sample is variance preserving. Recorded velocities, and samples that are scaled for the model, keep an error as it is.
 */
function growth(golden: GoldenSteps, tensors: GoldenTensors, schema: AnySchema): (i: number) => number {
  const config = withDefaults(golden.config, schema);
  if (config['prediction_type'] !== 'epsilon' || tensors.has('scaled.0')) return () => 1;
  const alpha = alphaBySigma(golden) ?? alphaByTimestep(golden, config);
  const end = golden.expect.steps.length - 1;
  return (i) => Math.max(1, alpha(end) / alpha(i));
}

function withDefaults(config: ConfigObject, schema: AnySchema): ConfigObject {
  return { ...Object.fromEntries(Object.entries(schema).map(([key, field]) => [key, field.default])), ...config };
}

type AlphaAfter = (i: number) => number;

/** From the table of sigmas, where it is recorded whole and steps follow it. */
function alphaBySigma({ config, expect, first }: GoldenSteps): AlphaAfter | undefined {
  const { sigmas } = expect;
  if (first === undefined || !sigmas || 'head' in sigmas) return undefined;
  return (i) => {
    const sigma = sigmas[first + i + 1] ?? 0;
    return config['use_flow_sigmas'] === true ? 1 - sigma : 1 / Math.hypot(1, sigma);
  };
}

/** From the training schedule, at the timestep of the step after; 1 at the end, and for schedules that only few classes know. */
function alphaByTimestep({ expect }: GoldenSteps, config: ConfigObject): AlphaAfter {
  if (!(String(config['beta_schedule']) in COMMON_BETA_RULES)) return () => 1;
  const zeroTerminalSnr = config['rescale_betas_zero_snr'] === true;
  const { alphasCumprod: table } = trainingTables(config as unknown as BetaScheduleConfig, upstream32, {
    zeroTerminalSnr,
  });
  return (i) => Math.sqrt(table.at(expect.steps[i + 1]?.t ?? Number.NaN) ?? 1);
}
