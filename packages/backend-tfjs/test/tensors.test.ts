import {
  backend as tfBackend,
  cast,
  engine,
  greater,
  memory,
  ones,
  setBackend,
  tensor as tfTensor,
  tensor1d,
  tidy,
} from '@tensorflow/tfjs-core';
import { adopt, realize, tensor, type Tensor } from '@unnoise/core';
import { afterEach, describe, expect, test, vi } from 'vitest';

import { createTfjsBackend, fromTf, type TfjsBackend, toTf } from '../src/index.ts';
import { codeOf, expectNoLeak, SAMPLERS, SHAPE, wave } from './loop.ts';
import { RUNTIMES, tfjsOn } from './runtimes.ts';

afterEach(() => vi.restoreAllMocks());

describe.each(RUNTIMES)('tf tensors on %s', (runtime) => {
  test('come in and go out with their shapes and without copies', async () => {
    const backend = await tfjsOn(runtime);
    const given = tfTensor(wave(), SHAPE as [1, 2, 4, 3]);
    const x = fromTf(given, backend);
    const back = toTf(x);
    expect(back.dataId).toBe(given.dataId);
    expect(back.shape).toEqual(SHAPE);
    for (const one of [given, back, x]) one.dispose();
  });

  test('of a result keep the shape of what it was made of, also where kernels merge dimensions', async () => {
    const backend = await tfjsOn(runtime);
    const given = tfTensor(wave(), SHAPE as [1, 2, 4, 3]);
    const x = fromTf(given, backend);
    const y = await x.mul(2).realize();
    const back = toTf(y);
    expect(back.shape).toEqual(SHAPE);
    expect(await back.data()).toEqual(wave().map((v) => 2 * v));
    for (const one of [given, back, x, y]) one.dispose();
  });

  test('may be disposed of in any order', async () => {
    const backend = await tfjsOn(runtime);
    const given = tfTensor(wave(), SHAPE as [1, 2, 4, 3]);
    const x = fromTf(given, backend);
    given.dispose();
    const y = await x.add(1).realize();
    x.dispose();
    const back = toTf(y);
    y.dispose();
    expect(await back.data()).toEqual(wave().map((v) => Math.fround(v + 1)));
    back.dispose();
    expect(backend.stats().live).toBe(0);
  });

  test('survive a tidy that is under way when they are made', async () => {
    const backend = await tfjsOn(runtime);
    const pending: Promise<unknown>[] = [];
    const results: Tensor[] = [];
    tidy(() => {
      const x = fromTf(ones([24]), backend);
      const y = x.mul(3);
      pending.push(realize(y)); // synchronous up to here, so within the tidy
      results.push(x, y);
    });
    await Promise.all(pending);
    expect(await results[1]!.data()).toEqual(new Float32Array(24).fill(3));
    for (const one of results) one.dispose();
  });

  test('of int32 and bool come in as such; complex64 and string do not', async () => {
    const backend = await tfjsOn(runtime);
    const [whole, flags] = [tensor1d([1, 0, 3], 'int32'), tensor1d([true, false, true], 'bool')];
    const [x, condition] = [fromTf(whole, backend), fromTf(flags, backend)];
    const y = x.eq(condition.cast('int32'));
    expect(await y.data()).toEqual(Uint8Array.of(1, 1, 0));
    const [larger, rounded] = [greater(whole, 0), cast(tensor1d([1.7, -1.7]), 'int32')]; // as operations leave them
    const [z, w] = [fromTf(larger, backend).cast('float32'), fromTf(rounded, backend).add(1)];
    expect(await z.data()).toEqual(Float32Array.of(1, 0, 1));
    expect(await w.data()).toEqual(Int32Array.of(2, 0));
    for (const one of [whole, flags, x, condition, y, larger, rounded, z, w]) one.dispose();
    const text = tensor1d(['a']);
    expect(await codeOf(() => fromTf(text, backend))).toBe('DTYPE_UNSUPPORTED');
    text.dispose();
  });
});

describe.each(RUNTIMES)('a sampling loop on %s', (runtime) => {
  test.each(SAMPLERS)('of %s leaves no tensor behind in 50 steps, and runs every step fused', async (_, make) => {
    await expectNoLeak(await tfjsOn(runtime), make);
  });
});

