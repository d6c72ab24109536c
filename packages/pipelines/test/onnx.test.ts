// ONNX graphs with the inputs of real exports: tools/golden/onnx_fixtures.py. All predict x / 2 + t / 1000 (+ label / 100), so what
// comes out is known by hand.

import { cpu } from '@unnoise/backend-cpu';
import type { Tensor } from '@unnoise/core';
import { halvesToFloats, tensor } from '@unnoise/core';
import ort from 'onnxruntime-node';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Denoiser, OnnxRuntime } from '../src/index.ts';
import { openModel } from '../src/index.ts';
import { memoryModel } from './memory-model.ts';

const runtime: OnnxRuntime = ort;
const session = { intraOpNumThreads: 1, logSeverityLevel: 3 };
const open = async (graph: string): Promise<Denoiser> =>
  (await openModel(memoryModel({ graph }), { runtime, session })).denoiser;

const VALUES = [1, -2, 0.5, 4, 0, 8, -1, 0.25];
const lent: Tensor[] = [];

function sample(batch: number, dtype: 'float32' | 'float16' = 'float32'): Tensor {
  const made = tensor(VALUES.slice(0, 4 * batch), [batch, 1, 2, 2], { backend: cpu, dtype });
  lent.push(made);
  return made;
}

/** What all fixtures compute. */
const expected = (batch: number, t: number, labels: readonly number[] = []): number[] =>
  VALUES.slice(0, 4 * batch).map((x, i) => x / 2 + t / 1000 + (labels[Math.floor(i / 4)] ?? 0) / 100);

function expectClose(actual: ArrayLike<number>, wanted: readonly number[], digits = 5): void {
  expect(actual.length).toBe(wanted.length);
  wanted.forEach((value, i) => expect(actual[i]).toBeCloseTo(value, digits));
}

let live: number;
beforeEach(() => {
  lent.length = 0;
  live = cpu.stats().live;
});

function expectNoLeak(): void {
  for (const one of lent.splice(0)) one.dispose();
  expect(cpu.stats().live).toBe(live);
}

describe('the timestep is given as the graph declares it', () => {
  it.each([
    'timestep-int64-batch',
    'timestep-int64-one',
    'timestep-int32-batch',
    'timestep-float-batch',
    'timestep-float-one',
    'timestep-float-scalar',
    'timestep-double-scalar',
    'timestep-float16-one',
    'sample-double',
    'transformer',
    'unnamed-sizes',
  ])('%s', async (graph) => {
    const denoiser = await open(graph);
    for (const batch of [1, 2]) {
      const x = sample(batch);
      const out = await denoiser.bind({ batch })(x, 500, undefined);
      expect(out.dtype).toBe('float32');
      expect(out.shape).toEqual([batch, 1, 2, 2]);
      expectClose(await out.data(), expected(batch, 500));
      out.dispose();
    }
    expectNoLeak();
  });

  it('as upstream, a fraction is cut off where the graph takes whole numbers, and kept elsewhere', async () => {
    const whole = await (await open('timestep-int64-batch')).bind({ batch: 1 })(sample(1), 499.75, undefined);
    expectClose(await whole.data(), expected(1, 499));
    const fraction = await (await open('timestep-float-scalar')).bind({ batch: 1 })(sample(1), 499.75, undefined);
    expectClose(await fraction.data(), expected(1, 499.75));
    whole.dispose();
    fraction.dispose();
  });
});

