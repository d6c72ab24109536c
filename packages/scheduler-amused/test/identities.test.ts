// Amused against torch's own generator, against the distribution it draws from, and against its schedule: the README lists these identities.
import { createCpuBackend } from '@unnoise/backend-cpu';
import type { Generator, Run } from '@unnoise/core';
import { tensor, torchGenerator } from '@unnoise/core';
import { describe, expect, it } from 'vitest';
import { AmusedScheduler } from '../src/index.ts';

const CODEBOOK = 12; // and the mask is the next id
const backend = createCpuBackend();
const amused = (config: object = {}) => new AmusedScheduler({ mask_token_id: CODEBOOK, ...config }, { backend });
const allMasked = (shape: readonly number[]) =>
  tensor(new Int32Array(shape.reduce((a, b) => a * b, 1)).fill(CODEBOOK), shape);

/** The ids after each step, with the same logits at each. */
async function idsOf(
  run: Run,
  shape: readonly number[],
  logits: Float32Array,
  count = Infinity,
): Promise<Int32Array[]> {
  const list: Int32Array[] = [];
  let x = allMasked(shape);
  while (!run.done && list.length < count) {
    const { prevSample, predOriginalSample } = await run.step(tensor(logits, [...shape, CODEBOOK]), x);
    predOriginalSample!.dispose();
    list.push(Int32Array.from(await prevSample.data()));
    x = prevSample;
  }
  return list;
}

describe('a seeded run', () => {
  // What tools/golden/amused.py prints: untouched upstream with torch.Generator().manual_seed(42), after each of 6 steps.
  const torch = `
    12 10 12 12 12 12 12 12 12 12 12 12 12 12 12 12 12 12 12 12 12 1 12 12 12 12 12 12 12 12 12 12
    12 10 3 12 12 12 12 12 12 12 8 12 12 12 12 12 12 12 12 12 12 1 12 7 12 12 12 12 12 12 12 7
    12 10 3 12 12 12 12 12 12 0 8 12 12 9 12 12 12 12 3 12 12 1 12 7 12 12 12 12 1 12 12 7
    7 10 3 12 6 12 12 12 0 0 8 12 12 9 9 12 5 5 3 12 12 1 12 7 12 0 12 12 1 12 11 7
    7 10 3 12 6 12 12 7 0 0 8 1 3 9 9 12 5 5 3 12 11 1 2 7 2 0 12 12 1 12 11 7
    7 10 3 7 6 4 4 7 0 0 8 1 3 9 9 6 5 5 3 1 11 1 2 7 2 0 5 11 1 9 11 7`;
  const noised = '12 10 12 12 12 4 4 12 12 12 12 12 3 9 9 12 12 12 12 12 11 12 12 12 12 0 12 12 12 12 12 7';
  const shape = [2, 16];
  const logits = Float32Array.from({ length: 2 * 16 * CODEBOOK }, (_, i) => ((i * 7919) % 101) / 25);

  it("draws and masks the tokens that upstream does with torch's generator, and noises them alike", async () => {
    const generator = torchGenerator(42);
    const scheduler = amused();
    scheduler.setTimesteps(6);
    const ids = await idsOf(scheduler.start({ numInferenceSteps: 6, generator }), shape, logits);
    expect(ids.map((row) => row.join(' '))).toEqual(torch.trim().split(/\n\s*/));
    const last = tensor(ids.at(-1)!, shape);
    const masked = await scheduler.addNoise(last, tensor(generator.uniform(shape), shape), 3);
    expect((await masked.data()).join(' ')).toBe(noised);
  });
});

