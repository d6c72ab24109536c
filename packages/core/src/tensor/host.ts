// Host arrays on their way into a tensor: which dtype they carry, and conversion where another one is asked for.

import { DiffusionError } from '../errors.ts';
import { floatsToHalves } from './half.ts';
import type { DType, TypedArray } from './types.ts';

/** What a `Float16Array` looks like; not every runtime has the class yet. */
export interface Float16ArrayLike {
  readonly [Symbol.toStringTag]: 'Float16Array';
  readonly buffer: ArrayBufferLike;
  readonly byteOffset: number;
  readonly length: number;
}

export type HostData = TypedArray | Float16ArrayLike | readonly number[];

/** The array that a `host` node keeps, and its dtype. Arrays of the right kind are kept as they are, not copied. */
export function hostArray(data: HostData, dtype?: DType): { data: TypedArray; dtype: DType } {
  if (isFloat16Array(data)) return hostArray(new Uint16Array(data.buffer, data.byteOffset, data.length), dtype);
  const natural = naturalType(data);
  const wanted = dtype ?? natural;
  if (wanted === natural)
    return { data: Array.isArray(data) ? Float64Array.from(data) : (data as TypedArray), dtype: wanted };
  if (natural === 'float16') {
    const message = `an array of float16 bits cannot become a ${wanted} tensor; create it as float16 and cast('${wanted}')`;
    throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype: wanted });
  }
  return { data: CONVERT[wanted](data), dtype: wanted };
}

const CONVERT: Record<DType, (values: ArrayLike<number>) => TypedArray> = {
  float32: (values) => Float64Array.from(values),
  float16: floatsToHalves,
  int32: (values) => Int32Array.from(values),
  bool: (values) => Uint8Array.from(values, (x) => Number(x !== 0)),
};

function naturalType(data: TypedArray | readonly number[]): DType {
  if (data instanceof Uint16Array) return 'float16';
  if (data instanceof Int32Array) return 'int32';
  if (data instanceof Uint8Array) return 'bool';
  if (data instanceof Float32Array || data instanceof Float64Array || Array.isArray(data)) return 'float32';
  const kind = Object.prototype.toString.call(data).slice(8, -1);
  const message = `a tensor cannot be made from ${kind}; pass a Float32Array, Float64Array, Float16Array, Uint16Array (float16 bits), Int32Array, Uint8Array (bool) or numbers`;
  throw new DiffusionError('DTYPE_UNSUPPORTED', message, { kind });
}

function isFloat16Array(data: HostData): data is Float16ArrayLike {
  return !Array.isArray(data) && (data as Float16ArrayLike)[Symbol.toStringTag] === 'Float16Array';
}