describe('the sample is cast at the edge', () => {
  it('float16 graphs take float32 samples and give float32 back', async () => {
    const out = await (await open('sample-float16')).bind({ batch: 2 })(sample(2), 500, undefined);
    expect(out.dtype).toBe('float32');
    expectClose(await out.data(), expected(2, 500), 2);
    out.dispose();
    expectNoLeak();
  });

  it('a float16 sample stays float16, whatever the graph takes', async () => {
    for (const graph of ['sample-float16', 'timestep-float-batch']) {
      const x = sample(1, 'float16');
      const out = await (await open(graph)).bind({ batch: 1 })(x, 500, undefined);
      expect(out.dtype).toBe('float16');
      expectClose(halvesToFloats(await out.data()), expected(1, 500), 2);
      out.dispose();
    }
    expectNoLeak();
  });

  it('the output of one call is adopted, not copied', async () => {
    const outputs: unknown[] = [];
    const spy: OnnxRuntime = {
      Tensor: runtime.Tensor,
      InferenceSession: {
        create: async (model: string | Uint8Array, options?: object) => {
          const real = await ort.InferenceSession.create(model as Uint8Array, options);
          const run = async (feeds: never, fetches: never) => {
            const result = await real.run(feeds, fetches);
            outputs.push(result['out_sample']!.data);
            return result;
          };
          return Object.assign(Object.create(real) as typeof real, { run });
        },
      },
    };
    const { denoiser } = await openModel(memoryModel({ graph: 'timestep-float-batch' }), { runtime: spy, session });
    const out = await denoiser.bind({ batch: 1 })(sample(1), 500, undefined);
    expect(await out.data()).toBeInstanceOf(Float32Array);
    expect(((await out.data()) as Float32Array).buffer).toBe((outputs[0] as Float32Array).buffer);
    out.dispose();
  });
});

describe('guidance', () => {
  const labels = { class_labels: { data: [3, 7], shape: [2] } };
  const nothing = { class_labels: { data: [10, 10], shape: [2] } };
  const guided = expected(2, 500, [10 + 2.5 * (3 - 10), 10 + 2.5 * (7 - 10)]);
  const request = { batch: 2, conditioning: labels, unconditional: nothing };

  it.each(['labels', 'labels-int32', 'labels-batch-1'])('%s: uncond + g (cond - uncond)', async (graph) => {
    const denoiser = await open(graph);
    const plain = await denoiser.bind(request)(sample(2), 500, undefined);
    expectClose(await plain.data(), expected(2, 500, [3, 7]));
    const out = await denoiser.bind({ ...request, guidance: 2.5 })(sample(2), 500, undefined);
    expectClose(await out.data(), guided);
    for (const one of [plain, out]) one.dispose();
    expectNoLeak();
  });

  it('a graph of batch 2 is called once for each image with guidance', async () => {
    const out = await (await open('labels-batch-2')).bind({ ...request, guidance: 2.5 })(sample(2), 500, undefined);
    expectClose(await out.data(), guided, 1);
    out.dispose();
  });

  it('a graph of batch 2 refuses one image without guidance, and says what to do', async () => {
    const denoiser = await open('labels-batch-2');
    const one = { batch: 1, conditioning: { class_labels: { data: [3], shape: [1] } } };
    expect(() => denoiser.bind(one)).toThrow(
      expect.objectContaining({
        code: 'SHAPE_MISMATCH',
        message: expect.stringMatching(/batch of exactly 2.*Use guidance/),
      }),
    );
  });

  it('the null half comes first in one call of twice the batch', async () => {
    const feeds: Record<string, { dims: readonly number[]; data: unknown }>[] = [];
    const denoiser = await open('labels');
    const { part } = denoiser;
    const run = part.run.bind(part);
    part.run = (given, output) => {
      feeds.push(given);
      return run(given, output);
    };
    (await denoiser.bind({ ...request, guidance: 2 })(sample(2), 500, undefined)).dispose();
    expect(feeds.length).toBe(1);
    expect(feeds[0]!['sample']!.dims).toEqual([4, 1, 2, 2]);
    expect(feeds[0]!['class_labels']!.data).toEqual(BigInt64Array.of(10n, 10n, 3n, 7n));
  });
});

describe('a learned variance', () => {
  const request = {
    batch: 1,
    conditioning: { class_labels: { data: [3], shape: [1] } },
    unconditional: { class_labels: { data: [10], shape: [1] } },
  };

  it('is dropped for schedulers that do not use it', async () => {
    const out = await (await open('labels-variance')).bind(request)(sample(1), 500, undefined);
    expect(out.shape).toEqual([1, 1, 2, 2]);
    expectClose(await out.data(), expected(1, 500, [3]));
    out.dispose();
    expectNoLeak();
  });

  it('is kept for schedulers that use it, and guidance does not touch it', async () => {
    const out = await (await open('labels-variance')).bind({ ...request, guidance: 2, variance: true })(
      sample(1),
      500,
      undefined,
    );
    expect(out.shape).toEqual([1, 2, 2, 2]);
    const variance = expected(1, 500, [3]).map((x) => -x);
    expectClose(await out.data(), [...expected(1, 500, [-4]), ...variance]);
    out.dispose();
    expectNoLeak();
  });

  it('any other number of channels is refused', async () => {
    const denoiser = await open('labels-three-planes');
    await expect(denoiser.bind(request)(sample(1), 500, undefined)).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expectNoLeak();
  });
});

