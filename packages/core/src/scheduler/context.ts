// What a rule sees of the outside: noise on demand, and the rare read-back to the host.

import { DiffusionError } from '../errors.ts';
import { randnTensor, randTensor } from '../random/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { tensor } from '../tensor/index.ts';
import type { TypedArray } from '../tensor/types.ts';
import type { StepContext, StepOptions } from './types.ts';

type Given<K> = Pick<StepContext<K>, 'k' | 'index' | 'x' | 'out' | 'carry' | 'options'>;

/** The fields are listed one by one: a spread costs a microsecond, a fifth of what a step may. */
export function stepContext<K>({ k, index, x, out, carry, options }: Given<K>): StepContext<K> {
  return {
    k,
    index,
    x,
    out,
    carry,
    options,
    normal: (shape = out.shape) => options.varianceNoise ?? tensor(randnTensor(shape, generator(options)), shape),
    uniform: (shape) => tensor(randTensor(shape, generator(options)), shape),
    host: (value) => readBack(value),
  };
}

function generator(options: StepOptions): NonNullable<StepOptions['generator']> {
  if (options.generator) return options.generator;
  throw new DiffusionError(
    'GENERATOR_REQUIRED',
    'This step draws noise and no generator was given. Pass { generator: torchGenerator(seed) } to step or start.',
  );
}

/** Reads a copy of the expression, so that `value` itself stays unrealised and folds into what the rule does next. */
async function readBack(value: Tensor): Promise<TypedArray> {
  const copy = value.dtype === 'float16' ? value.cast('float32') : value.mul(1);
  try {
    return await copy.data();
  } finally {
    copy.dispose();
  }
}
