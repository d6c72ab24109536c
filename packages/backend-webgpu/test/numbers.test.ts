// What the README claims of numbers: float16 is exact, exp and log are accurate to a few units in the last place wherever they are finite.

import { floatToHalf, halfToFloat, type Tensor, tensor } from '@unnoise/core';
import { tolerances } from '@unnoise/conformance';
import { expect, it } from 'vitest';

import { backendInNode, describeOnDriver, hasAdapter } from './gpu.ts';

const backend = hasAdapter ? await backendInNode() : undefined;

const on = (data: Float32Array | Uint16Array): Tensor => tensor(data, [data.length], { backend: backend! });

/** The largest distance from the exact value, in units of its last place. */
function worst(actual: ArrayLike<number>, exact: (i: number) => number): number {
  let most = 0;
  for (let i = 0; i < actual.length; i++) {
    const expected = exact(i);
    most = Math.max(most, Math.abs(actual[i]! - expected) / tolerances.ulp(expected));
  }
  return most;
}

const COUNT = 60_000;
const between = (lo: number, hi: number): Float32Array =>
  Float32Array.from({ length: COUNT }, (_, i) => lo + ((hi - lo) * i) / (COUNT - 1));

describeOnDriver('float16', () => {
  const all = Uint16Array.from({ length: 65_536 }, (_, i) => i);

  it('of every bit pattern becomes the float32 that it is', async () => {
    const widened = await on(all).cast('float32').data();
    expect(all.findIndex((bits) => !Object.is(widened[bits], halfToFloat(bits)))).toBe(-1);
  });

  it('of every boundary between two numbers, and its neighbours, is the nearest, ties to even', async () => {
    const finite = all.filter((bits) => (bits & 0x7fff) < 0x7c00);
    const middles = [...finite].map((bits) => (halfToFloat(bits) + halfToFloat(bits + 1)) / 2);
    const edges = middles.map((x) => (Number.isFinite(x) ? x : Math.sign(x) * 65_520));
    const inputs = Float32Array.from(edges.flatMap((x) => [x, x * (1 + 2 ** -20), x * (1 - 2 ** -20)]));
    const narrowed = await on(inputs).cast('float16').data();
    expect(inputs.findIndex((x, i) => narrowed[i] !== floatToHalf(x))).toBe(-1);
  });
});

describeOnDriver('accuracy', () => {
  it('of exp is 2 units in the last place wherever the result is a normal number', async () => {
    const x = between(-87.3, 88.7);
    expect(worst(await on(x).exp().data(), (i) => Math.exp(x[i]!))).toBeLessThan(2);
  });

  it('of log is 3 units in the last place, close to 1 and for tiny numbers too', async () => {
    const x = [
      ...between(0.5, 2),
      ...between(1e-6, 1e6),
      ...Array.from({ length: 276 }, (_, i) => 2 ** (i - 149) * 1.3).filter((value) => value < 3e38),
    ];
    const data = Float32Array.from(x);
    expect(worst(await on(data).log().data(), (i) => Math.log(data[i]!))).toBeLessThan(3);
  });

  it('of sqrt and of a quotient is what WGSL promises: 2.5 units', async () => {
    const x = between(0.001, 1000);
    expect(worst(await on(x).sqrt().data(), (i) => Math.sqrt(x[i]!))).toBeLessThan(2.5);
    expect(worst(await on(x).div(on(x.toReversed())).data(), (i) => x[i]! / x[COUNT - 1 - i]!)).toBeLessThan(2.5);
  });

  it('tells infinities and NaN apart', async () => {
    const x = Float32Array.of(Infinity, -Infinity, NaN, 0, -0, -1, 89, -120);
    expect([...(await on(x).exp().data())]).toEqual([Infinity, 0, NaN, 1, 1, Math.fround(Math.exp(-1)), Infinity, 0]);
    expect([...(await on(x).log().data())].slice(0, 6)).toEqual([Infinity, NaN, NaN, -Infinity, -Infinity, NaN]);
    expect([...(await on(x).sqrt().data())].slice(0, 6)).toEqual([Infinity, NaN, NaN, 0, -0, NaN]);
  });
});
