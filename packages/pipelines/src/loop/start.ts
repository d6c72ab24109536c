// The beginning of a loop: which run, and which first sample. The order of draws is diffusers': the first noise, then the steps.

import type { Backend, Generator, Run, RunRequest, Shape, Tensor } from '@unnoise/core';
import { DiffusionError, randnTensor, tensor, torchGenerator } from '@unnoise/core';
import { Inpainting } from './inpaint.ts';
import type { DenoiseOptions, StartOptions } from './types.ts';

type Streams = Generator | readonly Generator[];

/** One stream for the batch, or one per item; undefined where neither seed nor generator is given. */
export function streamsOf({ seed, generator }: Pick<StartOptions, 'seed' | 'generator'>): Streams | undefined {
  if (seed === undefined) return generator;
  if (generator) throw invalid('both seed and generator were given. Give one.');
  return typeof seed === 'number' ? torchGenerator(seed) : seed.map((one) => torchGenerator(one));
}

const OWN_KEYS: ReadonlySet<string> = new Set<keyof DenoiseOptions<unknown>>([
  ...(['model', 'scheduler', 'run', 'steps', 'conditioning', 'unconditional', 'guidance'] as const),
  ...(['guidanceRescale', 'signal', 'onStep'] as const),
  ...(['latents', 'image', 'mask', 'noise', 'shape', 'seed', 'generator', 'backend'] as const),
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

/** What the first step sees, and what must be put back after each; owned by the loop. */
export interface Beginning {
  readonly sample: Tensor;
  readonly inpainting: Inpainting | undefined;
}

export async function beginning(options: StartOptions, run: Run, streams: Streams | undefined): Promise<Beginning> {
  const { latents, image, shape, mask, noise: given, backend } = options;
  if ([latents, image, shape].filter(Boolean).length !== 1) throw invalid('give one of latents, image and shape.');
  if (!image && (mask || given)) throw invalid(`${mask ? 'mask' : 'noise'} was given without an image.`);
  if (latents) return { sample: await placed(latents, backend), inpainting: undefined };
  if (shape) {
    const sample = await noise(shape, streams, backend).mul(run.plan.initNoiseSigma).realize();
    return { sample, inpainting: undefined };
  }
  return ofImage(image!, options, run, streams);
}

/** As upstream: image-to-image begins with the noised image, and inpainting at full strength with noise alone. */
async function ofImage(
  image: Tensor,
  options: StartOptions & { readonly strength?: number },
  run: Run,
  streams: Streams | undefined,
): Promise<Beginning> {
  const { mask, backend, strength = 1 } = options;
  const level = run.plan.noiseLevel?.(run.beginIndex ?? 0, run.nextTimestep());
  if (!level) throw invalid('this scheduler cannot noise an image. Give latents.');
  const parts: Tensor[] = [];
  const keep = async (x: Promise<Tensor>): Promise<Tensor> => (parts.push(await x), parts.at(-1)!);
  let inpainting: Inpainting | undefined;
  try {
    const clean = await keep(placed(image, backend));
    const place = clean.backend ?? backend;
    const drawn = await keep(
      options.noise ? placed(options.noise, place) : noise(clean.shape, streams, place).realize(),
    );
    const painted = mask && (await keep(placed(mask, place)));
    const alone = painted && strength === 1;
    const first = alone ? drawn.mul(run.plan.initNoiseSigma) : clean.mul(level.signal).add(drawn.mul(level.noise));
    const sample = await first.realize();
    if (painted) inpainting = new Inpainting({ image: clean, noise: drawn, mask: painted });
    return { sample, inpainting };
  } finally {
    if (!inpainting) for (const part of parts) part.dispose();
  }
}

/** The same elements where the loop computes: plain host data would go to the default backend, which may be a slow one. */
async function placed(x: Tensor, backend: Backend | undefined): Promise<Tensor> {
  if (x.backend || !backend) return x.clone();
  return tensor(await x.data(), x.shape, { dtype: x.dtype, backend }).realize();
}

function noise(shape: Shape, streams: Streams | undefined, backend: Backend | undefined): Tensor {
  if (streams) return tensor(randnTensor(shape, streams), shape, { ...(backend && { backend }) });
  const message = 'The first sample is noise, and no seed was given. Pass seed: 42, or a generator.';
  throw new DiffusionError('GENERATOR_REQUIRED', message);
}

function invalid(what: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', `denoise: ${what}`);
}
