// What a rule sees of the outside: noise on demand, and the rare read-back to the host.

import { requireKnown } from '../config/known.ts';
import { DiffusionError } from '../errors.ts';
import type { Generator } from '../random/generator.ts';
import { batched } from '../random/randn-tensor.ts';
import type { Tensor } from '../tensor/index.ts';
import { tensor } from '../tensor/index.ts';
import type { Shape, TypedArray } from '../tensor/types.ts';
import type { NoiseSampler, StepContext, StepOptions } from './types.ts';

interface Given<K> extends Pick<StepContext<K>, 'k' | 'plan' | 'index' | 'next' | 'x' | 'out' | 'carry' | 'options'> {
  /** The run's own noise between levels, made when it is asked for first. */
  readonly noiseOf: () => NoiseSampler | undefined;
}

/** The fields are listed one by one: a spread costs a microsecond, a fifth of what a step may. */
export function stepContext<K>({ k, plan, index, next, x, out, carry, options, noiseOf }: Given<K>): StepContext<K> {
  const normal = (shape: Shape = out.shape): Tensor =>
    options.varianceNoise ?? drawn(shape, options, (one, size) => one.normal(size));
  return {
    k,
    plan,
    index,
    next,
    x,
    out,
    carry,
    options,
    normal,
    normalBetween: (sigma, sigmaNext) => {
      const sampler = options.noiseSampler ?? noiseOf();
      return sampler ? tensor(sampler(sigma, sigmaNext, out.shape), out.shape) : normal();
    },
    uniform: (shape) => drawn(shape, options, (one, size) => one.uniform(size)),
    host: (value) => readBack(value),
  };
}

type Draw = (generator: Generator, shape: Shape) => Float32Array;

/** Noise of a method beside `step`, which takes a generator and nothing else. Throws GENERATOR_REQUIRED and REQUEST_INVALID. */
export function methodNoise(method: string, shape: Shape, options: Pick<StepOptions, 'generator'>): Tensor {
  requireKnown(method, 'option', options, ['generator']);
  return drawn(shape, options, (one, size) => one.normal(size));
}

function drawn(shape: Shape, { generator }: StepOptions, draw: Draw): Tensor {
  if (generator) return tensor(batched(shape, generator, Float32Array, draw), shape);
  throw new DiffusionError(
    'GENERATOR_REQUIRED',
    'This step draws noise and no generator was given. Pass { generator: torchGenerator(seed) } to step or start.',
  );
}

/** Reads a copy of the expression, so that `value` itself stays unrealised and folds into what the rule does next. */
export async function readBack(value: Tensor): Promise<TypedArray> {
  const copy = value.dtype === 'float16' ? value.cast('float32') : value.mul(1);
  try {
    return await copy.data();
  } finally {
    copy.dispose();
  }
}