describe('what does not fit is refused by name', () => {
  it('a missing conditioning names input, type and shape', async () => {
    const denoiser = await open('embeddings');
    expect(() => denoiser.bind({ batch: 1 })).toThrow(
      expect.objectContaining({
        code: 'REQUEST_INVALID',
        message: expect.stringContaining('encoder_hidden_states (float32 [batch, sequence, 4])'),
      }),
    );
  });

  it('embeddings are conditioning like any other', async () => {
    const denoiser = await open('embeddings');
    const encoder_hidden_states = { data: [1, 2, 3, 4, 5, 6, 7, 8], shape: [1, 2, 4] };
    const out = await denoiser.bind({ batch: 1, conditioning: { encoder_hidden_states } })(sample(1), 500, undefined);
    expectClose(
      await out.data(),
      expected(1, 500).map((x) => x + 4.5),
    );
    out.dispose();
  });

  it.each([
    ['a name the graph lacks', { prompt: { data: [1], shape: [1] } }, /no input prompt/],
    ['too few rows', { class_labels: { data: [1], shape: [1] } }, /batch of 2/],
    ['a shape that is not that of the values', { class_labels: { data: [1, 2, 3], shape: [2] } }, /3 values of shape/],
  ])('%s', async (_, conditioning, message) => {
    const denoiser = await open('labels');
    expect(() => denoiser.bind({ batch: 2, conditioning })).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it('a sample of another size or batch', async () => {
    const model = (await open('timestep-float-batch')).bind({ batch: 1 });
    await expect(model(sample(2), 1, undefined)).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
    const wide = tensor(new Float32Array(9), [1, 1, 3, 3], { backend: cpu });
    await expect(model(wide, 1, undefined)).rejects.toMatchObject({ code: 'SHAPE_MISMATCH' });
  });

  it('guidance that is no number', async () => {
    const denoiser = await open('timestep-float-batch');
    expect(() => denoiser.bind({ batch: 1, guidance: Number.NaN })).toThrow(/guidance is NaN/);
  });

  it('a graph without a timestep is no denoiser', async () => {
    await expect(open('no-timestep')).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('clock'),
    });
  });

  it('bytes that are no ONNX', async () => {
    const files = { ...memoryModel({}), graph: () => Promise.resolve(new Uint8Array([1, 2, 3])) };
    await expect(openModel(files, { runtime, session })).rejects.toMatchObject({ code: 'MODEL_INVALID' });
  });
});

describe('sessions that tell nothing of their inputs', () => {
  const mute: OnnxRuntime = {
    Tensor: runtime.Tensor,
    InferenceSession: {
      create: async (model: string | Uint8Array, options?: object) => {
        const real = await ort.InferenceSession.create(model as Uint8Array, options);
        const { inputNames, outputNames } = real;
        return { inputNames, outputNames, run: real.run.bind(real), release: () => real.release() };
      },
    },
  };

  it('are refused, with the way out', async () => {
    const opening = openModel(memoryModel({ graph: 'timestep-float-batch' }), { runtime: mute, session });
    await expect(opening).rejects.toMatchObject({
      code: 'MODEL_INVALID',
      message: expect.stringContaining('metadata: { unet'),
    });
  });

  it('work with the metadata given', async () => {
    const inputs = [
      { name: 'sample', type: 'float32', shape: ['batch', 1, 2, 2] },
      { name: 'timestep', type: 'float32', shape: ['batch'] },
    ];
    const outputs = [{ name: 'out_sample', type: 'float32', shape: ['batch', 1, 2, 2] }];
    const metadata = { unet: { inputs, outputs } };
    const files = memoryModel({ graph: 'timestep-float-batch' });
    const { denoiser } = await openModel(files, { runtime: mute, session, metadata });
    const out = await denoiser.bind({ batch: 1 })(sample(1), 500, undefined);
    expectClose(await out.data(), expected(1, 500));
    out.dispose();
  });
});
