// The instructions of each elementwise operation on vectors of four: which combinations of types can be expressed, and how. A
// vector holds float32 for both float types, and int32 for int32 and bool. Loads, stores and loops are codegen.ts's.

import type { DType, KernelOp } from '@unnoise/core';
import { type Assembler, simd } from '@unnoise/core/wasm';

import { type HalfConstants, narrow, widen } from './half.ts';

export const isFloat = (dtype: DType): boolean => dtype === 'float32' || dtype === 'float16';

const FLOAT_OPS: ReadonlySet<string> = new Set('linear mul div clamp max min exp log sqrt abs'.split(' '));

/**
 * Whether `print` can express the operation on arguments of these types with the interpreter's bits. Arithmetic on whole numbers
 * is not among them, nor is a cast from float to int32: there WebAssembly saturates and JavaScript wraps.
 */
export function canPrint({ fn, dtype }: KernelOp, args: readonly DType[]): boolean {
  if (fn === 'linear' && args.length === 0) return dtype !== 'bool';
  if (FLOAT_OPS.has(fn)) return [dtype, ...args].every(isFloat);
  if (fn === 'cast') return dtype !== 'int32' || !isFloat(args[0]!);
  if (fn === 'eq') return isFloat(args[0]!) === isFloat(args[1]!);
  return fn === 'where' && !isFloat(args[0]!) && [dtype, args[2]!].every((type) => isFloat(type) === isFloat(args[1]!));
}

/** An operation in terms of locals. */
export interface Printed {
  readonly op: KernelOp;
  readonly args: readonly number[];
  readonly types: readonly DType[];
  readonly params: readonly number[];
  /** Where the result goes. */
  readonly result: number;
  /** How many elements of the vectors count. */
  readonly lanes: number;
  readonly half: HalfConstants | undefined;
  /** The index of an imported function. */
  readonly imported: (name: string) => number;
}

const BINARY = { mul: simd.f32x4_mul, div: simd.f32x4_div, max: simd.f32x4_max, min: simd.f32x4_min } as const;

/** Computes an operation into its result local. */
export function print(asm: Assembler, printed: Printed): void {
  const { op, args, params, result } = printed;
  const [a, b, c] = args as [number, number, number];
  switch (op.fn) {
    case 'linear':
      linear(asm, printed);
      break;
    case 'clamp': // the pseudo-minimum and -maximum keep their first operand where it is NaN or an equal zero
      asm.get(a).get(params[0]!).simd(simd.f32x4_pmax).get(params[1]!).simd(simd.f32x4_pmin);
      break;
    case 'sqrt':
      asm.get(a).simd(simd.f32x4_sqrt);
      break;
    case 'abs':
      asm.get(a).simd(simd.f32x4_abs);
      break;
    case 'exp':
    case 'log':
      return perLane(asm, printed);
    case 'eq':
      asm.get(a).get(b);
      toBool(asm, isFloat(printed.types[0]!) ? simd.f32x4_eq : simd.i32x4_eq);
      break;
    case 'where':
      nonZero(asm.get(b).get(c), a).simd(simd.bitselect);
      break;
    case 'cast':
      cast(asm, printed);
      break;
    default:
      asm.get(a).get(b).simd(BINARY[op.fn]);
  }
  asm.set(result);
}

/** ((c1*a1 + c2*a2) + ...) + bias. Without arguments the constant, which for int32 is a whole number. */
function linear(asm: Assembler, { op, args, params }: Printed): void {
  args.forEach((arg, i) => {
    asm.get(params[i]!).get(arg).simd(simd.f32x4_mul);
    if (i > 0) asm.simd(simd.f32x4_add);
  });
  if (params.length > args.length) asm.get(params[args.length]!);
  if (params.length > args.length && args.length > 0) asm.simd(simd.f32x4_add);
  if (op.dtype === 'int32') asm.simd(simd.i32x4_trunc_sat_f32x4_s);
}

/** Calls Math.exp or Math.log for each element, which engines do directly: the same function, so the same bits. */
function perLane(asm: Assembler, { op, args, result, lanes, imported }: Printed): void {
  for (let lane = 0; lane < lanes; lane++) {
    asm.get(result).get(args[0]!).lane(simd.f32x4_extract_lane, lane).promote();
    asm.call(imported(op.fn)).demote().lane(simd.f32x4_replace_lane, lane).set(result);
  }
}

/** What a comparison leaves, all ones or all zeros, as 1 or 0. */
function toBool(asm: Assembler, comparison: number): void {
  asm.simd(comparison).i32(1).simd(simd.i32x4_splat).simd(simd.and);
}

function nonZero(asm: Assembler, local: number): Assembler {
  return asm.get(local).i32(0).simd(simd.i32x4_splat).simd(simd.i32x4_ne);
}

/** A cast to float16 is the one operation, beside stores, that rounds to it. */
function cast(asm: Assembler, { op, args, types, half }: Printed): void {
  asm.get(args[0]!);
  const fromFloat = isFloat(types[0]!);
  if (op.dtype === 'bool') toBool(asm.i32(0).simd(simd.i32x4_splat), fromFloat ? simd.f32x4_ne : simd.i32x4_ne);
  if (!isFloat(op.dtype)) return;
  if (!fromFloat) asm.simd(simd.f32x4_convert_i32x4_s);
  if (op.dtype === 'float16') widen(narrow(asm, half!), half!);
}