describe('misuse is an error, not a wrong number', () => {
  test('a tensor of another backend, and one that is not computed yet, have no tf tensor', async () => {
    const backend = await tfjsOn('cpu');
    expect(await codeOf(() => toTf(tensor(wave(), SHAPE)))).toBe('BACKEND_MISMATCH');
    expect(await codeOf(() => toTf(tensor(wave(), SHAPE, { backend }).mul(2)))).toBe('BACKEND_MISMATCH');
    expect(await codeOf(() => backend.download({}))).toBe('BACKEND_MISMATCH');
  });

  test('a backend stays with its TensorFlow.js backend', async () => {
    const onCpu = await tfjsOn('cpu');
    const x = tensor(wave(), SHAPE, { backend: onCpu });
    await setBackend('wasm');
    expect(await codeOf(() => x.mul(2).realize())).toBe('BACKEND_MISMATCH');
    await setBackend('cpu');
    expect(await codeOf(() => x.mul(2).realize())).toBeUndefined();
    x.dispose();
  });

  test('a tensor adopted with a shape that is not its own is SHAPE_MISMATCH before anything is read', async () => {
    for (const runtime of RUNTIMES) {
      const backend = await tfjsOn(runtime);
      const given = ones([5]);
      expect(await codeOf(() => adopt(given, [2, 3], 'float32', backend))).toBe('SHAPE_MISMATCH');
      const handle = backend.adopt(given, 'float32')!;
      const double = { key: 'double', kind: 'map', inputs: [{ dtype: 'float32', dims: [true] }] } as const;
      const ops = [{ fn: 'linear', args: [0], params: [0], dtype: 'float32' }] as const;
      const kernel = { ...double, ops, outputs: [{ dtype: 'float32', value: 1 }] } as const;
      expect(await codeOf(() => backend.run(kernel, [handle], Float64Array.of(2), [6]))).toBe('SHAPE_MISMATCH');
      backend.release(handle);
      expect(await codeOf(() => backend.native(handle))).toBe('DISPOSED');
      given.dispose();
    }
  });

  test('float16 is refused: TensorFlow.js has none', async () => {
    const backend = await tfjsOn('wasm');
    expect(await codeOf(() => backend.upload(Uint16Array.of(1), 'float16'))).toBe('DTYPE_UNSUPPORTED');
    expect(await codeOf(() => tensor([1], [1], { backend }).cast('float16').realize())).toBe('DTYPE_UNSUPPORTED');
    expect(await codeOf(() => backend.upload(new Int32Array(3), 'float32'))).toBe('DTYPE_UNSUPPORTED');
  });

  test('an operation that the TensorFlow.js backend lacks is OP_UNSUPPORTED', async () => {
    const backend = await tfjsOn('wasm', { fused: false });
    const error = new Error("Error: Kernel 'Exp' not registered for backend 'wasm'");
    const exp = tensor(wave(), SHAPE, { backend }).exp();
    vi.spyOn(engine(), 'runKernel').mockImplementation(() => {
      throw error;
    });
    expect(await codeOf(() => exp.realize())).toBe('OP_UNSUPPORTED');
  });
});

interface Heap {
  wasm: { _malloc(bytes: number): number; asm?: unknown; wasmMemory?: unknown };
}

describe('inside TensorFlow.js', () => {
  test('no backend at all is DEPENDENCY_MISSING', async () => {
    vi.spyOn(engine(), 'ready').mockRejectedValue(new Error('No backend found in registry.'));
    expect(await codeOf(() => createTfjsBackend())).toBe('DEPENDENCY_MISSING');
  });

  const heap = (): Heap['wasm'] => (tfBackend() as unknown as Heap).wasm;

  test('a full wasm heap is OUT_OF_MEMORY, leaks nothing and writes nothing', async () => {
    const backend = await tfjsOn('wasm');
    const x = tensor(wave(), SHAPE, { backend });
    const [a, b] = [x.mul(2).clamp(0, 1), x.mul(3)];
    await realize(x);
    const before = memory().numTensors;
    const malloc = vi.spyOn(heap(), '_malloc');
    for (const full of [() => realize(a, b), () => backend.upload(wave(), 'float32')]) {
      malloc.mockReturnValue(0);
      expect(await codeOf(full)).toBe('OUT_OF_MEMORY');
    }
    malloc.mockRestore();
    expect(memory().numTensors).toBe(before);
    await realize(a, b);
    expect(await b.data()).toEqual(wave().map((v) => 3 * v));
    for (const one of [x, a, b]) one.dispose();
  });

  test('a name that is missing costs the fast path and nothing else', async () => {
    const { wasmPath } = await import('../src/fused/wasm.ts');
    await tfjsOn('wasm');
    const real = tfBackend() as unknown as Record<string, unknown>;
    expect(wasmPath(real as never)).toBeDefined();
    for (const gone of ['wasm', 'makeOutput', 'dataIdMap']) {
      const changed = Object.create(real, { [gone]: { value: undefined } });
      expect(wasmPath(changed)).toBeUndefined();
    }
    const foreign = { ...heap(), asm: { memory: new WebAssembly.Memory({ initial: 1 }) } };
    expect(wasmPath(Object.create(real, { wasm: { value: foreign } }))).toBeUndefined();
  });

  test('where WebAssembly may not be compiled, kernels run as operations with the same result', async () => {
    const run = async (backend: TfjsBackend): Promise<unknown> => {
      const x = tensor(wave(), SHAPE, { backend });
      const y = x.mul(0.3).add(x.abs().sqrt()).clamp(-0.5, 0.5);
      const data = await y.data();
      for (const one of [x, y]) one.dispose();
      return data;
    };
    const fused = await tfjsOn('wasm');
    const expected = await run(fused);
    expect(fused.stats().fused).toBe(1);
    vi.spyOn(WebAssembly, 'Module').mockImplementation(function () {
      throw new WebAssembly.CompileError('Wasm code generation disallowed by embedder');
    });
    const refused = await createTfjsBackend();
    expect(await run(refused)).toEqual(expected);
    expect(refused.stats()).toMatchObject({ fused: 0, dispatches: 1, live: 0 });
  });
});
