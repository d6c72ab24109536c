// GPU buffers of released tensors, kept for the next tensor of about that size. Commands of one queue run in order, so a buffer may
// serve again as soon as it is released: what still reads it was submitted before.

const MIB = 1024 * 1024;

/** Kept at most, beside what is in use. */
const LIMIT = 256 * MIB;

/** Four sizes for each power of two, so that at most a fifth is wasted and nearby sizes share. */
export function sizeClass(bytes: number): number {
  if (bytes <= 256) return Math.ceil(bytes / 16) * 16;
  const step = 2 ** (Math.floor(Math.log2(bytes - 1)) - 2);
  return Math.ceil(bytes / step) * step;
}

export class BufferPool {
  readonly #create: (size: number) => GPUBuffer;
  readonly #shelves = new Map<number, GPUBuffer[]>();
  #bytes = 0;

  constructor(create: (size: number) => GPUBuffer) {
    this.#create = create;
  }

  /** Bytes waiting for reuse. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least so many bytes, with whatever content. `most` is the largest that may be made. */
  take(bytes: number, most: number): GPUBuffer {
    const size = Math.min(sizeClass(bytes), most);
    const buffer = this.#shelves.get(size)?.pop();
    if (!buffer) return this.#create(size);
    this.#bytes -= size;
    return buffer;
  }

  /** Keeps a buffer; where the pool would pass its limit, everything kept before is destroyed: those sizes are out of use. */
  give(buffer: GPUBuffer): void {
    const { size } = buffer;
    if (size > LIMIT) return buffer.destroy();
    if (this.#bytes + size > LIMIT) this.clear();
    const shelf = this.#shelves.get(size);
    if (shelf) shelf.push(buffer);
    else this.#shelves.set(size, [buffer]);
    this.#bytes += size;
  }

  clear(): void {
    for (const shelf of this.#shelves.values()) for (const buffer of shelf) buffer.destroy();
    this.#shelves.clear();
    this.#bytes = 0;
  }
}
