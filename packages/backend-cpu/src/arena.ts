// The backend's own memory: one WebAssembly memory that grows, and a list of its free ranges. Ranges are byte offsets, which
// survive growth; typed arrays over the memory do not, so views are made on demand.

import type { DType, TypedArray } from '@unnoise/core';

const PAGE = 65536;
/** WebAssembly's limit for 32-bit addresses. */
const MAX_PAGES = 65536;
/** A cache line, so that neither vectors nor prefetching straddle two buffers. */
const ALIGNMENT = 64;

/** Bytes of one stored element. */
export const ELEMENT_SIZE: Readonly<Record<DType, number>> = { float32: 4, int32: 4, float16: 2, bool: 1 };

interface Range {
  start: number;
  end: number;
}

/** The array type that carries each element type. */
export const ARRAYS: {
  readonly float32: typeof Float32Array;
  readonly float16: typeof Uint16Array;
  readonly int32: typeof Int32Array;
  readonly bool: typeof Uint8Array;
} = { float32: Float32Array, float16: Uint16Array, int32: Int32Array, bool: Uint8Array };

export class Arena {
  #memory: WebAssembly.Memory | undefined;
  /** Sorted, never touching. The first 64 bytes stay unused: no pointer is 0. */
  readonly #free: Range[] = [{ start: ALIGNMENT, end: PAGE }];
  #used = 0;
  #generation = 0;

  /** Counts growths: a view made in an earlier generation is detached. */
  get generation(): number {
    return this.#generation;
  }

  /** Created when first needed, so that an unused backend costs nothing. */
  get memory(): WebAssembly.Memory {
    return (this.#memory ??= new WebAssembly.Memory({ initial: 1 }));
  }

  /** Bytes handed out and not yet given back. */
  get used(): number {
    return this.#used;
  }

  /** Whether the array lies in this memory. */
  holds(array: TypedArray): boolean {
    return this.#memory !== undefined && array.buffer === this.#memory.buffer;
  }

  /** Bytes of the memory as a whole. */
  get capacity(): number {
    return this.#memory?.buffer.byteLength ?? 0;
  }

  /** The offset of `bytes` bytes, aligned to 64, with whatever content; grows where no free range fits; 0 if it cannot. */
  allocate(bytes: number): number {
    const size = align(bytes);
    const index = this.#free.findIndex(({ start, end }) => end - start >= size);
    if (index < 0) return this.#grow(size) ? this.allocate(bytes) : 0;
    const range = this.#free[index]!;
    const { start } = range;
    range.start += size;
    if (range.start === range.end) this.#free.splice(index, 1);
    this.#used += size;
    return start;
  }

  /** Gives back a range obtained from `allocate` with the same number of bytes. */
  free(start: number, bytes: number): void {
    this.#used -= align(bytes);
    this.#insert({ start, end: start + align(bytes) });
  }

  /** An array over part of the memory, valid until the memory grows. */
  view(dtype: DType, start: number, length: number): TypedArray {
    return new ARRAYS[dtype](this.memory.buffer, start, length);
  }

  #insert(range: Range): void {
    const at = this.#free.findIndex(({ start }) => start > range.start);
    const index = at < 0 ? this.#free.length : at;
    const [before, after] = [this.#free[index - 1], this.#free[index]];
    if (before?.end === range.start) {
      range.start = before.start;
      this.#free.splice(index - 1, 1, range);
    } else this.#free.splice(index, 0, range);
    if (after && range.end === after.start) {
      range.end = after.end;
      this.#free.splice(this.#free.indexOf(after), 1);
    }
  }

  /** Grows by half at least, so that many small requests cost few growths. */
  #grow(bytes: number): boolean {
    const before = this.memory.buffer.byteLength;
    const pages = Math.ceil(bytes / PAGE);
    const roomy = Math.max(pages, Math.ceil(before / PAGE / 2));
    if (!this.#tryGrow(roomy) && !this.#tryGrow(pages)) return false;
    this.#insert({ start: before, end: this.capacity });
    return true;
  }

  #tryGrow(pages: number): boolean {
    if (this.capacity / PAGE + pages > MAX_PAGES) return false;
    try {
      this.memory.grow(pages);
      this.#generation++;
      return true;
    } catch {
      return false;
    }
  }
}

const align = (bytes: number): number => Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
