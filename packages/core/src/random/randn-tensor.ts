// diffusers' rule for the random numbers of a batch: one generator for all of it, or one generator for each item.
import { DiffusionError } from '../errors.ts';
import type { HalfDType } from './float16.ts';
import type { Generator, HalfGenerator } from './generator.ts';

type Noise = Float32Array | Float64Array | Uint16Array;
type NoiseDType = 'float32' | 'float64' | HalfDType;

/**
 * Standard normal noise of `shape` = [batch, ...], as diffusers' randn_tensor draws it.
 *
 * One generator, or a list of one, makes one draw of the whole shape. A longer list makes one draw of [1, ...] for each
 * batch item, so that item i depends on generator i alone; generators beyond the batch stay untouched.
 * The 16-bit types come as their bits.
 * @throws DiffusionError REQUEST_INVALID when the list is shorter than the batch or the shape has no batch;
 *   GENERATOR_REQUIRED when a generator is missing.
 */
export function randnTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype?: 'float32',
): Float32Array;
export function randnTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype: 'float64',
): Float64Array;
export function randnTensor(
  shape: readonly number[],
  generator: HalfGenerator | readonly HalfGenerator[],
  dtype: HalfDType,
): Uint16Array;
export function randnTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype: NoiseDType = 'float32',
): Noise {
  return batched(shape, generator, ARRAYS[dtype], (one, size) => normal(one, size, dtype));
}

/**
 * Uniform numbers in [0, 1) by the same rule. Upstream calls torch.rand with one generator, which this equals; for a
 * list of generators upstream has no rule, and the batch is split as randnTensor splits it.
 * @throws DiffusionError as randnTensor.
 */
export function randTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype?: 'float32',
): Float32Array;
export function randTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype: 'float64',
): Float64Array;
export function randTensor(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  dtype: 'float32' | 'float64' = 'float32',
): Noise {
  return batched(shape, generator, ARRAYS[dtype], (one, size) =>
    dtype === 'float32' ? one.uniform(size) : one.uniform(size, dtype),
  );
}

const ARRAYS: Readonly<Record<NoiseDType, new (length: number) => Noise>> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
};

/** The rule itself, for any way to draw: see `randnTensor`. */
export function batched<A extends Noise>(
  shape: readonly number[],
  generator: Generator | readonly Generator[],
  array: new (length: number) => A,
  draw: (generator: Generator, shape: readonly number[]) => A,
): A {
  const [batch, ...item] = shape;
  if (batch === undefined) throw invalid('The shape [] has no batch dimension. Pass [batch, ...].', { shape: [] });
  const list: readonly Generator[] = Array.isArray(generator) ? generator : [generator as Generator];
  const used = list.length === 1 ? list : perItem(list, batch);
  used.forEach(checkGenerator);
  if (used.length === 1) return draw(used[0]!, shape);
  const parts = used.map((one) => draw(one, [1, ...item]));
  const out = new array(batch * parts[0]!.length);
  parts.forEach((part, i) => out.set(part, i * part.length));
  return out;
}

/** The first `batch` generators of a list, one for each item. */
function perItem(list: readonly Generator[], batch: number): readonly Generator[] {
  if (Number.isInteger(batch) && batch >= 1 && list.length >= batch) return list.slice(0, batch);
  throw invalid(
    `A batch of ${batch} got a list of ${list.length} generators. Pass one generator for each item, or a single one.`,
    { batch, generators: list.length },
  );
}

function checkGenerator(generator: Generator | undefined, index: number): void {
  if (typeof generator?.normal === 'function') return;
  throw new DiffusionError(
    'GENERATOR_REQUIRED',
    `Noise needs a generator, but number ${index} is ${typeof generator}. Pass torchGenerator(seed), or one per item.`,
    { index },
  );
}

function normal(generator: Generator, shape: readonly number[], dtype: NoiseDType): Noise {
  if (dtype === 'float32') return generator.normal(shape);
  if (dtype === 'float64') return generator.normal(shape, 'float64');
  if ('normal16' in generator) return (generator as HalfGenerator).normal16(shape, dtype);
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `This generator draws float32 and float64, not ${dtype}. Use torchGenerator or philoxGenerator, or draw float32.`,
    { dtype },
  );
}

function invalid(message: string, details: Record<string, unknown>): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', message, details);
}
