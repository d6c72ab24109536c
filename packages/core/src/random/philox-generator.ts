// torch's CUDA generator: Philox4x32-10 laid out over GPU threads as torch's distribution kernels do it.
// Written from public descriptions and checked against values that torch printed on GPUs; not run against a GPU here.
import { DiffusionError } from '../errors.ts';
import { badState, isFloat32, sampleCount, seedBits } from './arguments.ts';
import { checkHalf, toHalfBits } from './float16.ts';
import type { HalfDType } from './float16.ts';
import type { HalfGenerator } from './generator.ts';
import { philox4x32 } from './philox.ts';

/** The GPU whose launch layout is reproduced. It matters only for draws larger than multiprocessors x threads. */
export interface PhiloxOptions {
  /** Streaming multiprocessors of the GPU; default 108 (A100). */
  readonly multiprocessors?: number;
  /** Resident threads of one multiprocessor; default 2048. */
  readonly maxThreadsPerMultiprocessor?: number;
}

/** What `save` of a Philox generator returns; the offset counts 32-bit words, as torch's does. */
export interface PhiloxState {
  readonly stream: 'torch-cuda';
  /** Unsigned 64-bit, in decimal. */
  readonly seed: string;
  readonly offset: number;
  readonly maxBlocks: number;
}

/** torch.Generator('cuda') after manual_seed. */
export interface PhiloxGenerator extends HalfGenerator {
  /** The seed of the stream, as torch's initial_seed(). */
  readonly initialSeed: bigint;
  clone(): PhiloxGenerator;
  save(): PhiloxState;
  restore(state: unknown): void;
}

/** Threads of one block in torch's distribution kernels. */
const BLOCK_THREADS = 256;
/** A thread's every call to the cipher yields and uses up four words. */
const CALL_WORDS = 4;

/**
 * The stream of `torch.Generator('cuda').manual_seed(seed)`: the same uniforms, and normals to about 1e-6.
 * @param seed an integer from -2^63 to 2^64 - 1; all 64 bits count.
 * @throws DiffusionError REQUEST_INVALID for any other seed, or options that are not positive whole numbers.
 */
export function philoxGenerator(seed: number | bigint, options: PhiloxOptions = {}): PhiloxGenerator {
  const { multiprocessors = 108, maxThreadsPerMultiprocessor = 2048 } = options;
  const maxBlocks = multiprocessors * Math.floor(maxThreadsPerMultiprocessor / BLOCK_THREADS);
  if (![multiprocessors, maxThreadsPerMultiprocessor].every(Number.isSafeInteger) || maxBlocks <= 0) {
    throw new DiffusionError(
      'REQUEST_INVALID',
      `A GPU needs at least 1 multiprocessor of at least 256 threads, got ${multiprocessors} of ` +
        `${maxThreadsPerMultiprocessor}. Take both numbers from torch.cuda.get_device_properties().`,
      { multiprocessors, maxThreadsPerMultiprocessor },
    );
  }
  return new PhiloxStream(seedBits(seed), 0, maxBlocks);
}

/** The number that a thread makes from its four words in one of its output lanes. */
type Lane = (words: Uint32Array, lane: number) => number;

class PhiloxStream implements PhiloxGenerator {
  #seed: bigint;
  #offset: number;
  #maxBlocks: number;

  constructor(seed: bigint, offset: number, maxBlocks: number) {
    this.#seed = seed;
    this.#offset = offset;
    this.#maxBlocks = maxBlocks;
  }

  get initialSeed(): bigint {
    return this.#seed;
  }

  uniform(shape: readonly number[], dtype?: 'float32'): Float32Array;
  uniform(shape: readonly number[], dtype: 'float64'): Float64Array;
  uniform(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    const n = sampleCount(shape);
    return isFloat32(dtype)
      ? this.#draw(new Float32Array(n), 4, uniform32)
      : this.#draw(new Float64Array(n), 2, uniform64);
  }

  normal(shape: readonly number[], dtype?: 'float32'): Float32Array;
  normal(shape: readonly number[], dtype: 'float64'): Float64Array;
  normal(shape: readonly number[], dtype: 'float32' | 'float64' = 'float32'): Float32Array | Float64Array {
    const n = sampleCount(shape);
    return isFloat32(dtype)
      ? this.#draw(new Float32Array(n), 4, normal32)
      : this.#draw(new Float64Array(n), 2, normal64);
  }

