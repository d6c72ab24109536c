// What a handle of this backend is: typed elements in the backend's memory or in an ordinary array. Who may reuse the room
// afterwards is said by `owned`; when, by the backend.

import type { DType, TypedArray } from '@unnoise/core';

import { type Arena, ELEMENT_SIZE } from './arena.ts';

/** Elements of one type, known to the backend as a handle. */
export class CpuBuffer {
  /** Told apart by identity: each backend accepts only its own buffers. */
  readonly owner: object;
  readonly dtype: DType;
  readonly length: number;
  /** Whether the room is the backend's and can serve again after release. */
  owned: boolean;
  released = false;
  /** Byte offset in the backend's memory; 0 for elements in an ordinary array. */
  readonly offset: number;
  readonly #arena: Arena | undefined;
  #array: TypedArray | undefined;
  #generation = 0;

  private constructor(
    owner: object,
    dtype: DType,
    length: number,
    owned: boolean,
    home: Arena | TypedArray,
    offset: number,
  ) {
    this.owner = owner;
    this.dtype = dtype;
    this.length = length;
    this.owned = owned;
    this.offset = offset;
    if (offset > 0) this.#arena = home as Arena;
    else this.#array = home as TypedArray;
  }

  /** Elements in the backend's memory, where kernels work on them in place. */
  static inArena(owner: object, arena: Arena, dtype: DType, length: number, offset: number, owned: boolean): CpuBuffer {
    return new CpuBuffer(owner, dtype, length, owned, arena, offset);
  }

  /** Elements in an ordinary array. */
  static ofArray(owner: object, dtype: DType, array: TypedArray, owned: boolean): CpuBuffer {
    return new CpuBuffer(owner, dtype, array.length, owned, array, 0);
  }

  /** The elements. An array over the backend's memory is valid until that grows: ask again after other work. */
  get array(): TypedArray {
    const arena = this.#arena;
    if (arena && (this.#array === undefined || this.#generation !== arena.generation)) {
      this.#array = arena.view(this.dtype, this.offset, this.length);
      this.#generation = arena.generation;
    }
    return this.#array!;
  }

  get bytes(): number {
    return this.length * ELEMENT_SIZE[this.dtype];
  }
}
