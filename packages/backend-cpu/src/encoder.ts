// Writes WebAssembly by hand: an assembler for one function body and the module around it. It knows byte formats only; what the
// function computes is codegen.ts's business. Numbers are those of the WebAssembly core specification, section "Binary Format".

/** Value types of locals. */
export const I32 = 0x7f;
export const V128 = 0x7b;

/** Opcodes after the SIMD prefix 0xfd, named as in the specification. */
export const simd = {
  load: 0x00,
  load16_splat: 0x08,
  load32_splat: 0x09,
  store: 0x0b,
  i32x4_splat: 0x11,
  bitselect: 0x52,
  and: 0x4e,
  or: 0x50,
  store16_lane: 0x59,
  store32_lane: 0x5a,
  store64_lane: 0x5b,
  load64_zero: 0x5d,
  i16x8_narrow_i32x4_u: 0x86,
  i32x4_extend_low_i16x8_u: 0xa9,
  i32x4_gt_s: 0x3b,
  i32x4_ge_s: 0x3f,
  i32x4_lt_s: 0x39,
  i32x4_shl: 0xab,
  i32x4_shr_u: 0xad,
  i32x4_add: 0xae,
  i32x4_sub: 0xb1,
  f32x4_abs: 0xe0,
  f32x4_sqrt: 0xe3,
  f32x4_add: 0xe4,
  f32x4_mul: 0xe6,
  f32x4_div: 0xe7,
  f32x4_min: 0xe8,
  f32x4_max: 0xe9,
  f32x4_pmin: 0xea,
  f32x4_pmax: 0xeb,
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

  access(opcode: number, offset: number): this {
    return this.simd(opcode).emit(0, ...unsigned(offset));
  }

  accessLane0(opcode: number, offset: number): this {
    return this.access(opcode, offset).emit(0);
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

/** A module that imports the memory `env.memory` and exports the function `run`, whose parameters are all i32. */
export function encodeModule(parameters: number, body: Assembler): Uint8Array<ArrayBuffer> {
  const type = [1, 0x60, parameters, ...Array<number>(parameters).fill(I32), 0];
  const locals = [...unsigned(body.locals.length), ...body.locals.flatMap((local) => [1, local])];
  const code = [...locals, ...body.code, 0x0b];
  return Uint8Array.from([
    ...MAGIC,
    ...section(1, type),
    ...section(2, [1, ...name('env'), ...name('memory'), 0x02, 0x00, 0x01]),
    ...section(3, [1, 0]),
    ...section(7, [1, ...name('run'), 0x00, 0]),
    ...section(10, [1, ...unsigned(code.length), ...code]),
  ]);
}
