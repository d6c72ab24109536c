// What every stream accepts as a seed and as a shape, and how it refuses the rest.
import { DiffusionError } from '../errors.ts';

/** The seed as torch reads it: an unsigned 64-bit integer, negative values wrapping around. */
export function seedBits(seed: number | bigint): bigint {
  if (typeof seed === 'bigint' ? seed < -(2n ** 63n) || seed >= 2n ** 64n : !Number.isSafeInteger(seed)) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `A seed must be an integer from -2^63 to 2^64 - 1, got ${String(seed)} (${typeof seed}). ` +
        'Pass a whole number, and a bigint beyond 2^53.',
      { seed: String(seed) },
    );
  }
  return BigInt.asUintN(64, BigInt(seed));
}

/** How many numbers a shape holds; the empty shape holds one. */
export function sampleCount(shape: readonly number[]): number {
  const count = shape.reduce((product, size) => product * size, 1);
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !Number.isSafeInteger(count)) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `A shape must be a list of whole numbers from 0 up, got [${shape.join(', ')}]. Check the dimensions.`,
      { shape: [...shape] },
    );
  }
  return count;
}

/** True for float32, false for float64. */
export function isFloat32(dtype: 'float32' | 'float64'): boolean {
  if (dtype === 'float32' || dtype === 'float64') return dtype === 'float32';
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `A stream draws float32 and float64 here, not ${String(dtype)}. Use normal16 for float16 and bfloat16.`,
    { dtype },
  );
}

/** The error for a saved state that the stream `expected` cannot continue from. */
export function badState(expected: string, reason: string): DiffusionError {
  return new DiffusionError(
    'REQUEST_INVALID',
    `This is not a saved state of a ${expected} generator: ${reason}. Pass what save() of such a generator returned.`,
    { expected, reason },
  );
}
