// Single elements of buffers of words, for kernels that move them or work along an axis. Both float types are read as one f32, or as
// the bits that they are.

import type { DType } from '@unnoise/core';

import { NARROW, WIDEN } from './half.ts';

/** Elements that share a word; a thread writes whole words. */
export const perWord = (dtype: DType): number => (dtype === 'float16' ? 2 : 1);

/** `bits<i>(at)`: the bits of an element of input i. */
export function bitsFunction(i: number, dtype: DType): string {
  const bits = dtype === 'float16' ? `(in${i}[at >> 1u] >> ((at & 1u) << 4u)) & 0xffffu` : `in${i}[at]`;
  return `fn bits${i}(at: u32) -> u32 { return ${bits}; }`;
}

export const SCALARS: Readonly<Record<DType, string>> = { float32: 'f32', float16: 'f32', int32: 'i32', bool: 'u32' };

/** `valueOf(bits)` and `bitsOf(value)` for elements of a dtype. */
export function codec(dtype: DType): readonly string[] {
  if (dtype === 'float16')
    return [
      WIDEN,
      NARROW,
      'fn valueOf(bits: u32) -> f32 { return widen(vec4u(bits)).x; }',
      'fn bitsOf(value: f32) -> u32 { return narrow(vec4f(value)).x; }',
    ];
  const type = SCALARS[dtype];
  return [
    `fn valueOf(bits: u32) -> ${type} { return bitcast<${type}>(bits); }`,
    `fn bitsOf(value: ${type}) -> u32 { return bitcast<u32>(value); }`,
  ];
}
