// What a scheduler gave against what upstream gave: tensors within the case's bound, tables to the bit.

import type { DType, ErrorCode } from '@unnoise/core';
import { numbersOf } from '../backend/values.ts';
import type { Check } from '../check.ts';
import type { GoldenSteps, GoldenTable } from '../golden/format.ts';
import type { GoldenTensor } from '../golden/safetensors.ts';
import type { GoldenTensors } from '../golden/source.ts';
import { HALF_STEP, STEP, WIDE_TIMESTEP, largest, noted, ulp } from '../tolerances.ts';
import type { Seen } from './drive.ts';

/** The dtype that an array of host data stands for. */
function dtypeOf({ data }: GoldenTensor): DType {
  if (data instanceof Uint16Array) return 'float16';
  if (data instanceof Int32Array) return 'int32';
  return data instanceof Uint8Array ? 'bool' : 'float32';
}

/** As upstream's tensor: shape and dtype, floats within an absolute `bound`, whole numbers exactly. */
export function near(check: Check, actual: Seen, expected: GoldenTensor, bound: number, what: string): void {
  const dtype = dtypeOf(expected);
  check.equal(actual.shape, expected.shape, `the shape of ${what}`);
  check.equal(actual.dtype, dtype, `the dtype of ${what}`);
  const isFloat = dtype === 'float32' || dtype === 'float16';
  check.close(actual.values, numbersOf(expected.data, dtype), isFloat ? bound : 0, what);
}

/** The largest absolute value of a recorded tensor; 0 if there is none. */
export function sizeIn(tensors: GoldenTensors, name: string): number {
  const found = tensors.get(name);
  return found ? largest(numbersOf(found.data, dtypeOf(found))) : 0;
}

/** What the case says of its numbers. */
export type Judged = Pick<GoldenSteps, 'dtype' | 'tolerance_note'>;

/** The absolute bound of one tensor of a step. */
export function stepBound({ dtype, tolerance_note }: Judged, tensors: GoldenTensors, name: string): number {
  return ((dtype === 'float16' ? HALF_STEP : STEP) + noted(tolerance_note?.[name])) * sizeIn(tensors, name);
}

/** Noising adds two terms; in float16 upstream rounds coefficients, products and sum, so the bound is that of the terms: none is larger than what is added here. */
export function noisingBound({ dtype, tolerance_note }: Judged, tensors: GoldenTensors): number {
  const terms = sizeIn(tensors, 'original') + sizeIn(tensors, 'noise') + sizeIn(tensors, 'result');
  const own = dtype === 'float16' ? HALF_STEP * terms : STEP * sizeIn(tensors, 'result');
  return own + noted(tolerance_note?.['result']) * sizeIn(tensors, 'result');
}

/**
 * Bit for bit, all float32 numbers; of long tables the ends and the hash. Numbers that float32 cannot hold are upstream's float64 timesteps:
 * they have a bound, and no hash.
 */
export async function sameTable(
  check: Check,
  actual: ArrayLike<number> | undefined,
  expected: GoldenTable,
  what: string,
): Promise<void> {
  if (!actual) return check.ok(false, `there are no ${what}.`);
  const numbers = Float64Array.from(actual);
  if (Array.isArray(expected)) return sameNumbers(check, numbers, expected as readonly number[], what);
  const { length, head, tail, sha256 } = expected as Exclude<GoldenTable, readonly number[]>;
  check.equal(numbers.length, length, `the number of ${what}`);
  sameNumbers(check, numbers.subarray(0, head.length), head, `the first ${what}`);
  sameNumbers(check, numbers.subarray(-tail.length), tail, `the last ${what}`);
  if (![...head, ...tail].some(isWide)) check.equal(await hash(numbers), sha256, `the SHA-256 of all ${what}`);
}

const isWide = (x: number): boolean => Number.isFinite(x) && x !== Math.fround(x);

function sameNumbers(check: Check, actual: Float64Array, expected: readonly number[], what: string): void {
  check.close(
    actual,
    expected,
    expected.map((x) => (isWide(x) ? WIDE_TIMESTEP : 0)),
    what,
  );
}

/** Numbers that upstream computes in float32: at most one unit in the last place away. */
export function withinUlp(check: Check, actual: number, expected: number, what: string): void {
  check.close([actual], [expected], ulp(expected), what);
}

async function hash(numbers: Float64Array): Promise<string> {
  const view = new DataView(new ArrayBuffer(numbers.byteLength));
  numbers.forEach((x, i) => view.setFloat64(8 * i, x, true));
  const digest = await crypto.subtle.digest('SHA-256', view);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What an error is, for messages. */
export function described(error: unknown): string {
  const { code, message } = error as { code?: ErrorCode; message?: string };
  return code ? `${code}: ${message}` : String(error);
}
