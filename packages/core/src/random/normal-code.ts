// Prints the two loops of torch's normal numbers as WebAssembly: the recurrence of MT19937, and Box-Muller in float32 with every rounding of
// ./box-muller.ts. Where the code lies and what it is called with is ./normal-wasm.ts's business.

import { Assembler, I32, simd, V128 } from '../wasm/encoder.ts';
import { COS, FOUR_OVER_PI, LN2_HEAD, LN2_TAIL, LOG, PI4, SIN, SQRT_HALF, TWO_PI } from './box-muller.ts';

/** Words of MT19937's state; the next state is written behind it, the words to read behind that. */
export const STATE_WORDS = 624;
const LAG_BYTES = 4 * 397;
export const STATE_BYTES: number = 4 * STATE_WORDS;

/** Four numbers in one local; `doubles` are two locals of two, which hold numbers of float32. */
type Vector = number;
type Doubles = readonly [low: Vector, high: Vector];

/** Expressions on vectors: each result gets a local of its own. */
class Vectors {
  readonly asm: Assembler;

  constructor(asm: Assembler) {
    this.asm = asm;
  }

  #kept(): Vector {
    const local = this.asm.local(V128);
    this.asm.set(local);
    return local;
  }

  #constant(part: ArrayBufferView): Vector {
    const bytes = [...new Uint8Array(part.buffer)];
    while (bytes.length < 16) bytes.push(...bytes);
    this.asm.simd(simd.constant).emit(...bytes);
    return this.#kept();
  }

  readonly int = (value: number): Vector => this.#constant(Int32Array.of(value));
  readonly float = (value: number): Vector => this.#constant(Float32Array.of(value));

  /** The same number in both halves. */
  double(value: number): Doubles {
    const constant = this.#constant(Float64Array.of(value));
    return [constant, constant];
  }

  load(pointer: number, offset: number): Vector {
    this.asm.get(pointer).access(simd.load, offset);
    return this.#kept();
  }

  store(pointer: number, offset: number, vector: Vector): void {
    this.asm.get(pointer).get(vector).access(simd.store, offset);
  }

  /** One instruction on vectors. */
  of(opcode: number, ...args: readonly Vector[]): Vector {
    for (const arg of args) this.asm.get(arg);
    this.asm.simd(opcode);
    return this.#kept();
  }

  shift(opcode: number, vector: Vector, bits: number): Vector {
    this.asm.get(vector).i32(bits).simd(opcode);
    return this.#kept();
  }

  /** The bits of `yes` where those of `mask` are 1, else those of `no`. */
  select(yes: Vector, no: Vector, mask: Vector): Vector {
    return this.of(simd.bitselect, yes, no, mask);
  }

  #shuffled(a: Vector, b: Vector, lanes: readonly number[]): Vector {
    this.asm.get(a).get(b).simd(simd.shuffle);
    this.asm.emit(...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => 4 * lane + byte)));
    return this.#kept();
  }

  widened(vector: Vector): Doubles {
    const high = this.#shuffled(vector, vector, [2, 3, 2, 3]);
    return [this.of(simd.f64x2_promote_low_f32x4, vector), this.of(simd.f64x2_promote_low_f32x4, high)];
  }

  narrowed([low, high]: Doubles): Vector {
    const halves = [low, high].map((half) => this.of(simd.f32x4_demote_f64x2_zero, half)) as [Vector, Vector];
    return this.#shuffled(...halves, [0, 1, 4, 5]);
  }

  /** Rounded to float32. */
  #rounded(doubles: Doubles): Doubles {
    const round = (half: Vector): Vector =>
      this.of(simd.f64x2_promote_low_f32x4, this.of(simd.f32x4_demote_f64x2_zero, half));
    return [round(doubles[0]), round(doubles[1])];
  }

  /** float32 a * b: the product is exact before it is rounded. */
  product(a: Doubles, b: Doubles): Doubles {
    return this.#rounded([this.of(simd.f64x2_mul, a[0], b[0]), this.of(simd.f64x2_mul, a[1], b[1])]);
  }

  /** a * b + c as ./box-muller.ts fuses it. */
  fma(a: Doubles, b: Doubles, c: Doubles): Doubles {
    const sum = (i: 0 | 1): Vector => this.of(simd.f64x2_add, this.of(simd.f64x2_mul, a[i], b[i]), c[i]);
    return this.#rounded([sum(0), sum(1)]);
  }
}

