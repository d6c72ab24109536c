// Writes WebAssembly by hand: an assembler for one function body and the module around it. It knows byte formats only; what the
// function computes is its callers' business. Numbers are those of the WebAssembly core specification, section "Binary Format".

/** Value types of locals. */
export const I32 = 0x7f;
export const V128 = 0x7b;
const F64 = 0x7c;

/** Opcodes after the SIMD prefix 0xfd, named as in the specification. */
export const simd = {
  load: 0x00,
  load8_splat: 0x07,
  load16_splat: 0x08,
  load32_splat: 0x09,
  store: 0x0b,
  constant: 0x0c,
  shuffle: 0x0d,
  i32x4_splat: 0x11,
  f32x4_extract_lane: 0x1f,
  f32x4_replace_lane: 0x20,
  i32x4_eq: 0x37,
  i32x4_ne: 0x38,
  i32x4_gt_s: 0x3b,
  i32x4_ge_s: 0x3f,
  f32x4_eq: 0x41,
  f32x4_ne: 0x42,
  f32x4_lt: 0x43,
  and: 0x4e,
  or: 0x50,
  xor: 0x51,
  bitselect: 0x52,
  store8_lane: 0x58,
  store16_lane: 0x59,
  store32_lane: 0x5a,
  store64_lane: 0x5b,
  load32_zero: 0x5c,
  load64_zero: 0x5d,
  f32x4_demote_f64x2_zero: 0x5e,
  f64x2_promote_low_f32x4: 0x5f,
  i8x16_narrow_i16x8_u: 0x66,
  i16x8_narrow_i32x4_u: 0x86,
  i16x8_extend_low_i8x16_u: 0x89,
  i32x4_extend_low_i16x8_u: 0xa9,
  i32x4_shl: 0xab,
  i32x4_shr_s: 0xac,
  i32x4_shr_u: 0xad,
  i32x4_add: 0xae,
  i32x4_sub: 0xb1,
  f32x4_abs: 0xe0,
  f32x4_sqrt: 0xe3,
  f32x4_add: 0xe4,
  f32x4_sub: 0xe5,
  f32x4_mul: 0xe6,
  f32x4_div: 0xe7,
  f32x4_min: 0xe8,
  f32x4_max: 0xe9,
  f32x4_pmin: 0xea,
  f32x4_pmax: 0xeb,
  f64x2_add: 0xf0,
  f64x2_mul: 0xf2,
  i32x4_trunc_sat_f32x4_s: 0xf8,
  f32x4_convert_i32x4_s: 0xfa,
} as const;

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** Signed LEB128 of a 32-bit integer. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -0x40 || value > 0x3f; value >>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value & 0x7f];
}

/** Collects the instructions of one function; each method appends one instruction and returns the assembler. */
export class Assembler {
  readonly code: number[] = [];
  readonly locals: number[] = [];
  readonly #parameters: number;

  constructor(parameters: number) {
    this.#parameters = parameters;
  }

  /** A new local variable of the given type. */
  local(type: number): number {
    return this.#parameters + this.locals.push(type) - 1;
  }

  emit(...bytes: number[]): this {
    this.code.push(...bytes);
    return this;
  }

  get(local: number): this {
    return this.emit(0x20, ...unsigned(local));
  }

  set(local: number): this {
    return this.emit(0x21, ...unsigned(local));
  }

  tee(local: number): this {
    return this.emit(0x22, ...unsigned(local));
  }

  i32(value: number): this {
    return this.emit(0x41, ...signed(value | 0));
  }

  i32Load(offset: number): this {
    return this.emit(0x28, 0, ...unsigned(offset));
  }

  /** local += value */
  advance(local: number, value: number): this {
    return this.get(local).i32(value).emit(0x6a).set(local);
  }

  /** A SIMD instruction; memory instructions take an offset, those on a part of a vector also a lane. */
  simd(opcode: number): this {
    return this.emit(0xfd, ...unsigned(opcode));
  }

  lane(opcode: number, lane: number): this {
    return this.simd(opcode).emit(lane);
  }

  access(opcode: number, offset: number): this {
    return this.simd(opcode).emit(0, ...unsigned(offset));
  }

  accessLane0(opcode: number, offset: number): this {
    return this.access(opcode, offset).emit(0);
  }

  call(index: number): this {
    return this.emit(0x10, ...unsigned(index));
  }

  /** float32 to float64. */
  promote(): this {
    return this.emit(0xbb);
  }

  /** float64 to float32, rounded to nearest. */
  demote(): this {
    return this.emit(0xb6);
  }

  /** Repeats `body` while local >= least (unsigned). */
  whileAtLeast(local: number, least: number, body: () => void): this {
    this.emit(0x02, 0x40, 0x03, 0x40); // block, loop
    this.get(local).i32(least).emit(0x49, 0x0d, 1); // i32.lt_u, br_if out of the block
    body();
    return this.emit(0x0c, 0, 0x0b, 0x0b); // br to the loop, end, end
  }
}

/** The magic number and version 1. */
const MAGIC = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const section = (id: number, content: readonly number[]): number[] => [id, ...unsigned(content.length), ...content];
const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];

/** Limits of an imported memory: at least one page; a shared one names its maximum too, and any up to 4 GiB will do. */
const UNSHARED = [0x00, 1];
const SHARED = [0x03, 1, ...unsigned(65536)];

/**
 * A module that imports `env.memory` and functions of one float64 from `env`, numbered from 0, and exports `run`, whose
 * parameters are all i32.
 */
export function encodeModule(
  parameters: number,
  body: Assembler,
  functions: readonly string[],
  shared: boolean,
): Uint8Array<ArrayBuffer> {
  const run = [0x60, parameters, ...Array<number>(parameters).fill(I32), 0];
  const unary = [0x60, 1, F64, 1, F64];
  const memory = [...name('env'), ...name('memory'), 0x02, ...(shared ? SHARED : UNSHARED)];
  const imports = functions.flatMap((text) => [...name('env'), ...name(text), 0x00, 1]);
  const locals = [...unsigned(body.locals.length), ...body.locals.flatMap((local) => [1, local])];
  const code = [...locals, ...body.code, 0x0b];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, [2, ...run, ...unary]),
    ...section(2, [1 + functions.length, ...memory, ...imports]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0x00, functions.length]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
