// Arrays of released results, kept for the next result of the same size: a new array costs as much as the kernel that fills it,
// because it is zeroed first. Only arrays that nobody else has seen come here.

import type { DType, TypedArray } from '@unnoise/core';

import { ARRAYS } from './arena.ts';

/** One latent of 16 million elements, or some hundred of the usual size. */
const LIMIT = 64 * 1024 * 1024;

export class ArrayPool {
  readonly #shelves = new Map<string, TypedArray[]>();
  #bytes = 0;

  /** Bytes waiting for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  /** An array whose content is whatever was there. */
  take(dtype: DType, length: number): TypedArray {
    const array = this.#shelves.get(`${dtype} ${length}`)?.pop();
    if (!array) return new ARRAYS[dtype](length);
    this.#bytes -= array.byteLength;
    return array;
  }

  /** Keeps an array; where the pool would pass its limit, everything kept before is dropped instead: those sizes are out of use. */
  give(dtype: DType, array: TypedArray): void {
    if (array.byteLength > LIMIT) return;
    if (this.#bytes + array.byteLength > LIMIT) this.clear();
    const key = `${dtype} ${array.length}`;
    const shelf = this.#shelves.get(key);
    if (shelf) shelf.push(array);
    else this.#shelves.set(key, [array]);
    this.#bytes += array.byteLength;
  }

  clear(): void {
    this.#shelves.clear();
    this.#bytes = 0;
  }
}