/** run(): from the state at 0 the next state behind it, and behind that its words as they are read. */
export function twistCode(): Assembler {
  const asm = new Assembler(0);
  const [at, left] = [asm.local(I32), asm.local(I32)];
  const v = new Vectors(asm);
  const [upper, matrix] = [v.int(0x80000000), v.int(0x9908b0df)];
  const [maskB, maskC] = [v.int(0x9d2c5680), v.int(0xefc60000)];
  asm.i32(STATE_WORDS / 4).set(left);
  asm.whileAtLeast(left, 1, () => {
    const joined = v.select(v.load(at, 0), v.load(at, 4), upper);
    const odd = v.shift(simd.i32x4_shr_s, v.shift(simd.i32x4_shl, joined, 31), 31);
    const mixed = v.of(simd.xor, v.shift(simd.i32x4_shr_u, joined, 1), v.of(simd.and, odd, matrix));
    const next = v.of(simd.xor, v.load(at, LAG_BYTES), mixed);
    v.store(at, STATE_BYTES, next);
    let y = v.of(simd.xor, next, v.shift(simd.i32x4_shr_u, next, 11));
    y = v.of(simd.xor, y, v.of(simd.and, v.shift(simd.i32x4_shl, y, 7), maskB));
    y = v.of(simd.xor, y, v.of(simd.and, v.shift(simd.i32x4_shl, y, 15), maskC));
    v.store(at, 2 * STATE_BYTES, v.of(simd.xor, y, v.shift(simd.i32x4_shr_u, y, 18)));
    asm.advance(at, 16).advance(left, -1);
  });
  return asm;
}

/** run(at, blocks): blocks of 16 words at `at` become their normals. */
export function boxMullerCode(): Assembler {
  const asm = new Assembler(2);
  const [at, blocks] = [0, 1];
  const v = new Vectors(asm);
  const write = pairWriter(v);
  asm.whileAtLeast(blocks, 1, () => {
    for (const half of [0, 16]) write(at, half);
    asm.advance(at, 64).advance(blocks, -1);
  });
  return asm;
}

/** Four pairs at a time: the words of the radius lie at `half`, those of the angle 32 bytes on. */
function pairWriter(v: Vectors): (at: number, half: number) => void {
  const [radiusOf, circle] = [radiusWriter(v), circleWriter(v)];
  const [low24, zero] = [v.int(0xffffff), v.float(0)];
  return (at, half) => {
    const uniform = (offset: number): Vector => v.of(simd.and, v.load(at, offset), low24);
    const radius = radiusOf(uniform(half));
    const { cos, sin } = circle(uniform(half + 32));
    const scaled = (value: Vector): Vector => v.of(simd.f32x4_add, v.of(simd.f32x4_mul, radius, value), zero);
    v.store(at, half, scaled(cos));
    v.store(at, half + 32, scaled(sin));
  };
}

