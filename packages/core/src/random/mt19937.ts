// The Mersenne Twister MT19937 as torch seeds and reads it: 32-bit words, 53-bit and 64-bit integers. No distributions.
// Source: Matsumoto and Nishimura, "Mersenne Twister", 1998; the seeding is their revision of 2002.

import { accelerated } from './accelerated.ts';

const SIZE = 624;
const LAG = 397;
const MATRIX = 0x9908b0df | 0;
const UPPER = 0x80000000 | 0;
const LOWER = 0x7fffffff;

/** The engine's whole state: 624 unsigned words and how many of them are used up. */
export interface Mt19937State {
  readonly words: readonly number[];
  readonly used: number;
}

/** One engine. `state` is what the recurrence needs; `output` holds the same words tempered, ready to be read. */
export class Mt19937 {
  readonly #state: Int32Array = new Int32Array(SIZE);
  readonly #output: Uint32Array = new Uint32Array(SIZE);
  #used = SIZE;

  /** Only the low 32 bits of torch's 64-bit seed reach the engine. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let j = 1; j < SIZE; j++) {
      const last = state[j - 1]!;
      state[j] = Math.imul(1812433253, last ^ (last >>> 30)) + j;
    }
  }

  static from({ words, used }: Mt19937State): Mt19937 {
    const engine = new Mt19937(0);
    engine.#state.set(words);
    engine.#used = used;
    engine.#temper();
    return engine;
  }

  /** True when `value` is a state that `from` can continue. */
  static isState(value: unknown): value is Mt19937State {
    const { words, used } = (value ?? {}) as Partial<Mt19937State>;
    const isWord = (word: unknown): boolean => Number.isInteger(word) && (word as number) >>> 0 === word;
    return Array.isArray(words) && words.length === SIZE && words.every(isWord) && isWord(used) && used! <= SIZE;
  }

  save(): Mt19937State {
    return { words: Array.from(this.#state, (word) => word >>> 0), used: this.#used };
  }

  uint32(): number {
    if (this.#used === SIZE) this.#twist();
    return this.#output[this.#used++]!;
  }

  /** Two words, the first one high. */
  uint64(): bigint {
    const high = this.uint32();
    return (BigInt(high) << 32n) | BigInt(this.uint32());
  }

  /** The low 53 bits of `uint64`, as a number. */
  uint53(): number {
    const high = this.uint32() & 0x1fffff;
    return high * 2 ** 32 + this.uint32();
  }

  /** The next `target.length` words. */
  fill(target: Uint32Array): void {
    const output = this.#output;
    for (let done = 0; done < target.length; ) {
      if (this.#used === SIZE) this.#twist();
      const used = this.#used;
      const count = Math.min(target.length - done, SIZE - used);
      target.set(output.subarray(used, used + count), done);
      this.#used = used + count;
      done += count;
    }
  }

  skip(count: number): void {
    for (let i = 0; i < count; i++) this.uint32();
  }

  #twist(): void {
    const state = this.#state;
    this.#used = 0;
    if (accelerated) return accelerated.twist(state, this.#output);
    for (let i = 0; i < SIZE - LAG; i++) state[i] = state[i + LAG]! ^ mixed(state[i]!, state[i + 1]!);
    for (let i = SIZE - LAG; i < SIZE - 1; i++) state[i] = state[i + LAG - SIZE]! ^ mixed(state[i]!, state[i + 1]!);
    state[SIZE - 1] = state[LAG - 1]! ^ mixed(state[SIZE - 1]!, state[0]!);
    this.#temper();
  }

  #temper(): void {
    const output = this.#output;
    for (let i = 0; i < SIZE; i++) {
      let y = this.#state[i]!;
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      output[i] = y ^ (y >>> 18);
    }
  }
}

/** The top bit of one word joined to the rest of the next, times the twist matrix. */
function mixed(word: number, next: number): number {
  const y = (word & UPPER) | (next & LOWER);
  return (y >>> 1) ^ (-(y & 1) & MATRIX);
}
