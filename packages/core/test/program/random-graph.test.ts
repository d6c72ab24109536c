import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReferenceBackend } from '../../src/reference/index.ts';
import { realize } from '../../src/tensor/index.ts';
import { grow, type Plain, recipes } from './random-graph.ts';

const whole: readonly Plain[] = [
  { shape: [2, 3], data: [1, -2, 3, 0, 2, -1] },
  { shape: [3], data: [2, -3, 1] },
  { shape: [2, 1], data: [-1, 2] },
  { shape: [2, 2, 3], data: [0, 1, -1, 2, -2, 3, -3, 1, 1, 0, 2, 2] },
];
const rough: readonly Plain[] = whole.map(({ shape, data }, j) => ({
  shape,
  data: data.map((x, i) => Math.fround(x + Math.sin(i + j))),
}));

describe('random expressions', () => {
  it('equal direct evaluation, exactly, on the float64 reference', async () => {
    const backend = createReferenceBackend();
    const law = fc.asyncProperty(recipes, async (recipe) => {
      const pool = grow(recipe, whole, backend, true);
      await realize(...pool.map((entry) => entry.tensor));
      for (const { tensor, plain } of pool) {
        expect(tensor.shape).toEqual(plain.shape);
        expect([...(await tensor.data())].map((x) => x + 0)).toEqual(plain.data.map((x) => x + 0));
      }
      for (const { tensor } of pool) tensor.dispose();
      expect(backend.stats!().live).toBe(0);
    });
    await fc.assert(law, { numRuns: 300, seed: 1 });
  });

  it('give the same bits fused, one operation at a time, and with few buffers', async () => {
    const limits = [{}, { maxOps: 1 }, { maxOps: 3 }, { maxBuffers: 4 }, { maxOps: 2, maxBuffers: 5 }];
    const law = fc.asyncProperty(recipes, async (recipe) => {
      const results = await Promise.all(limits.map((limit) => lastOf(recipe, limit)));
      for (const result of results) expect(result).toEqual(results[0]);
    });
    await fc.assert(law, { numRuns: 200, seed: 2 });
  });
});

/** The bits of the newest value, computed alone in float32, so that what it needs is not a root. */
async function lastOf(recipe: Parameters<typeof grow>[0], limit: object): Promise<number[]> {
  const backend = createReferenceBackend({ precision: 'float32', ...limit });
  const pool = grow(recipe, rough, backend, false);
  const { tensor } = pool.at(-1)!;
  const data = (await tensor.data()) as Float32Array;
  for (const entry of pool) entry.tensor.dispose();
  expect(backend.stats!().live).toBe(0);
  return [...new Int32Array(data.buffer)];
}
