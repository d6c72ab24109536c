// torch's CPU generator: MT19937, its uniform, normal and integer draws, and the normal that a short draw leaves
// behind. All numbers equal torch 2.13 on x86 Linux with AVX2 bit for bit; see docs/random-streams.md for the rest.
import { DiffusionError } from '../errors.ts';
import { accelerate, accelerated } from './accelerated.ts';
import { badState, isFloat32, sampleCount, seedBits } from './arguments.ts';
import { BLOCK, boxMuller32, boxMuller64, pair64 } from './box-muller.ts';
import { checkHalf, toHalfBits } from './float16.ts';
import type { HalfDType } from './float16.ts';
import type { HalfGenerator } from './generator.ts';
import { Mt19937 } from './mt19937.ts';
import type { Mt19937State } from './mt19937.ts';

/** Numbers in one draw from which on it pays to compile a kernel for the next. */
const MANY = 4096;

/** What `save` of a torch CPU generator returns. */
export interface TorchGeneratorState {
  readonly stream: 'torch-cpu';
  /** Unsigned 64-bit, in decimal; absent in states of older versions. */
  readonly seed?: string;
  readonly engine: Mt19937State;
  /** The second half of a scalar Box-Muller pair, waiting for the next draw of fewer than 16 normals. */
  readonly cachedNormal: number | null;
}

/** torch.Generator('cpu') after manual_seed. Any draw advances the one stream that all methods share. */
export interface TorchGenerator extends HalfGenerator {
  /** The seed that the stream began with, as torch's initial_seed(): what is seeded by a generator takes it from here. */
  readonly initialSeed: bigint;
  /** Integers in [low, high), as torch.randint of dtype int64. */
  randint(low: number | bigint, high: number | bigint, shape: readonly number[]): BigInt64Array;
  /** A permutation of 0 .. n-1, as torch.randperm. */
  randperm(n: number): Int32Array;
  clone(): TorchGenerator;
  save(): TorchGeneratorState;
  restore(state: unknown): void;
}

/**
 * The stream of `torch.Generator().manual_seed(seed)` on the CPU.
 * @param seed an integer from -2^63 to 2^64 - 1; torch's engine uses its low 32 bits.
 * @throws DiffusionError REQUEST_INVALID for any other seed.
 */
export function torchGenerator(seed: number | bigint): TorchGenerator {
  const bits = seedBits(seed);
  return new TorchStream(bits, new Mt19937(Number(bits & 0xffffffffn)), null);
}

class TorchStream implements TorchGenerator {
  #seed: bigint;
  #engine: Mt19937;
  #cachedNormal: number | null;
  readonly #words: Uint32Array = new Uint32Array(BLOCK);
  readonly #doubles: Float64Array = new Float64Array(BLOCK);

  constructor(seed: bigint, engine: Mt19937, cachedNormal: number | null) {
    this.#seed = seed;
    this.#engine = engine;
    this.#cachedNormal = cachedNormal;
  }

  get initialSeed(): bigint {
    return this.#seed;
  }

  uniform(shape: readonly number[], dtype?: 'float32'): Float32Array;
  uniform(shape: readonly number[], dtype: 'float64'): Float64Array;
  uniform(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    const n = sampleCount(shape);
    return isFloat32(dtype) ? this.#uniform32(n) : this.#uniform64(n);
  }

  normal(shape: readonly number[], dtype?: 'float32'): Float32Array;
  normal(shape: readonly number[], dtype: 'float64'): Float64Array;
  normal(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    return isFloat32(dtype) ? this.#normal32(sampleCount(shape)) : this.#normal64(sampleCount(shape));
  }

  normal16(shape: readonly number[], dtype: HalfDType = 'float16'): Uint16Array {
    checkHalf(dtype);
    const out = new Float32Array(sampleCount(shape));
    if (out.length < BLOCK) this.#scalars(out);
    else this.#blocks32(out, 0); // unlike float32, the tail's redraw follows the last whole block directly
    return toHalfBits(out, dtype);
  }

  randint(low: number | bigint, high: number | bigint, shape: readonly number[]): BigInt64Array {
    const [base, range] = integerRange(low, high);
    const out = new BigInt64Array(sampleCount(shape));
    const wide = range >= 2n ** 28n; // torch 2.13's limit; older releases had 2^32
    for (let i = 0; i < out.length; i++) {
      const word = wide ? this.#engine.uint64() : BigInt(this.#engine.uint32());
      out[i] = base + (word % range);
    }
    return out;
  }

  randperm(n: number): Int32Array {
    const out = Int32Array.from({ length: sampleCount([n]) }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.#engine.uint32() % (n - i));
      const value = out[i]!;
      out[i] = out[j]!;
      out[j] = value;
    }
    return out;
  }

