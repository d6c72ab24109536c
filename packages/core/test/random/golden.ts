// Reads conformance/golden/rng, what real torch and diffusers produced (tools/golden/rng.py), and compares bits.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const ROOT = new URL('../../../../', import.meta.url);

export interface Digest {
  readonly sha256: string;
  readonly first: string;
  readonly last: string;
}

export type Numbers = Float32Array | Float64Array | Uint16Array | Int32Array;

export function golden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`conformance/golden/rng/${name}.json`, ROOT), 'utf8')) as T;
}

export function sha256OfFile(path: string): string {
  return createHash('sha256')
    .update(readFileSync(new URL(path, ROOT)))
    .digest('hex');
}

function bytesOf(numbers: Numbers): Buffer {
  return Buffer.from(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

export function base64(numbers: Numbers): string {
  return bytesOf(numbers).toString('base64');
}

export function digest(numbers: Numbers, ends = 4): Digest {
  const sha256 = createHash('sha256').update(bytesOf(numbers)).digest('hex');
  return { sha256, first: base64(numbers.slice(0, ends)), last: base64(numbers.slice(-ends)) };
}

export function float64s(text: string): Float64Array {
  const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
  return new Float64Array(bytes.buffer);
}

/** The largest distance between two float64 arrays in units in the last place, and the share of equal values. */
export function distance(actual: Float64Array, expected: Float64Array): { ulps: number; equal: number } {
  if (actual.length !== expected.length) throw new Error(`${actual.length} values against ${expected.length}`);
  const a = new BigInt64Array(actual.buffer, actual.byteOffset, actual.length);
  const b = new BigInt64Array(expected.buffer, expected.byteOffset, expected.length);
  let ulps = 0;
  let equal = 0;
  for (let i = 0; i < a.length; i++) {
    const gap = Number(a[i]! - b[i]!);
    ulps = Math.max(ulps, Math.abs(gap));
    if (gap === 0) equal++;
  }
  return { ulps, equal: equal / a.length };
}
