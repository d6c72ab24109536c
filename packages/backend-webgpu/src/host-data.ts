// Host arrays as the bytes of a GPU buffer and back: bool takes 4 bytes there, and transfers are whole words.

import { DiffusionError, type DType, type TypedArray } from '@unnoise/core';

const ARRAYS = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, bool: Uint8Array } as const;

/** What to write: a multiple of 4 bytes. Throws DTYPE_UNSUPPORTED for an array that cannot carry the dtype. */
export function bytesOf(data: TypedArray, dtype: DType): Float32Array | Int32Array | Uint16Array | Uint32Array {
  if (data instanceof Float64Array && dtype === 'float32') return Float32Array.from(data);
  if (!(data instanceof ARRAYS[dtype])) throw wrongArray(data, dtype);
  if (data instanceof Uint8Array) return Uint32Array.from(data, (x) => Number(x !== 0));
  return data instanceof Uint16Array && data.length % 2 === 1 ? evenLength(data) : data;
}

function evenLength(data: Uint16Array): Uint16Array {
  const even = new Uint16Array(data.length + 1);
  even.set(data);
  return even;
}

function wrongArray(data: TypedArray, dtype: DType): DiffusionError {
  const message = `a ${data.constructor.name} cannot hold ${dtype} elements. Pass a ${ARRAYS[dtype].name}.`;
  return new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype });
}

/** The elements in mapped memory, as an array of the caller's. */
export function elementsOf(mapped: ArrayBuffer, dtype: DType, length: number): TypedArray {
  if (dtype === 'bool') return Uint8Array.from(new Uint32Array(mapped, 0, length));
  return new ARRAYS[dtype](mapped, 0, length).slice();
}
