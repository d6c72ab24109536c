// Runs a scheduler with a model that knows the truth. What a run must obey is said elsewhere: order.ts, output-law.ts.

import type { Backend, NoiseLevel, Run, Shape, StepOptions, Tensor } from '@unnoise/core';
import { tensor } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { ConformanceError } from '../check.ts';

/** The output of a perfect model at x = signal x0 + noise epsilon, in the prediction type of the scheduler. */
export type Oracle = (x: Float64Array, level: NoiseLevel) => ArrayLike<number>;

export interface Trial {
  readonly run: Run;
  readonly model: Oracle;
  /** The noisy sample. */
  readonly start: ArrayLike<number>;
  /** Default: one row, [1, start.length]. */
  readonly shape?: Shape;
  /** The level that the model is told; default: `levelOf`. */
  readonly level?: (run: Run) => NoiseLevel;
  /** How many steps to take; default: all that remain. */
  readonly steps?: number;
  readonly options?: StepOptions;
  /** Default: the float64 reference. */
  readonly backend?: Backend;
}

/** The sample before each step, and after the last: one array more than steps. Disposes the run. */
export async function trajectory(trial: Trial): Promise<readonly Float64Array[]> {
  const { run, start, shape = [1, start.length], level = levelOf, backend = createReferenceBackend() } = trial;
  const samples: Float64Array[] = [Float64Array.from(start)];
  const count = trial.steps ?? run.remaining.length;
  for (let i = 0; i < count; i++) {
    const x = samples[i]!;
    const out = tensor(Float64Array.from(trial.model(x, level(run))), shape, { backend });
    samples.push(await stepped(run, out, tensor(x, shape, { backend }), trial.options));
  }
  run.dispose();
  return samples;
}

/** The noise level of the sample that the next step of a run takes. */
export function levelOf(run: Run): NoiseLevel {
  const { plan, timestep } = run;
  const index = plan.timesteps.length - run.remaining.length;
  if (!plan.noiseLevel || timestep === undefined)
    throw new ConformanceError('This run has no noise level: it is at its end, or has no addNoise.');
  return plan.noiseLevel(index, timestep);
}

/** The same for schedulers in sigma that call the model within a step too: their tables have no level for that, their input's scale has. */
export function shownLevelOf({ plan, timestep, remaining }: Run): NoiseLevel {
  if (!plan.inputScale || timestep === undefined)
    throw new ConformanceError('This run scales no input, or is at its end.');
  const scale = plan.inputScale(plan.timesteps.length - remaining.length, timestep);
  return { signal: 1, noise: Math.sqrt(1 / scale ** 2 - 1) };
}

async function stepped(run: Run, out: Tensor, x: Tensor, options: StepOptions | undefined): Promise<Float64Array> {
  (await run.scaleModelInput(x)).dispose();
  const { prevSample, predOriginalSample } = await run.step(out, x, options);
  const values = Float64Array.from(await prevSample.data());
  for (const one of [out, x, prevSample, predOriginalSample]) one?.dispose();
  return values;
}
