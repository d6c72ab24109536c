// Which host values can stand for elements of a type without a copy.

import type { DType, TypedArray } from '@unnoise/core';

import { ARRAYS } from './arena.ts';

/** The array that carries elements of this type for the backend; a Float16Array is seen as its bits. Undefined if there is none. */
export function hostArray(native: unknown, dtype: DType): TypedArray | undefined {
  if (native instanceof ARRAYS[dtype]) return native;
  return dtype === 'float16' && isFloat16Array(native)
    ? new Uint16Array(native.buffer, native.byteOffset, native.length)
    : undefined;
}

/** By tag, because engines before 2025 have no such class. */
function isFloat16Array(native: unknown): native is Uint16Array {
  return ArrayBuffer.isView(native) && Object.prototype.toString.call(native) === '[object Float16Array]';
}
