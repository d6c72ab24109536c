// Elements on their way between typed arrays and ORT tensors, without a copy. float16 is bits in a Uint16Array for us; newer
// platforms and ORT may show the same memory as a Float16Array.

import { DiffusionError, type DType, type TypedArray } from '@unnoise/core';

import type { OrtRuntime, OrtTensor } from './runtime.ts';

/** The array that carries each element type. */
export const ARRAYS: {
  readonly float32: typeof Float32Array;
  readonly float16: typeof Uint16Array;
  readonly int32: typeof Int32Array;
  readonly bool: typeof Uint8Array;
} = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, bool: Uint8Array };

/** Whether a value looks like an ORT tensor, of whichever copy of the runtime. */
export function isOrtTensor(value: unknown): value is OrtTensor {
  if (typeof value !== 'object' || value === null) return false;
  const { type, dims, location } = value as Partial<OrtTensor>;
  return typeof type === 'string' && Array.isArray(dims) && typeof location === 'string';
}

/** Elements of an ORT tensor, as `takeOrt` hands them to a backend: with what to call when the handle is let go. */
export interface OrtPart {
  readonly tensor: OrtTensor;
  /** Where they begin, in elements. */
  readonly offset: number;
  readonly length: number;
  readonly release: () => void;
}

/** An ORT tensor itself, or a part of one, as a part; undefined for anything else. */
export function partOf(native: unknown): (Omit<OrtPart, 'release'> & Partial<OrtPart>) | undefined {
  if (isOrtTensor(native)) return { tensor: native, offset: 0, length: sizeOf(native) };
  const part = native as OrtPart | null | undefined;
  return typeof part === 'object' && isOrtTensor(part?.tensor) ? part : undefined;
}

export const sizeOf = ({ dims }: OrtTensor): number => dims.reduce((a, b) => a * b, 1);

export const isOnHost = ({ location }: OrtTensor): boolean => location === 'cpu' || location === 'cpu-pinned';

/** The elements of a tensor on the host, as we carry their type; undefined for a type that is none of ours. */
export function hostElements(tensor: OrtTensor, dtype: DType): TypedArray | undefined {
  if (tensor.type !== dtype) return undefined;
  const { data } = tensor;
  return data instanceof ARRAYS[dtype] ? data : dtype === 'float16' ? bitsOf(data) : undefined;
}

/** A Float16Array, known by its tag because engines before 2025 have no such class, as its bits. */
export function bitsOf(data: unknown): Uint16Array | undefined {
  if (!ArrayBuffer.isView(data) || Object.prototype.toString.call(data) !== '[object Float16Array]') return undefined;
  return new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
}

/** Which field holds the elements of a tensor on a device. */
const RESOURCE: Readonly<Record<string, string>> = {
  'gpu-buffer': 'gpuBuffer',
  'ml-tensor': 'mlTensor',
  texture: 'texture',
};

/** The same elements in another shape. ORT's own reshape() refuses tensors that a session left on a device; these stay the owners. */
export function reshaped(tensor: OrtTensor, dims: readonly number[]): OrtTensor {
  const { location, type } = tensor;
  const field = RESOURCE[location];
  if (!field) return tensor.reshape(dims);
  const Tensor = tensor.constructor as new (parts: object) => OrtTensor;
  return new Tensor({ location, type, dims, [field]: (tensor as unknown as Record<string, unknown>)[field] });
}

/** An ORT tensor over `array`, or for int64 over whole numbers. */
export function ortTensor(
  runtime: OrtRuntime,
  type: DType | 'int64',
  array: TypedArray | BigInt64Array,
  dims: readonly number[] = [array.length],
): OrtTensor {
  useHalfBits(runtime);
  return new runtime.Tensor(type as never, array as never, dims);
}

/** DISPOSED for a tensor whose elements are gone. */
export function checkAlive({ location, type, dims }: OrtTensor): void {
  if (location !== 'none') return;
  const message = `an ORT tensor (${type} [${dims.join(', ')}]) was adopted after its dispose(). Dispose it when its last user is done.`;
  throw new DiffusionError('DISPOSED', message, { type, dims });
}

const settled = new WeakSet<object>();
type Platform = { Float16Array?: unknown; process?: { versions?: { node?: string } } };

/**
 * onnxruntime-node 1.30 cannot read a Float16Array, but makes its tensors of that type where the platform has it (Node 24). It
 * picks its array types with its first tensor, so in Node one is made while Float16Array is out of sight. Browsers need nothing.
 */
export function useHalfBits(runtime: OrtRuntime): void {
  if (settled.has(runtime.Tensor)) return;
  settled.add(runtime.Tensor);
  const platform = globalThis as Platform;
  const { Float16Array } = platform;
  if (!platform.process?.versions?.node || !Float16Array) return;
  delete platform.Float16Array;
  try {
    new runtime.Tensor('float32' as never, new Float32Array(1) as never, [1]).dispose();
  } finally {
    Object.defineProperty(platform, 'Float16Array', { value: Float16Array, writable: true, configurable: true });
  }
}
