// The denoising loop: calls the model, steps the run, hands out each step, and frees every tensor that nobody needs any more,
// also when it is left early. Which model and which scheduler is not its business.

import type { Run, SchedulerOutput, Tensor } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import { throwIfAborted } from './abort.ts';
import { guided } from './guidance.ts';
import type { Inpainting } from './inpaint.ts';
import { release } from './lease.ts';
import { beginning, runOf, streamsOf } from './start.ts';
import { turn } from './turn.ts';
import type { DenoiseOptions, DenoiseStep, Model } from './types.ts';

/**
 * Denoises a sample, one step per turn of `for await`; nothing is computed before the first. `result()` runs what is left and gives
 * the final sample. The same options and seed give the same samples; any number of loops may be interleaved.
 *
 *     for await (const { index, total } of denoise({ scheduler, model, shape: [1, 4, 64, 64], seed: 42, steps: 20 })) ...
 *
 * @throws (on iteration) DiffusionError REQUEST_INVALID, GENERATOR_REQUIRED; an error named AbortError.
 */
export function denoise<C = undefined>(options: DenoiseOptions<C>): Denoising {
  return new Denoising(loop(options));
}

interface Disposable {
  dispose(): void;
}

/** The same, with what is freed when the loop ends. */
export function denoiseWith(options: DenoiseOptions, owned: readonly Disposable[]): Denoising {
  return new Denoising(loop(options), owned);
}

/** A loop that can be iterated once. One that is never begun may hold its prompts on a device: `dispose` it. */
export class Denoising implements AsyncIterable<DenoiseStep> {
  readonly #steps: AsyncGenerator<DenoiseStep, Tensor, undefined>;
  readonly #owned: readonly Disposable[];
  #final: Tensor | undefined;
  #failure: unknown;

  /** `owned`: what is freed when the loop ends, however it ends. */
  constructor(steps: AsyncGenerator<DenoiseStep, Tensor, undefined>, owned: readonly Disposable[] = []) {
    this.#steps = steps;
    this.#owned = owned;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DenoiseStep, void, undefined> {
    const steps = this.#steps;
    try {
      const final: Tensor | undefined = yield* steps;
      this.#final ??= final;
    } catch (error) {
      this.#failure = error;
      throw error;
    } finally {
      this.dispose();
    }
  }

  /** Frees what the loop holds for its model. The end of the loop does so itself. */
  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }

  /** Runs to the end and gives the final sample, which is yours to dispose. Rejects with what ended the loop early. */
  async result(): Promise<Tensor> {
    for await (const _ of this);
    if (this.#final) return this.#final;
    throw (
      this.#failure ?? new DiffusionError('DISPOSED', 'This loop was left before its last step. Start another one.')
    );
  }
}

async function* loop<C>(options: DenoiseOptions<C>): AsyncGenerator<DenoiseStep, Tensor, undefined> {
  const { signal, onStep } = options;
  throwIfAborted(signal, 'nothing was computed');
  const model = guided(options);
  const streams = streamsOf(options);
  const run = runOf(options, streams);
  let sample: Tensor | undefined;
  let inpainting: Inpainting | undefined;
  try {
    let total = stepsOf(run);
    ({ sample, inpainting } = await beginning(options, run, streams));
    for (let index = 0; index < total; index++) {
      await turn();
      const planned = total;
      const stopped = () => throwIfAborted(signal, `stopped after ${index} of ${planned} steps`);
      const timestep = run.nextTimestep();
      const { prevSample, predOriginalSample } = await advance(run, model, sample, timestep, stopped);
      sample.dispose();
      sample = prevSample;
      total = index + 1 + run.remaining.length; // a run whose steps decide the next may have planned more
      if (inpainting) sample = await replaced(sample, inpainting.blend(sample, run));
      const x0 = predOriginalSample && { predOriginalSample };
      const step = { index, total, progress: (index + 1) / total, timestep, sample, ...x0 };
      try {
        await onStep?.(step);
        yield step;
      } finally {
        predOriginalSample?.dispose();
      }
    }
    const final = sample;
    sample = undefined;
    return final;
  } finally {
    sample?.dispose();
    inpainting?.dispose();
    if (run !== options.run) run.dispose();
  }
}

/** One model call and one step of the run. */
async function advance(
  run: Run,
  model: Model,
  x: Tensor,
  timestep: number,
  check: () => void,
): Promise<SchedulerOutput> {
  check();
  const out = await onScaled(run, x, (scaled) => model(scaled, timestep, undefined));
  try {
    check();
    return await run.step(out, x);
  } finally {
    release(out);
  }
}

async function replaced(old: Tensor, pending: Promise<Tensor>): Promise<Tensor> {
  const next = await pending;
  old.dispose();
  return next;
}

async function onScaled(run: Run, x: Tensor, call: (scaled: Tensor) => Tensor | Promise<Tensor>): Promise<Tensor> {
  const scaled = await run.scaleModelInput(x);
  try {
    const out = await call(scaled);
    return out === scaled ? out.clone() : out;
  } finally {
    scaled.dispose();
  }
}

function stepsOf(run: Run): number {
  const total = run.remaining.length;
  if (total > 0) return total;
  const planned = run.timesteps.length;
  const message = `none of the ${planned} steps is left to run. Take a larger strength (at least 1/${planned}) or a run that is not done.`;
  throw new DiffusionError('REQUEST_INVALID', `denoise: ${message}`, { planned });
}
