/// <reference types="vite/client" />
import { setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { backend as tfBackend, setBackend, tensor as tfTensor } from '@tensorflow/tfjs-core';
import { tensor } from '@unnoise/core';
import { describe, expect, test, vi } from 'vitest';

import { createTfjsBackend, fromTf, toTf } from '../src/index.ts';
import { GPUS, renew, tfjsOn } from './gpu.ts';
import { codeOf, expectNoLeak, SAMPLERS, SHAPE, wave } from './loop.ts';

describe.each(GPUS)('a sampling loop on %s', (runtime) => {
  test.each(SAMPLERS)('of %s leaves no tensor behind in 50 steps, and runs every step fused', async (_, make) => {
    await expectNoLeak(await tfjsOn(runtime), make);
  });
});

interface WebGpu {
  readonly device: GPUDevice;
  readonly tensorMap: { get(dataId: object): { readonly resource?: GPUBuffer } };
  runWebGPUProgram(program: object, inputs: readonly object[], dtype: string): unknown;
}
const webgpu = (): WebGpu => tfBackend() as unknown as WebGpu;

describe('on webgpu', () => {
  test('a GPUBuffer of ours goes through tf tensors into a step without a copy', async () => {
    const backend = await tfjsOn('webgpu');
    const { device, tensorMap } = webgpu();
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: 96, usage });
    device.queue.writeBuffer(buffer, 0, wave());
    const given = tfTensor({ buffer, zeroCopy: true }, SHAPE as [1, 2, 4, 3], 'float32');
    const x = fromTf(given, backend);
    const back = toTf(x);
    expect(tensorMap.get(back.dataId).resource).toBe(buffer);
    const y = await x.mul(2).realize();
    expect(await y.data()).toEqual(wave().map((v) => 2 * v));
    for (const one of [given, back, x, y]) one.dispose();
  });

  test('a step reads nothing back', async () => {
    const backend = await tfjsOn('webgpu');
    const x = tensor(wave(), SHAPE, { backend });
    await x.realize();
    const map = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
    const y = await x.mul(2).clamp(-1, 1).realize();
    expect(map).not.toHaveBeenCalled();
    await y.data();
    expect(map).toHaveBeenCalled();
    map.mockRestore();
    for (const one of [x, y]) one.dispose();
  });

  test('a shader that the GPU refuses is DEVICE_FAILED, and then it goes on', async () => {
    const backend = await tfjsOn('webgpu');
    const x = tensor(wave(), SHAPE, { backend });
    await x.realize();
    const broken = {
      variableNames: [],
      outputShape: [4],
      workgroupSize: [64, 1, 1],
      dispatchLayout: { x: [0] },
      dispatch: [1, 1, 1],
      shaderKey: 'not WGSL',
      getUserCode: () => 'fn main(index : i32) { setOutputAtIndex(index, no such thing); }',
    };
    webgpu().runWebGPUProgram(broken, [], 'float32');
    expect(await codeOf(() => x.mul(3).data())).toBe('DEVICE_FAILED');
    await vi.waitFor(async () => expect(await codeOf(() => x.mul(3).data())).toBeUndefined()); // its errors come one by one
    x.dispose();
  });

  test('a lost device is DEVICE_LOST for ever', async () => {
    const backend = await tfjsOn('webgpu');
    const x = tensor(wave(), SHAPE, { backend });
    await x.realize();
    const { device } = webgpu();
    device.destroy();
    await device.lost;
    for (let i = 0; i < 2; i++) expect(await codeOf(() => x.mul(3).realize())).toBe('DEVICE_LOST');
    renew('webgpu');
  });
});

describe('on webgl', () => {
  test('a lost context is DEVICE_LOST', async () => {
    const backend = await tfjsOn('webgl');
    const x = tensor(wave(), SHAPE, { backend });
    await x.realize();
    const { gl } = (tfBackend() as unknown as { gpgpu: { gl: WebGL2RenderingContext } }).gpgpu;
    gl.getExtension('WEBGL_lose_context')!.loseContext();
    expect(await codeOf(() => x.mul(3).realize())).toBe('DEVICE_LOST');
    renew('webgl');
  });
});

describe('on wasm with threads', () => {
  test('kernels run in shared memory, with the numbers of TensorFlow.js', async () => {
    setWasmPaths({
      'tfjs-backend-wasm.wasm': plain,
      'tfjs-backend-wasm-simd.wasm': simd,
      'tfjs-backend-wasm-threaded-simd.wasm': threaded,
    });
    setThreadsCount(2);
    expect(await setBackend('wasm')).toBe(true);
    const { wasm } = tfBackend() as unknown as { wasm: { HEAPU8: Uint8Array } };
    expect(wasm.HEAPU8.buffer).toBeInstanceOf(SharedArrayBuffer);
    const results: unknown[] = [];
    for (const fused of [true, false]) {
      const backend = await createTfjsBackend({ fused });
      const x = tensor(wave(), SHAPE, { backend });
      const y = x.mul(0.3).add(x.abs().sqrt()).clamp(-0.5, 0.5);
      results.push(Array.from(await y.data()));
      expect(backend.stats().fused).toBe(Number(fused));
      for (const one of [x, y]) one.dispose();
    }
    expect(results[0]).toEqual(results[1]);
  });
});
