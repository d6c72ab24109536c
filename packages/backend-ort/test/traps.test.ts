// What ONNX Runtime does wrong, or differently from build to build, and how this package is not caught by it.

import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { adopt, tensor } from '@unnoise/core';
import * as ort from 'onnxruntime-node';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { useHalfBits } from '../src/elements.ts';
import {
  createOrtBackend,
  createOrtGraphBackend,
  createSession,
  fromOrt,
  type OrtRuntime,
  type OrtSession,
  toOrt,
} from '../src/index.ts';

const numbers = (): Float32Array => Float32Array.of(0.5, -1, 2, 3, -4, 0);
const sample = (): ort.Tensor => new ort.Tensor('float32', numbers(), [1, 2, 3]);

describe.each([
  ['ort-cpu', () => createOrtBackend(ort)],
  ['ort-graph', () => createOrtGraphBackend(ort)],
] as const)('tensors of %s', (_, create) => {
  it('go in and out on the same memory, with their shape', async () => {
    const given = sample();
    const x = fromOrt(given, create());
    expect(x.shape).toEqual([1, 2, 3]);
    const back = await toOrt(x);
    expect(back.dims).toEqual([1, 2, 3]);
    expect((back.data as Float32Array).buffer).toBe((given.data as Float32Array).buffer);
    x.dispose();
    expect(given.data).toEqual(numbers()); // they stay their owner's
  });

  it('are results, to be fed to a session as they are', async () => {
    const y = await toOrt(fromOrt(sample(), create()).mul(2));
    expect(y).toBeInstanceOf(ort.Tensor);
    expect(y.data).toEqual(numbers().map((x) => 2 * x));
  });

  it('of whole numbers, bools and halves keep their type', async () => {
    const backend = create();
    const natives = [
      new ort.Tensor('int32', Int32Array.of(1, -2), [2]),
      new ort.Tensor('bool', Uint8Array.of(1, 0), [2]),
      new ort.Tensor('float16', Uint16Array.of(0x3c00, 0xc000), [2]),
    ];
    for (const native of natives) {
      const x = fromOrt(native, backend);
      expect(x.dtype).toBe(native.type);
      expect((await toOrt(x)).type).toBe(native.type);
      expect(await x.data()).toEqual(native.data);
    }
  });

  it('of other types, or disposed, or of another size than said, are refused', async () => {
    const backend = create();
    expect(() => fromOrt(new ort.Tensor('int64', [1, 2]), backend)).toThrow(/type int64/);
    const gone = sample();
    gone.dispose();
    expect(() => fromOrt(gone, backend)).toThrow(/after its dispose/);
    const short = adopt(sample(), [7], 'float32', backend);
    await expect((async () => short.mul(2).realize())()).rejects.toThrow(/6 elements/);
  });

  it('in shared memory are computed from a copy where the runtime cannot read them', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(24) as unknown as ArrayBuffer);
    shared.set(numbers());
    expect(await tensor(shared, [6], { backend: create() }).mul(2).data()).toEqual(numbers().map((x) => 2 * x));
  });
});

describe('a kernel without inputs', () => {
  it.each([[[]], [[4]], [[2, 3]]])('fills a result of sizes %j with its constant', async (sizes) => {
    const kernel = {
      key: 'constant',
      kind: 'map',
      inputs: [],
      outputs: [{ dtype: 'float32', value: 0 }],
      ops: [{ fn: 'linear', args: [], params: [0], dtype: 'float32' }],
    } as const;
    const backend = createOrtGraphBackend(ort);
    const [filled] = await backend.run(kernel, [], Float64Array.of(0.5), sizes);
    const length = (sizes as readonly number[]).reduce((a, b) => a * b, 1);
    expect(await backend.download(filled!)).toEqual(new Float32Array(length).fill(0.5));
  });
});

describe('a tensor on a device', () => {
  it('is refused by the kernels of the CPU, with what to use instead', () => {
    const native = { type: 'float32', dims: [2], location: 'gpu-buffer' };
    const act = (): unknown => adopt(native, [2], 'float32', createOrtBackend(ort));
    expect(act).toThrow(/'gpu-buffer'.*createOrtGraphBackend/);
  });
});

/** ONNX Runtime as its WebGPU provider is: it refuses what begins before something else has ended. */
function jealous(): OrtRuntime {
  let busy = false;
  const alone = async <T>(what: string, result: () => Promise<T>): Promise<T> => {
    if (busy) throw new Error(`another WebGPU EP ${what}`);
    busy = true;
    await new Promise((resolve) => setTimeout(resolve, 1));
    return result().finally(() => (busy = false));
  };
  return {
    Tensor: ort.Tensor,
    InferenceSession: {
      create: (model, options) =>
        alone('inference session is being created.', () => ort.InferenceSession.create(model, options)).then(
          (real) => ({
            run: (feeds, fetches) => alone('run', () => real.run(feeds as never, [...fetches])),
            release: () => real.release(),
          }),
        ),
    },
  };
}

