import { backendCases, runCases } from '@unnoise/conformance';
import { adopt, tensor } from '@unnoise/core';
import { expect, it } from 'vitest';

import { createWebGpuBackend } from '../src/index.ts';

it('a page has shared memory and a WebGPU adapter', async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(typeof SharedArrayBuffer).toBe('function');
  expect(await navigator.gpu.requestAdapter()).not.toBeNull();
});

it('importing register makes WebGPU the default of tensors', async () => {
  await import('@unnoise/backend-webgpu/register');
  const doubled = tensor(Float32Array.of(0.5, -1, 2), [3]).mul(2);
  expect([...(await doubled.data())]).toEqual([1, -2, 4]);
  expect(doubled.node.backend?.name).toBe('webgpu');
});

// One test for all cases: a page reports each test to the runner, which takes longer than most cases. Once through the wrappers is
// enough, and that is in Node.
it('the conformance suite holds in Chromium, and nothing is declined', async () => {
  const { results } = await runCases(backendCases(), await createWebGpuBackend(), { query: 'backend/*' });
  expect(results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(results.length).toBeGreaterThan(800);
}, 180_000);

it('what a page does wrong with its device is said when a result is read', async () => {
  const device = async () => (await navigator.gpu.requestAdapter())!.requestDevice();
  const [ours, other] = [await device(), await device()];
  const backend = await createWebGpuBackend({ device: ours });
  const foreign = adopt(other.createBuffer({ size: 256, usage: 0x84 }), [64], 'float32', backend).mul(2);
  await expect(foreign.data()).rejects.toMatchObject({ code: 'DEVICE_FAILED' });
  const x = tensor(new Float32Array(64).fill(1), [64], { backend });
  expect((await x.mul(2).data())[63]).toBe(2);
  ours.destroy();
  await ours.lost;
  await expect(x.mul(3).data()).rejects.toMatchObject({ code: 'DEVICE_LOST' });
});
