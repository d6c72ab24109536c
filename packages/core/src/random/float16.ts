// Rounding of float32 to the bits of the two 16-bit float types, to nearest, ties to even. Storage is a Uint16Array.
import { DiffusionError } from '../errors.ts';

/** The 16-bit float types; arrays of them hold the raw bits. */
export type HalfDType = 'float16' | 'bfloat16';

const scratch = new Float32Array(1);
const bitsOf = new Uint32Array(scratch.buffer);

/** Refuses a dtype that is not one of the two; to be called before a draw. */
export function checkHalf(dtype: HalfDType): void {
  if (Object.hasOwn(ROUNDING, dtype)) return;
  throw new DiffusionError(
    'DTYPE_UNSUPPORTED',
    `A 16-bit draw is float16 or bfloat16, not ${dtype}. Pass one of the two.`,
    { dtype },
  );
}

/** The bits of every value of `source`, rounded to `dtype`. */
export function toHalfBits(source: Float32Array, dtype: HalfDType): Uint16Array {
  const round = ROUNDING[dtype];
  const out = new Uint16Array(source.length);
  for (let i = 0; i < out.length; i++) out[i] = round(source[i]!);
  return out;
}

function float16Bits(value: number): number {
  scratch[0] = value;
  const sign = (bitsOf[0]! >>> 16) & 0x8000;
  const magnitude = bitsOf[0]! & 0x7fffffff;
  if (magnitude >= 0x7f800001) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65520 and up round to infinity
  // Below 2^-14 the unit is 2^-24: adding 1/2 shifts the value there, and float32 addition rounds to even.
  if (magnitude < 0x38800000) {
    scratch[0] = Math.abs(value) + 0.5;
    return sign | (bitsOf[0]! - 0x3f000000);
  }
  return sign | (roundedShift(magnitude, 13) - (112 << 10));
}

function bfloat16Bits(value: number): number {
  scratch[0] = value;
  return Number.isNaN(value) ? 0x7fc0 : roundedShift(bitsOf[0]!, 16);
}

const ROUNDING = { float16: float16Bits, bfloat16: bfloat16Bits };

/** bits >> shift, rounded to nearest, ties to even. */
function roundedShift(bits: number, shift: number): number {
  const half = (1 << (shift - 1)) - 1;
  return (bits + half + ((bits >>> shift) & 1)) >>> shift;
}