describe('the tokens', () => {
  it('are drawn as often as they are likely: a race of exponentials is a draw from the softmax', async () => {
    const p = Array.from({ length: CODEBOOK }, (_, id) => (id + 1) / 78);
    const length = 4096;
    const logits = Float32Array.from({ length: length * CODEBOOK }, (_, i) => Math.log(p[i % CODEBOOK]!));
    const [ids] = await idsOf(
      amused().start({ numInferenceSteps: 1, generator: torchGenerator(7) }),
      [1, length],
      logits,
    );
    const chiSquare = (wanted: readonly number[]) =>
      wanted.reduce((sum, share, id) => {
        const seen = ids!.filter((one) => one === id).length;
        return sum + (seen - share * length) ** 2 / (share * length);
      }, 0);
    expect(chiSquare(p)).toBeLessThan(31.3); // 11 degrees of freedom: above that once in a thousand
    expect(chiSquare(p.map(() => 1 / CODEBOOK))).toBeGreaterThan(31.3); // the test can fail
  });

  it.each([
    ['cosine', (share: number) => Math.cos((share * Math.PI) / 2)],
    ['linear', (share: number) => 1 - share],
  ] as const)('stay masked in the share of the %s schedule, and none at the end', async (masking_schedule, ratio) => {
    const [steps, length] = [7, 100];
    const logits = new Float32Array(length * CODEBOOK);
    const run = amused({ masking_schedule }).start({ numInferenceSteps: steps, generator: torchGenerator(1) });
    const counts = (await idsOf(run, [1, length], logits)).map((ids) => ids.filter((id) => id === CODEBOOK).length);
    expect(counts).toEqual(Array.from({ length: steps }, (_, i) => Math.floor(length * ratio((i + 1) / steps) + 1e-9)));
  });

  it('that were given stay as they are', async () => {
    const [length, steps] = [24, 5];
    const given = Int32Array.from({ length }, (_, i) => (i % 3 === 0 ? i % CODEBOOK : CODEBOOK));
    const run = amused().start({ numInferenceSteps: steps, generator: torchGenerator(1) });
    let x = tensor(given, [1, length]);
    while (!run.done) {
      x = (await run.step(tensor(new Float32Array(length * CODEBOOK), [1, length, CODEBOOK]), x)).prevSample;
      const ids = await x.data();
      given.forEach((id, i) => expect(id === CODEBOOK || ids[i] === id).toBe(true));
    }
  });

  it('without temperature are kept by their probability alone: the most certain first', async () => {
    const length = 16;
    const logits = new Float32Array(length * CODEBOOK);
    for (let i = 0; i < length; i++) logits[i * CODEBOOK] = 5 + i; // position i draws 0, the later the more certain
    const run = amused({ masking_schedule: 'linear' }).start({
      numInferenceSteps: 4,
      temperature: [0, 0],
      generator: torchGenerator(3),
    });
    const [ids] = await idsOf(run, [1, length], logits, 1);
    expect([...ids!].map((id) => id === CODEBOOK)).toEqual(Array.from({ length }, (_, i) => i < 12));
  });
});

describe('refusals', () => {
  const x = allMasked([1, 4]);
  const start = (generator?: Generator) => amused().start({ numInferenceSteps: 3, ...(generator && { generator }) });

  it('of logits without a distribution', async () => {
    for (const bad of [Number.NaN, -Infinity, Infinity]) {
      const logits = tensor(new Float32Array(4 * CODEBOOK).fill(bad), [1, 4, CODEBOOK]);
      await expect(start(torchGenerator(1)).step(logits, x)).rejects.toMatchObject({ code: 'NUMERIC' });
    }
  });

  it('of shapes that do not go together, and of noise that is none', async () => {
    const scheduler = amused();
    const step = start(torchGenerator(1)).step(tensor(new Float32Array(12), [1, 3, 4]), x);
    await expect(step).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    const noise = tensor(new Float32Array(4), [1, 4]);
    await expect(scheduler.addNoise(x, noise, 1)).rejects.toMatchObject({ code: 'TIMESTEPS_NOT_SET' });
    scheduler.setTimesteps(3);
    await expect(scheduler.addNoise(x, noise, 3)).rejects.toMatchObject({ code: 'TIMESTEP_NOT_IN_PLAN' });
    await expect(scheduler.addNoise(x, noise, [1, 2])).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('of a step before setTimesteps', async () => {
    const logits = tensor(new Float32Array(4 * CODEBOOK), [1, 4, CODEBOOK]);
    await expect(amused().step(logits, 2, x)).rejects.toMatchObject({ code: 'TIMESTEPS_NOT_SET' });
  });
});
