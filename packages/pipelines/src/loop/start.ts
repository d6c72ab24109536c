// The beginning of a loop: which run, and which first sample. The order of draws is diffusers': the first noise, then the steps.

import type { Generator, Run, RunRequest, Tensor } from '@unnoise/core';
import { DiffusionError, randnTensor, tensor, torchGenerator } from '@unnoise/core';
import type { DenoiseOptions, StartOptions } from './types.ts';

type Streams = Generator | readonly Generator[];

/** One stream for the batch, or one per item; undefined where neither seed nor generator is given. */
export function streamsOf({ seed, generator }: Pick<StartOptions, 'seed' | 'generator'>): Streams | undefined {
  if (seed === undefined) return generator;
  if (generator) throw invalid('both seed and generator were given. Give one.');
  return typeof seed === 'number' ? torchGenerator(seed) : seed.map((one) => torchGenerator(one));
}

const OWN_KEYS: ReadonlySet<string> = new Set<keyof DenoiseOptions<unknown>>([
  ...(['model', 'scheduler', 'run', 'steps', 'conditioning', 'unconditional', 'guidance', 'signal', 'onStep'] as const),
  ...(['latents', 'image', 'shape', 'seed', 'generator', 'backend'] as const),
]);

/** The caller's run, or a new one of the scheduler, which gets every option that is not the loop's own. */
export function runOf<C>(options: DenoiseOptions<C>, streams: Streams | undefined): Run {
  const { scheduler, run, steps, latents, image } = options;
  const entries = Object.entries({ numInferenceSteps: steps, ...options });
  const request: RunRequest = Object.fromEntries(
    entries.filter(([key, value]) => value !== undefined && !OWN_KEYS.has(key)),
  );
  if (run && scheduler) throw invalid('both scheduler and run were given. Give one.');
  if (run) return ofRunningRun(run, request);
  if (!scheduler) throw invalid('neither scheduler nor run was given. Give one.');
  if (request.strength !== undefined && !image && !latents) throw invalid('strength was given without an image.');
  const draws = streams && scheduler.class.stepOptions.includes('generator');
  return scheduler.start({ ...request, ...(draws && { generator: streams }) });
}

function ofRunningRun(run: Run, request: RunRequest): Run {
  const [key] = Object.keys(request);
  const name = key === 'numInferenceSteps' ? 'steps' : key;
  if (name) throw invalid(`${name} was given beside a run, which is planned already. Give it to scheduler.start.`);
  return run;
}

/** The sample that the first step sees, owned by the loop. */
export async function firstSample(options: StartOptions, run: Run, streams: Streams | undefined): Promise<Tensor> {
  const { latents, image, shape } = options;
  if ([latents, image, shape].filter(Boolean).length !== 1) throw invalid('give one of latents, image and shape.');
  if (latents) return latents.clone();
  if (image) return noised(image, run, streams);
  const { initNoiseSigma } = run.plan;
  return noise(shape!, streams, options).mul(initNoiseSigma).realize();
}

/** As upstream's add_noise at the first timestep of the run. */
async function noised(image: Tensor, run: Run, streams: Streams | undefined): Promise<Tensor> {
  const { plan } = run;
  if (!plan.noiseLevel) throw invalid('this scheduler cannot noise an image. Give latents.');
  const timestep = run.nextTimestep();
  const { signal, noise: amount } = plan.noiseLevel(run.beginIndex ?? 0, timestep);
  const drawn = noise(image.shape, streams, { ...(image.backend && { backend: image.backend }) });
  return image.mul(signal).add(drawn.mul(amount)).realize();
}

function noise(shape: readonly number[], streams: Streams | undefined, { backend }: StartOptions): Tensor {
  if (streams) return tensor(randnTensor(shape, streams), shape, { ...(backend && { backend }) });
  const message = 'The first sample is noise, and no seed was given. Pass seed: 42, or a generator.';
  throw new DiffusionError('GENERATOR_REQUIRED', message);
}

function invalid(what: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', `denoise: ${what}`);
}
