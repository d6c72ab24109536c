import { backendCases, runCases } from '@unnoise/conformance';
import { tensor } from '@unnoise/core';
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

// One test for all cases: a page reports each test to the runner, which takes longer than most cases.
it('the conformance suite holds in Chromium, and nothing is declined', async () => {
  const { results } = await runCases(backendCases(), await createWebGpuBackend(), { query: 'backend/*' });
  expect(results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(results.length).toBeGreaterThan(800);
});
