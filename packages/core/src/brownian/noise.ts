// Noise for samplers, taken from a Brownian path whose clock is sigma: what a step draws depends on where it goes from and to, so that
// two halves of a step add up to the whole, and a finer schedule with the same seed refines the same noise.

import { DiffusionError } from '../errors.ts';
import type { Generator } from '../random/generator.ts';
import { sampleCount } from '../random/arguments.ts';
import type { NoiseSampler, StepOptions } from '../scheduler/types.ts';
import type { BrownianPath, Increment } from './path.ts';
import { brownianPath, tooClose } from './path.ts';

/** One seed for the whole batch, or one per batch item, as numpy's SeedSequence takes them. */
export type NoiseSeed = number | bigint | readonly (number | bigint)[];

export interface BrownianNoiseOptions {
  /** The sample's shape. */
  readonly shape: readonly number[];
  /** Ends of the path: the smallest positive and the largest noise level. */
  readonly sigmaMin: number;
  readonly sigmaMax: number;
  readonly seed: NoiseSeed;
  /** Arithmetic and numbers; default float32. */
  readonly dtype?: 'float32' | 'float64';
}

/**
 * The BrownianTreeNoiseSampler of diffusers and k-diffusion on the CPU, bit for bit: (W(sigmaNext) - W(sigma)) / sqrt(|sigmaNext - sigma|).
 * Throws REQUEST_INVALID for a list of seeds that does not fit the batch, and, when it is called, NUMERIC for two levels that are less
 * than a millionth apart, which upstream's tree cannot tell apart.
 */
export function brownianNoise(options: BrownianNoiseOptions): NoiseSampler {
  const { dtype = 'float32' } = options;
  const paths = pathsOf(options);
  return (sigma, sigmaNext) => {
    if (sigma === sigmaNext) throw tooClose(sigma, sigmaNext);
    const [low, high] = sigma < sigmaNext ? [sigma, sigmaNext] : [sigmaNext, sigma];
    const gains = paths.map((path) => path.increment(low, high));
    const noise = gains.length === 1 ? gains[0]! : joined(gains, dtype);
    const scale = (sigma < sigmaNext ? 1 : -1) * deviation(low, high);
    return noise.map((gain) => gain / scale);
  };
}

/**
 * The seed of a run: the config's, else what the generator says. With a list of generators each batch item has a path of its own.
 * Throws GENERATOR_REQUIRED where there is neither.
 */
export function noiseSeed(
  seed: NoiseSeed | null,
  { generator }: StepOptions,
  seedOf: (generator: Generator) => number | bigint = drawnSeed,
): NoiseSeed {
  if (seed !== null) return seed;
  if (generator) return 'normal' in generator ? seedOf(generator) : generator.map(seedOf);
  throw new DiffusionError(
    'GENERATOR_REQUIRED',
    'This run draws its noise from a Brownian path, which needs a seed. Pass { generator: torchGenerator(seed) } to start or step, or set noise_sampler_seed where the config has it.',
  );
}

/** torch.randint(0, 2**63 - 1, []), as upstream seeds a path itself; 53 random bits from a stream without integers. */
function drawnSeed(generator: Generator): bigint {
  const { randint } = generator as Partial<{
    randint(low: number, high: bigint, shape: readonly number[]): BigInt64Array;
  }>;
  if (randint) return randint.call(generator, 0, 2n ** 63n - 1n, [1])[0]!;
  return BigInt(generator.uniform([1], 'float64')[0]! * 2 ** 53);
}

/** torch's generator.initial_seed(), with which upstream seeds paths elsewhere; drawn from a stream that does not know its seed. */
export function initialSeed(generator: Generator): bigint {
  return (generator as Partial<{ initialSeed: bigint }>).initialSeed ?? drawnSeed(generator);
}

function pathsOf({
  shape,
  sigmaMin,
  sigmaMax,
  seed,
  dtype = 'float32',
}: BrownianNoiseOptions): readonly BrownianPath[] {
  const size = sampleCount(shape);
  const path = (one: number | bigint, elements: number): BrownianPath =>
    brownianPath({ start: sigmaMin, end: sigmaMax, size: elements, seed: one, dtype });
  if (typeof seed !== 'object') return [path(seed, size)];
  if (seed.length === shape[0]) return seed.map((one) => path(one, size / seed.length));
  const message = `A batch of ${shape[0]} (shape [${shape}]) got ${seed.length} seeds. Give one for each item, or a single one.`;
  throw new DiffusionError('REQUEST_INVALID', message, { shape, seeds: seed.length });
}

function joined(gains: readonly Increment[], dtype: 'float32' | 'float64'): Increment {
  const size = gains[0]!.length;
  const all = new (dtype === 'float32' ? Float32Array : Float64Array)(gains.length * size);
  gains.forEach((gain, i) => all.set(gain, i * size));
  return all;
}

/** As upstream: in float32, whatever the sample is. */
function deviation(low: number, high: number): number {
  return Math.fround(Math.sqrt(Math.fround(high - low)));
}
