// Instructions that turn four float16 values into float32 and back, exactly and with rounding to nearest even: there is no such
// instruction in WebAssembly. Only code generation; host-side conversion is core's.

import { type Assembler, simd, V128 } from '@unnoise/core/wasm';

/** Bit patterns used below, each broadcast into a local before the loops. */
const PATTERNS = {
  halfMagnitude: 0x7fff,
  halfSign: 0x8000,
  halfInfinity: 0x7c00,
  halfQuiet: 0x0200,
  /** float32: exponent field all ones, the magnitude bits, 2^112, 0.5 and 2^-14, the smallest normal float16. */
  infinity: 0x7f800000,
  magnitude: 0x7fffffff,
  scale: 0x77800000,
  one: 1,
  oneHalf: 0x3f000000,
  smallestNormal: 0x38800000,
  /** 65520, from which float16 rounds to infinity. */
  overflow: 0x477ff000,
  /** float16 infinity's bits shifted to where float32 keeps its exponent. */
  shiftedInfinity: 0x0f800000,
  /** Moves the exponent bias from 127 to 15 and adds just under half a unit of the last float16 place. */
  rebias: 0xc8000fff,
} as const;

type Pattern = keyof typeof PATTERNS;

/** Locals that the conversions use: broadcast constants and three scratch vectors. */
export class HalfConstants {
  readonly scratch: number;
  readonly result: number;
  readonly finite: number;
  readonly #locals: ReadonlyMap<Pattern, number>;

  constructor(asm: Assembler) {
    this.scratch = asm.local(V128);
    this.result = asm.local(V128);
    this.finite = asm.local(V128);
    this.#locals = new Map(
      Object.entries(PATTERNS).map(([name, bits]) => {
        const local = asm.local(V128);
        asm.i32(bits).simd(simd.i32x4_splat).set(local);
        return [name as Pattern, local];
      }),
    );
  }

  get(pattern: Pattern): number {
    return this.#locals.get(pattern)!;
  }
}

/** The low four of eight float16 on the stack become four float32. Multiplying by 2^112 moves the exponent bias, subnormals included. */
export function widen(asm: Assembler, half: HalfConstants): Assembler {
  const { scratch: bits, result: shifted } = half;
  asm.simd(simd.i32x4_extend_low_i16x8_u).tee(bits);
  asm.get(half.get('halfMagnitude')).simd(simd.and).i32(13).simd(simd.i32x4_shl).tee(shifted);
  asm.get(half.get('scale')).simd(simd.f32x4_mul);
  asm.get(shifted).get(half.get('shiftedInfinity')).simd(simd.i32x4_ge_s); // infinity or NaN: the exponent field is all ones
  asm.get(half.get('infinity')).simd(simd.and).simd(simd.or);
  asm.get(bits).get(half.get('halfSign')).simd(simd.and).i32(16).simd(simd.i32x4_shl);
  return asm.simd(simd.or);
}

/** Four float32 on the stack become eight float16, of which the low four count. */
export function narrow(asm: Assembler, half: HalfConstants): Assembler {
  const { scratch: magnitude, result: bits } = half;
  asm.tee(bits).get(half.get('magnitude')).simd(simd.and).set(magnitude);
  subnormal(asm, half, magnitude);
  normal(asm, half, magnitude);
  asm.get(half.get('smallestNormal')).get(magnitude).simd(simd.i32x4_gt_s).simd(simd.bitselect);
  special(asm, half, magnitude);
  asm.get(bits).i32(16).simd(simd.i32x4_shr_u).get(half.get('halfSign')).simd(simd.and).simd(simd.or);
  return asm.get(magnitude).simd(simd.i16x8_narrow_i32x4_u);
}

/** Adding 0.5 lets the float32 adder round at float16's smallest unit, 2^-24. */
function subnormal(asm: Assembler, half: HalfConstants, magnitude: number): void {
  asm.get(magnitude).get(half.get('oneHalf')).simd(simd.f32x4_add).get(half.get('oneHalf')).simd(simd.i32x4_sub);
}

/** Adds half a unit (a little less where the last kept bit is even), so the bits that fall off have rounded the rest. */
function normal(asm: Assembler, half: HalfConstants, magnitude: number): void {
  asm.get(magnitude).i32(13).simd(simd.i32x4_shr_u).get(half.get('one')).simd(simd.and);
  asm.get(magnitude).simd(simd.i32x4_add).get(half.get('rebias')).simd(simd.i32x4_add).i32(13).simd(simd.i32x4_shr_u);
}

/** What overflows becomes infinity, and NaN a quiet NaN. */
function special(asm: Assembler, half: HalfConstants, magnitude: number): void {
  const { finite } = half;
  asm
    .set(finite)
    .get(magnitude)
    .get(half.get('infinity'))
    .simd(simd.i32x4_gt_s)
    .get(half.get('halfQuiet'))
    .simd(simd.and);
  asm.get(half.get('halfInfinity')).simd(simd.or).get(finite);
  asm.get(magnitude).get(half.get('overflow')).simd(simd.i32x4_ge_s).simd(simd.bitselect);
}
