// Which dtype an operation works in: as torch for tensors (bool < int32 < float), while plain numbers never promote.
// Beside torch, bool arithmetic is int32, and two floats are float16 only if every floating argument is.

import { DiffusionError } from '../errors.ts';
import type { Node } from './node.ts';
import type { DType } from './types.ts';

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float16';

/** The dtype that holds every argument: equal dtypes stay, a float wins over whole numbers. */
export function commonType(nodes: readonly Node[]): DType {
  let common: DType | undefined;
  for (const { dtype } of nodes) common = common === undefined || common === dtype ? dtype : wider(common, dtype);
  return common ?? 'float32';
}

function wider(a: DType, b: DType): DType {
  if (isFloat(a) && isFloat(b)) return 'float32';
  return isFloat(a) ? a : isFloat(b) ? b : 'int32';
}

/** The dtype of sums and products: like `commonType`, but bool counts as int32. */
export function arithmeticType(nodes: readonly Node[]): DType {
  const common = commonType(nodes);
  return common === 'bool' ? 'int32' : common;
}

/** The dtype of divisions, roots and exponentials. */
export function floatType(nodes: readonly Node[]): DType {
  const common = commonType(nodes);
  return isFloat(common) ? common : 'float32';
}

/** Kernels take parameters as float32, which is exact for whole numbers up to 2^24. */
const MAX_WHOLE = 2 ** 24;

/** An int32 expression takes whole numbers only; torch would promote it to float, which would hide a cast. */
export function checkWhole(numbers: readonly number[]): void {
  const bad = numbers.find((x) => !Number.isInteger(x) || Math.abs(x) > MAX_WHOLE);
  if (bad === undefined) return;
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `an int32 tensor is combined with the number ${bad}: only whole numbers up to 2^24 fit; use cast('float32') first`,
    { value: bad },
  );
}