  clone(): TorchGenerator {
    return new TorchStream(this.#seed, Mt19937.from(this.#engine.save()), this.#cachedNormal);
  }

  save(): TorchGeneratorState {
    const seed = String(this.#seed);
    return { stream: 'torch-cpu', seed, engine: this.#engine.save(), cachedNormal: this.#cachedNormal };
  }

  restore(state: unknown): void {
    const { stream, seed, engine, cachedNormal } = (state ?? {}) as Partial<TorchGeneratorState>;
    if (stream !== 'torch-cpu') throw badState('torch CPU', `its stream is ${String(stream)}`);
    if (!Mt19937.isState(engine)) throw badState('torch CPU', 'its engine is not 624 words and a count of used ones');
    if (seed !== undefined && !/^\d{1,20}$/.test(seed)) throw badState('torch CPU', `its seed is ${seed}`);
    if (cachedNormal !== null && !Number.isFinite(cachedNormal)) {
      throw badState('torch CPU', `its cachedNormal is ${String(cachedNormal)}`);
    }
    if (seed !== undefined) this.#seed = seedBits(BigInt(seed));
    this.#engine = Mt19937.from(engine);
    this.#cachedNormal = cachedNormal as number | null;
  }

  #uniform32(n: number): Float32Array {
    const out = new Float32Array(n);
    for (let i = 0; i < n; i++) out[i] = (this.#engine.uint32() & 0xffffff) * 2 ** -24;
    return out;
  }

  #uniform64(n: number): Float64Array {
    const out = new Float64Array(n);
    for (let i = 0; i < n; i++) out[i] = this.#engine.uint53() * 2 ** -53;
    return out;
  }

  #normal32(n: number): Float32Array {
    const out = new Float32Array(n);
    if (n < BLOCK) this.#scalars(out);
    else this.#blocks32(out, n % BLOCK);
    return out;
  }

  #normal64(n: number): Float64Array {
    const out = new Float64Array(n);
    if (n < BLOCK) this.#scalars(out);
    else this.#blocks64(out);
    return out;
  }

  /** Fewer than 16 numbers: one at a time in float64, the second of each pair kept for the next call. */
  #scalars(out: Float32Array | Float64Array): void {
    for (let i = 0; i < out.length; i++) out[i] = this.#scalar();
  }

  #scalar(): number {
    const cached = this.#cachedNormal;
    if (cached !== null) {
      this.#cachedNormal = null;
      return cached;
    }
    const angle = this.#engine.uint53() * 2 ** -53;
    pair64(this.#engine.uint53() * 2 ** -53, angle, this.#doubles);
    this.#cachedNormal = this.#doubles[1]!;
    return this.#doubles[0]!;
  }

  /** Whole blocks in order, then `dropped` words unused, then a fresh block over the last 16 slots if n % 16 > 0. */
  #blocks32(out: Float32Array, dropped: number): void {
    const n = out.length;
    this.#whole32(out.subarray(0, n - (n % BLOCK)));
    if (n % BLOCK === 0) return;
    this.#engine.skip(dropped);
    this.#block32(out, n - BLOCK);
  }

  /** The first large draw asks for the fast way, for those after it. */
  #whole32(out: Float32Array): void {
    if (out.length >= MANY) void accelerate();
    if (accelerated) return accelerated.normals(out, (words) => this.#engine.fill(words));
    for (let i = 0; i < out.length; i += BLOCK) this.#block32(out, i);
  }

  #block32(out: Float32Array, offset: number): void {
    this.#engine.fill(this.#words);
    boxMuller32(this.#words, out, offset);
  }

  #blocks64(out: Float64Array): void {
    const n = out.length;
    for (let i = 0; i + BLOCK <= n; i += BLOCK) this.#block64(out, i);
    if (n % BLOCK === 0) return;
    this.#engine.skip(2 * (n % BLOCK)); // two words make one float64 uniform
    this.#block64(out, n - BLOCK);
  }

  #block64(out: Float64Array, offset: number): void {
    const block = this.#doubles;
    for (let j = 0; j < BLOCK; j++) block[j] = this.#engine.uint53() * 2 ** -53;
    boxMuller64(block);
    out.set(block, offset);
  }
}

/** [low, high - low], checked. */
function integerRange(low: number | bigint, high: number | bigint): [bigint, bigint] {
  const isInt64 = (x: number | bigint): boolean =>
    typeof x === 'bigint' ? BigInt.asIntN(64, x) === x : Number.isSafeInteger(x);
  if (!isInt64(low) || !isInt64(high) || low >= high) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `randint needs integers low < high within 64 bits, got low ${String(low)} and high ${String(high)}. ` +
        'Pass whole numbers, and bigints beyond 2^53.',
      { low: String(low), high: String(high) },
    );
  }
  return [BigInt(low), BigInt(high) - BigInt(low)];
}
