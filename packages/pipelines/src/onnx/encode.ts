// Host numbers on their way into ONNX Runtime: the arrays that carry its element types. int64 exists only here.

import { DiffusionError, floatsToHalves } from '@unnoise/core';
import type { OnnxType } from './runtime.ts';

/** Host numbers with a shape; the first dimension is the batch. */
export interface HostArray {
  readonly data: ArrayLike<number>;
  readonly shape: readonly number[];
}

export type OnnxArray = Float32Array | Float64Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;

/** As upstream, a fractional timestep loses its fraction where the model takes whole numbers. */
const ENCODERS: Readonly<Record<OnnxType, (values: ArrayLike<number>) => OnnxArray>> = {
  float32: (values) => (values instanceof Float32Array ? values : Float32Array.from(values)),
  float16: floatsToHalves,
  float64: (values) => Float64Array.from(values),
  int64: (values) => BigInt64Array.from(Array.from(values, (x) => BigInt(Math.trunc(x)))),
  int32: (values) => Int32Array.from(values),
  int8: (values) => Int8Array.from(values),
  uint8: (values) => Uint8Array.from(values),
  bool: (values) => Uint8Array.from(values, (x) => Number(x !== 0)),
};

/** `values` as the array that ONNX Runtime takes for `type`. */
export function encode(values: ArrayLike<number>, type: OnnxType, input: string): OnnxArray {
  const encoder = ENCODERS[type];
  if (encoder) return encoder(values);
  const known = Object.keys(ENCODERS).join(', ');
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `The model's input "${input}" is of type ${type}; numbers can be given as ${known}.`,
    {
      input,
      type,
    },
  );
}

/** True for a size that the graph leaves open: a name, an empty string or a number that is not positive. */
export function isFree(size: number | string | undefined): boolean {
  return !(typeof size === 'number' && size > 0);
}

export function shapeText(shape: readonly (number | string)[]): string {
  return `[${shape.map((size) => (isFree(size) ? size || '?' : size)).join(', ')}]`;
}
