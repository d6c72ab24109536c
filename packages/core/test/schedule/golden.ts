// Reads conformance/golden/tables (made by tools/golden/tables.py from real diffusers) and compares tables bit by bit.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';

/** A table as the recipe writes it: whole, or hashed with samples at the indices `at`. */
export interface GoldenTable {
  readonly dtype: 'float32' | 'float64' | 'int32';
  readonly values: readonly number[];
  readonly length?: number;
  readonly sha256?: string;
  readonly at?: readonly number[];
  /** How the table of upstream as shipped (MKL square roots) differs from this one (IEEE square roots). */
  readonly shipped?: { readonly different: number; readonly largest: number };
}

const FOLDER = new URL('../../../../conformance/golden/tables/', import.meta.url);
const ARRAYS = { float32: Float32Array, float64: Float64Array, int32: Int32Array };

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, FOLDER), 'utf8')) as T;
}

/** Every entry has the same bits. */
export function expectTable(actual: ArrayLike<number>, golden: GoldenTable, label: string): void {
  const typed = ARRAYS[golden.dtype].from(actual);
  expect(typed.length, `${label}: length`).toBe(golden.length ?? golden.values.length);
  expectSamples(typed, golden, label, 0);
  if (golden.sha256) expect(createHash('sha256').update(typed).digest('hex'), `${label}: sha256`).toBe(golden.sha256);
}

/** Every sample is within `ulps` units in the last place of float32. */
export function expectTableWithin(ulps: number, actual: ArrayLike<number>, golden: GoldenTable, label: string): void {
  expect(actual.length, `${label}: length`).toBe(golden.length ?? golden.values.length);
  expectSamples(actual, golden, label, ulps);
}

function expectSamples(actual: ArrayLike<number>, golden: GoldenTable, label: string, ulps: number): void {
  golden.values.forEach((value, i) => {
    const index = golden.at?.[i] ?? i;
    const expected = golden.dtype === 'float32' ? Math.fround(value) : value;
    const found = actual[index]!;
    if (ulps === 0) expect(found, `${label} [${index}]`).toBe(expected);
    else
      expect(ulpDistance(found, expected), `${label} [${index}]: ${found} for ${expected}`).toBeLessThanOrEqual(ulps);
  });
}

/** How many float32 numbers lie between a and b. */
export function ulpDistance(a: number, b: number): number {
  const order = (x: number): number => {
    const bits = new Int32Array(new Float32Array([x]).buffer)[0]!;
    return bits < 0 ? -(bits & 0x7fffffff) : bits;
  };
  return Math.abs(order(a) - order(b));
}

/** float32 noise that the recipe makes too: murmur3's finaliser over an arithmetic sequence, in [-4, 4). */
export function noise(length: number, seed: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => {
    let x = (Math.imul(i, 2654435761) + seed) >>> 0;
    for (const [shift, factor] of [
      [16, 0x85ebca6b],
      [13, 0xc2b2ae35],
      [16, 1],
    ] as const) {
      x = Math.imul(x ^ (x >>> shift), factor) >>> 0;
    }
    return (x / 2 ** 32) * 8 - 4;
  });
}