  normal16(shape: readonly number[], dtype: HalfDType = 'float16'): Uint16Array {
    checkHalf(dtype);
    return toHalfBits(this.normal(shape), dtype);
  }

  clone(): PhiloxGenerator {
    return new PhiloxStream(this.#seed, this.#offset, this.#maxBlocks);
  }

  save(): PhiloxState {
    return { stream: 'torch-cuda', seed: String(this.#seed), offset: this.#offset, maxBlocks: this.#maxBlocks };
  }

  restore(state: unknown): void {
    const { stream, seed, offset, maxBlocks } = (state ?? {}) as Partial<PhiloxState>;
    const isCount = (value: unknown, unit: number): value is number =>
      Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) % unit === 0;
    if (stream !== 'torch-cuda') throw badState('Philox', `its stream is ${String(stream)}`);
    if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed)) throw badState('Philox', `its seed is ${String(seed)}`);
    if (!isCount(offset, CALL_WORDS)) throw badState('Philox', `its offset is ${String(offset)}, not a multiple of 4`);
    if (!isCount(maxBlocks, 1) || maxBlocks === 0) throw badState('Philox', `its maxBlocks is ${String(maxBlocks)}`);
    this.#seed = seedBits(BigInt(seed));
    this.#offset = offset;
    this.#maxBlocks = maxBlocks;
  }

  /** Thread i writes elements i, i + T, ... of T threads, `lanes` of them for each call to the cipher. */
  #draw<A extends Float32Array | Float64Array>(out: A, lanes: number, value: Lane): A {
    const n = out.length;
    if (n === 0) return out;
    const threads = BLOCK_THREADS * Math.min(Math.ceil(n / BLOCK_THREADS), this.#maxBlocks);
    const key = [Number(this.#seed & 0xffffffffn), Number(this.#seed >> 32n)] as const;
    const calls = Math.ceil(n / (lanes * threads));
    const words = new Uint32Array(CALL_WORDS);
    for (let call = 0; call < calls; call++) {
      const counter = this.#offset / CALL_WORDS + call;
      const start = call * lanes * threads;
      for (let thread = 0; thread < threads && start + thread < n; thread++) {
        philox4x32(counter, Math.floor(counter / 2 ** 32), thread, 0, key[0], key[1], words);
        for (let lane = 0, i = start + thread; lane < lanes && i < n; lane++, i += threads) out[i] = value(words, lane);
      }
    }
    this.#offset += calls * CALL_WORDS;
    return out;
  }
}

const f32 = Math.fround;
const TWO_PI = f32(2 * Math.PI);

/** The centre of one of 2^32 cells of (0, 1]; torch moves the end 1 to 0. */
function uniform32(words: Uint32Array, lane: number): number {
  return f32(f32(words[lane]!) * 2 ** -32 + 2 ** -33) % 1;
}

function uniform64(words: Uint32Array, lane: number): number {
  return (integer53(words, lane) * 2 ** -53 + 2 ** -54) % 1;
}

/** Box-Muller of words (0, 1) and (2, 3); the sine comes first. */
function normal32(words: Uint32Array, lane: number): number {
  const first = lane & ~1;
  const u = f32(f32(words[first]!) * 2 ** -32 + 2 ** -33);
  const angle = f32(f32(words[first + 1]!) * (TWO_PI * 2 ** -32) + TWO_PI * 2 ** -33);
  const radius = f32(Math.sqrt(f32(-2 * f32(Math.log(u)))));
  return f32((lane === first ? f32(Math.sin(angle)) : f32(Math.cos(angle))) * radius);
}

/** Box-Muller of the two 53-bit integers in four words; the sine comes first. */
function normal64(words: Uint32Array, lane: number): number {
  const u = integer53(words, 0) * 2 ** -53 + 2 ** -54;
  const angle = Math.PI * (integer53(words, 1) * 2 ** -52 + 2 ** -53);
  const radius = Math.sqrt(-2 * Math.log(u));
  return radius * (lane === 0 ? Math.sin(angle) : Math.cos(angle));
}

/** low ^ (high << 21) of the word pair `index`. */
function integer53(words: Uint32Array, index: number): number {
  const low = words[2 * index]!;
  const high = words[2 * index + 1]!;
  return (high >>> 11) * 2 ** 32 + ((low ^ (high << 21)) >>> 0);
}