/** sqrt(-2 log(1 - u)) of u in units of 2^-24. */
function radiusWriter(v: Vectors): (u: Vector) => Vector {
  const { int, float } = v;
  const one24 = int(0x1000000);
  const [bias, unit, fraction, unbiased] = [int(126), int(0x3f000000), int(0x7fffff), int(24)];
  const [sqrtHalf, one, half, minusTwo] = [float(SQRT_HALF), float(1), float(0.5), float(-2)];
  const [head, tail] = [float(LN2_HEAD), float(LN2_TAIL)];
  const [first, ...rest] = LOG.map((coefficient) => v.double(coefficient)) as [Doubles, ...Doubles[]];
  return (u) => {
    const n = v.of(simd.f32x4_convert_i32x4_s, v.of(simd.i32x4_sub, one24, u));
    const mantissa = v.of(simd.or, v.of(simd.and, n, fraction), unit);
    const small = v.of(simd.f32x4_lt, mantissa, sqrtHalf);
    const bits = v.of(simd.i32x4_sub, v.shift(simd.i32x4_shr_u, n, 23), bias);
    const exponent = v.of(simd.i32x4_add, v.of(simd.i32x4_sub, bits, unbiased), small);
    const e = v.of(simd.f32x4_convert_i32x4_s, exponent);
    const m = v.of(simd.f32x4_add, v.of(simd.f32x4_sub, mantissa, one), v.of(simd.and, mantissa, small));
    const z = v.of(simd.f32x4_mul, m, m);
    const wide = v.widened(m);
    const polynomial = rest.reduce((y, coefficient) => v.fma(y, wide, coefficient), first);
    const tailed = v.widened(v.of(simd.f32x4_mul, e, tail));
    const y = v.narrowed(v.fma(v.product(polynomial, wide), v.widened(z), tailed));
    const bent = v.of(simd.f32x4_add, m, v.of(simd.f32x4_sub, y, v.of(simd.f32x4_mul, z, half)));
    const log = v.of(simd.f32x4_add, v.of(simd.f32x4_mul, e, head), bent);
    return v.of(simd.f32x4_sqrt, v.of(simd.f32x4_mul, log, minusTwo));
  };
}

/** Cosine and sine of 2 pi u, u in units of 2^-24. */
function circleWriter(v: Vectors): (u: Vector) => { cos: Vector; sin: Vector } {
  const { int, float } = v;
  const [unit, twoPi, perOctant] = [float(2 ** -24), float(TWO_PI), float(FOUR_OVER_PI)];
  const [head, middle, tail] = PI4;
  const [long, short, minusTail] = [float(head), float(middle), v.double(-tail)];
  const [odd, even, two, four] = [int(1), int(~1), int(2), int(4)];
  const [one, minusHalf] = [float(1), float(-0.5)];
  const chains = [COS, SIN].map((chain) => chain.map((coefficient) => v.double(coefficient)));
  const [cosChain, sinChain] = chains as [Doubles[], Doubles[]];
  return (u) => {
    const theta = v.of(simd.f32x4_mul, twoPi, v.of(simd.f32x4_mul, v.of(simd.f32x4_convert_i32x4_s, u), unit));
    const truncated = v.of(simd.i32x4_trunc_sat_f32x4_s, v.of(simd.f32x4_mul, theta, perOctant));
    const octant = v.of(simd.and, v.of(simd.i32x4_add, truncated, odd), even);
    const o = v.of(simd.f32x4_convert_i32x4_s, octant);
    const less = (rest: Vector, part: Vector): Vector => v.of(simd.f32x4_sub, rest, v.of(simd.f32x4_mul, o, part));
    const wideX = v.fma(v.widened(o), minusTail, v.widened(less(less(theta, long), short)));
    const x = v.narrowed(wideX);
    const z = v.of(simd.f32x4_mul, x, x);
    const wideZ = v.widened(z);
    const chained = ([first, ...rest]: Doubles[]): Doubles =>
      v.product(
        rest.reduce((y, coefficient) => v.fma(y, wideZ, coefficient), first!),
        wideZ,
      );
    const bent = v.widened(v.of(simd.f32x4_mul, z, minusHalf));
    const c = v.of(simd.f32x4_add, v.narrowed(v.fma(chained(cosChain), wideZ, bent)), one);
    const s = v.narrowed(v.fma(chained(sinChain), wideX, wideX));
    const swap = v.shift(simd.i32x4_shr_s, v.shift(simd.i32x4_shl, octant, 30), 31);
    const signOf = (bit: Vector): Vector => v.shift(simd.i32x4_shl, v.of(simd.and, bit, four), 29);
    const below = v.of(simd.xor, v.of(simd.i32x4_sub, octant, two), int(-1));
    return {
      cos: v.of(simd.xor, v.select(s, c, swap), signOf(below)),
      sin: v.of(simd.xor, v.select(c, s, swap), signOf(octant)),
    };
  };
}
