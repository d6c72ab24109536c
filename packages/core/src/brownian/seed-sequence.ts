// numpy.random.SeedSequence: hashes integers of any size into a pool of words, and the pool into seeds.

import { DiffusionError } from '../errors.ts';

const { imul } = Math;

/** One pool of hashed entropy. `spawn` gives the sequence of a child, `generate` its seeds. */
export class SeedSequence {
  readonly #pool: Uint32Array;
  /** The running multiplier of the hash: it goes on from one word to the next. */
  #hash: number;

  private constructor(pool: Uint32Array, hash: number) {
    this.#pool = pool;
    this.#hash = hash;
  }

  /** SeedSequence(entropy, pool_size=poolSize). Throws REQUEST_INVALID unless the entropy is a whole number of at least 0. */
  static of(entropy: number | bigint, poolSize: number): SeedSequence {
    const words = wordsOf(checked(entropy));
    const sequence = new SeedSequence(new Uint32Array(poolSize), 0x43b0d7e5);
    const pool = sequence.#pool;
    for (let i = 0; i < poolSize; i++) pool[i] = sequence.#hashed(words[i] ?? 0);
    for (let from = 0; from < poolSize; from++) sequence.#mix((to) => (to === from ? undefined : pool[from]));
    for (const word of words.slice(poolSize)) sequence.#mix(() => word);
    return sequence;
  }

  /** SeedSequence(entropy, spawn_key=key): numpy pads the entropy with zeros to the pool first, which is how `of` fills it. */
  spawn(...key: readonly number[]): SeedSequence {
    const child = new SeedSequence(this.#pool.slice(), this.#hash);
    for (const word of key.flatMap((part) => wordsOf(BigInt(part)))) child.#mix(() => word);
    return child;
  }

  /** generate_state(count): 32-bit seeds. */
  generate(count: number): Uint32Array {
    let hash = 0x8b51f9dd;
    return Uint32Array.from({ length: count }, (_, i) => {
      let value = this.#pool[i % this.#pool.length]! ^ hash;
      hash = imul(hash, 0x58f38ded);
      value = imul(value, hash);
      return value ^ (value >>> 16);
    });
  }

  /** Mixes a word into every cell of the pool for which there is one. */
  #mix(wordFor: (cell: number) => number | undefined): void {
    const pool = this.#pool;
    for (let cell = 0; cell < pool.length; cell++) {
      const word = wordFor(cell);
      if (word === undefined) continue;
      const mixed = imul(0xca01f9dd, pool[cell]!) - imul(0x4973f715, this.#hashed(word));
      pool[cell] = mixed ^ (mixed >>> 16);
    }
  }

  #hashed(word: number): number {
    let value = word ^ this.#hash;
    this.#hash = imul(this.#hash, 0x931e8875);
    value = imul(value, this.#hash);
    return value ^ (value >>> 16);
  }
}

/** 32-bit words, the low one first; 0 is one word. */
function wordsOf(value: bigint): number[] {
  const words = [Number(value & 0xffffffffn)];
  for (let rest = value >> 32n; rest > 0n; rest >>= 32n) words.push(Number(rest & 0xffffffffn));
  return words;
}

function checked(entropy: number | bigint): bigint {
  if (typeof entropy === 'bigint' ? entropy >= 0n : Number.isSafeInteger(entropy) && entropy >= 0)
    return BigInt(entropy);
  throw new DiffusionError(
    'REQUEST_INVALID',
    `The seed of a Brownian path must be a whole number of at least 0, got ${String(entropy)}. Pass a bigint beyond 2^53.`,
    { seed: String(entropy) },
  );
}
