// What a handle of this backend is: elements of one type in a part of a GPU buffer. Whether they can be trusted is failures.ts's.

import type { DiffusionError, DType } from '@unnoise/core';

/** Bytes of an element on the GPU, which has no smaller words than 4 bytes; two float16 share one. */
export const ELEMENT_SIZE: Readonly<Record<DType, number>> = { float32: 4, float16: 2, int32: 4, bool: 4 };

/** Room for whole vectors of four, whatever the type; no buffer is empty. */
export const paddedSize = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16);

export class GpuBuffer {
  /** Told apart by identity: each backend accepts only its own buffers. */
  readonly owner: object;
  readonly dtype: DType;
  readonly length: number;
  readonly buffer: GPUBuffer;
  /** Where the elements start, in bytes. */
  readonly offset: number;
  /** Bytes from there that may be read. */
  readonly room: number;
  /** Whether the buffer is the backend's and serves again after release. */
  readonly owned: boolean;
  /** Counts the buffers of a backend; an error spoils all that were made before it. */
  readonly serial: number;
  /** Why the elements are wrong, where an input already was. */
  readonly failure: DiffusionError | undefined;
  released = false;

  constructor(
    fields: Pick<
      GpuBuffer,
      'owner' | 'dtype' | 'length' | 'buffer' | 'offset' | 'room' | 'owned' | 'serial' | 'failure'
    >,
  ) {
    this.owner = fields.owner;
    this.dtype = fields.dtype;
    this.length = fields.length;
    this.buffer = fields.buffer;
    this.offset = fields.offset;
    this.room = fields.room;
    this.owned = fields.owned;
    this.serial = fields.serial;
    this.failure = fields.failure;
  }

  get bytes(): number {
    return this.length * ELEMENT_SIZE[this.dtype];
  }
}