describe('the runtime', () => {
  afterEach(() => void vi.restoreAllMocks());

  it('is asked for one thing at a time: sessions and runs queue up', async () => {
    const backend = createOrtGraphBackend(jealous());
    const steps = [1, 2, 3, 4].map((i) => {
      const x = tensor(numbers(), [6], { backend });
      return (i % 2 ? x.mul(i) : x.clamp(-i, i)).data();
    });
    const [once, clamped] = await Promise.all(steps);
    expect(once).toEqual(numbers());
    expect(clamped).toEqual(numbers().map((x) => Math.max(-2, Math.min(2, x))));
  });

  it('goes on after a session that could not be made', async () => {
    const runtime = jealous();
    const broken = createSession(runtime, new Uint8Array(3));
    const backend = createOrtGraphBackend(runtime);
    const next = tensor(numbers(), [6], { backend }).abs().data();
    await expect(broken).rejects.toThrow(/model/i);
    expect(await next).toEqual(numbers().map(Math.abs));
  });

  it('is asked for outputs by name, never with tensors to write into', async () => {
    const { prototype } = (await ort.InferenceSession.create(await emptyModel())).constructor as {
      prototype: OrtSession;
    };
    const run = vi.spyOn(prototype, 'run');
    await tensor(numbers(), [6], { backend: createOrtGraphBackend(ort) })
      .mul(3)
      .data();
    expect(run.mock.calls.map(([, fetches]) => fetches)).toEqual([['y0']]);
  });

  it('without the wanted provider gives an error that names it', async () => {
    const backend = createOrtGraphBackend(ort, { session: { executionProviders: ['nonsense'] } });
    const act = tensor(numbers(), [6], { backend }).mul(3).data();
    await expect(act).rejects.toThrow(/execution providers \["nonsense"\]/);
  });

  it('lets go of its sessions, and the backend can be used again', async () => {
    const { prototype } = (await ort.InferenceSession.create(await emptyModel())).constructor as {
      prototype: OrtSession;
    };
    const release = vi.spyOn(prototype, 'release');
    const backend = createOrtGraphBackend(ort);
    const doubled = async (): Promise<unknown> => tensor(numbers(), [6], { backend }).mul(2).data();
    await doubled();
    await backend.dispose();
    expect(release).toHaveBeenCalledTimes(1);
    expect(await doubled()).toEqual(numbers().map((x) => 2 * x));
    expect(backend.stats().compiles).toBe(2);
  });
});

/** A graph that is of no use. */
async function emptyModel(): Promise<Uint8Array> {
  const { Graph } = await import('../src/onnx/graph.ts');
  const graph = new Graph();
  graph.output(graph.input('x', 'float32', [1]), 'y', 'float32', [1]);
  return graph.bytes('empty');
}

describe('a Float16Array', () => {
  it('is out of sight when onnxruntime-node picks its array types, and back afterwards', () => {
    const platform = globalThis as { Float16Array?: unknown };
    const before = Object.getOwnPropertyDescriptor(platform, 'Float16Array');
    const Float16Array = (): void => {};
    Object.defineProperty(platform, 'Float16Array', { value: Float16Array, writable: true, configurable: true });
    const seen: unknown[] = [];
    class Tensor {
      constructor() {
        seen.push(platform.Float16Array);
      }
      dispose(): void {}
    }
    try {
      useHalfBits({ Tensor } as unknown as OrtRuntime);
      useHalfBits({ Tensor } as unknown as OrtRuntime);
      expect(seen).toEqual([undefined]);
      expect(platform.Float16Array).toBe(Float16Array);
    } finally {
      delete platform.Float16Array;
      if (before) Object.defineProperty(platform, 'Float16Array', before);
    }
  });
});

// getData() of a gpu-buffer tensor ends the process there, so this runs in one of its own. Which driver it finds is settled when a
// process starts: vitest.config.ts sets the variables, and tools/device-reporter.ts says so where there is no driver.
const hasDriver = ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'CI'].some((name) => process.env[name] !== undefined);

describe.runIf(hasDriver)("onnxruntime-node's WebGPU provider", () => {
  it('holds the conformance suite on tensors that stay on the device', { timeout: 300_000 }, async () => {
    const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const script = fileURLToPath(new URL('node-webgpu.ts', import.meta.url));
    const args = ['--conditions=@unnoise/source', '--import', tsx, script];
    const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 26 });
    const { cases, failed, location, shape } = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(failed).toEqual([]);
    expect(cases).toBeGreaterThan(800);
    expect([location, shape]).toEqual(['gpu-buffer', [1, 2, 3]]);
  });
});
