// GPU buffers of other owners: which values are such buffers, and which part of them a tensor takes.

import { DiffusionError, type DType } from '@unnoise/core';

import { ELEMENT_SIZE } from './buffer.ts';

const COPY_SRC = 4;
const STORAGE = 0x80;

export interface Part {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly room: number;
  readonly length: number;
}

/**
 * The part that `native` is: a GPUBuffer, or `{ buffer, offset, size }` in bytes. Undefined for anything else, for a buffer without the
 * usages STORAGE and COPY_SRC, and for an offset that the device cannot bind. Throws SHAPE_MISMATCH where `length` elements do not fit.
 */
export function adoptable(
  native: unknown,
  dtype: DType,
  wanted: number | undefined,
  alignment: number,
): Part | undefined {
  const binding = bindingOf(native);
  if (!binding) return undefined;
  const { buffer, offset = 0, size = buffer.size - offset } = binding;
  if ((buffer.usage & STORAGE) === 0 || (buffer.usage & COPY_SRC) === 0 || offset % alignment !== 0) return undefined;
  const most = Math.floor(size / ELEMENT_SIZE[dtype]);
  const length = wanted ?? most;
  if (length > most) throw tooShort(length, dtype, size);
  return { buffer, offset, room: Math.floor(size / 4) * 4, length };
}

function bindingOf(native: unknown): GPUBufferBinding | undefined {
  if (isGpuBuffer(native)) return { buffer: native };
  const binding = native as Partial<GPUBufferBinding> | null | undefined;
  return typeof binding === 'object' && isGpuBuffer(binding?.buffer) ? (binding as GPUBufferBinding) : undefined;
}

/** By what it can do: Node has no global class, and pages may have several. */
function isGpuBuffer(value: unknown): value is GPUBuffer {
  const buffer = value as Partial<GPUBuffer> | null | undefined;
  return typeof buffer === 'object' && typeof buffer?.mapAsync === 'function' && typeof buffer.usage === 'number';
}

function tooShort(length: number, dtype: DType, size: number): DiffusionError {
  const message = `a GPU buffer of ${size} bytes cannot hold ${length} ${dtype} elements, which take ${length * ELEMENT_SIZE[dtype]}.`;
  return new DiffusionError('SHAPE_MISMATCH', `${message} Adopt a buffer of the tensor's size.`, { length, size });
}
