// onnxruntime-web where it lives: in a page, with its wasm provider and its WebGPU provider on a device of ours.

import { backendCases, runCases } from '@unnoise/conformance';
import { type Backend, realize, type Tensor, tensor } from '@unnoise/core';
import * as ort from 'onnxruntime-web/webgpu';
import { beforeAll, describe, expect, it } from 'vitest';

import { createSession, fromOrt, toOrt } from '../src/index.ts';
import { Graph } from '../src/onnx/graph.ts';
import { createOrtWebGpuBackend, webGpuSession } from '../src/webgpu.ts';
import { graphsOnGpu, graphsOnWasm, onGpu, onWasm } from './in-page.ts';

let device: GPUDevice;

beforeAll(async () => {
  device = await (await navigator.gpu.requestAdapter())!.requestDevice();
});

/** One test for all cases: a page reports each test to the runner, which takes longer than most cases. */
async function holds(backend: Backend, ...queries: readonly string[]): Promise<number> {
  let count = 0;
  for (const query of queries) {
    const { results } = await runCases(backendCases(), backend, { query });
    expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    count += results.length;
  }
  return count;
}

/** Where a page could make a difference. All operations run in Node, and those of WGSL in backend-webgpu's own tests. */
const CHOSEN = ['backend/program/*', 'backend/buffer/*', 'backend/adopt/*'] as const;

/** 2 x, as a model of one node. */
function doubling(): Uint8Array {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['a', 'b']);
  graph.output(graph.node('Add', [x, x]), 'y', 'float32', ['a', 'b']);
  return graph.bytes('doubling');
}

describe('onnxruntime-web in a page', () => {
  it('holds the conformance suite on tensors in host memory', async () => {
    expect(await holds(onWasm(), 'backend/*')).toBeGreaterThan(800);
  });

  it('holds the conformance suite with kernels as ONNX graphs on the wasm provider', async () => {
    expect(await holds(graphsOnWasm(), ...CHOSEN)).toBeGreaterThan(20);
  });

  it('gives float16 as a Float16Array, and the same bits come back from a step', async () => {
    const backend = graphsOnWasm();
    const native = new ort.Tensor('float16', Uint16Array.of(0x3c00, 0x4000), [2]);
    const doubled = await fromOrt(native, backend).mul(2).realize();
    expect(await doubled.data()).toEqual(Uint16Array.of(0x4000, 0x4400));
  });
});

describe('the WebGPU provider on a device of ours', () => {
  it('holds the conformance suite with WGSL on the buffers that both share', async () => {
    const backend = await onGpu(device);
    expect(await holds(backend, ...CHOSEN)).toBeGreaterThan(20);
    backend.destroy();
  });

  it('holds the programs of the conformance suite with kernels as ONNX graphs', async () => {
    const backend = graphsOnGpu(device);
    expect(await holds(backend, ...CHOSEN)).toBeGreaterThan(20);
    await backend.dispose();
  });

  it('runs model and step in turn without a copy to the host', async () => {
    const backend = await onGpu(device);
    const session = await createSession(ort, doubling(), webGpuSession(device));
    let x: Tensor = tensor(Float32Array.of(1, -2, 3, 0.5), [2, 2], { backend });
    await realize(x);
    for (let i = 0; i < 5; i++) {
      const { y } = await session.run({ x: await toOrt(x) }, ['y']);
      const out = fromOrt(y!, backend);
      const next = await out.mul(0.5).add(x).mul(0.5).realize(); // (2x / 2 + x) / 2 = x
      for (const old of [x, out]) old.dispose();
      y!.dispose();
      x = next;
    }
    expect(backend.stats().readbacks).toBe(1); // that of the check when the backend was made
    expect([...(await x.data())]).toEqual([1, -2, 3, 0.5]);
    x.dispose();
    expect(backend.stats().live).toBe(0);
    backend.destroy();
  });

  it('opens sessions one at a time, however many are asked for at once', async () => {
    const sessions = await Promise.all([1, 2, 3].map(() => createSession(ort, doubling(), webGpuSession(device))));
    expect(sessions).toHaveLength(3);
    for (const session of sessions) await session.release();
  });

  it('refuses the build with JSEP, which computes elsewhere and returns wrong numbers', async () => {
    const jsep = await import('onnxruntime-web/all'); // as the main entry, which this runner would resolve to the build for Node
    jsep.env.wasm.numThreads = 1;
    jsep.env.logLevel = 'fatal';
    await expect(createOrtWebGpuBackend(jsep, device)).rejects.toThrow(/onnxruntime-web\/webgpu/);
  });
});
