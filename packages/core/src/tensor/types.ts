// The element types of tensors and the host arrays that carry them.

/** Storage types. Kernels compute in float32 whatever a float is stored as; int64 exists only at the pipelines' edge. */
export type DType = 'float32' | 'float16' | 'int32' | 'bool';

/** Host arrays: float32 ↔ Float32Array (Float64Array on the reference backend), float16 ↔ Uint16Array of bits, int32 ↔ Int32Array, bool ↔ Uint8Array of 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Uint16Array | Int32Array | Uint8Array;

export type Shape = readonly number[];
