import { expect, it } from 'vitest';
import { tensor } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';

it('a page has shared memory and a WebGPU adapter', async () => {
  expect(crossOriginIsolated).toBe(true);
  expect(typeof SharedArrayBuffer).toBe('function');
  expect(await navigator.gpu.requestAdapter()).not.toBeNull();
});

it('packages resolve to their sources', async () => {
  const x = tensor(Float32Array.of(1, 2), [2], { backend: createReferenceBackend() });
  expect([...(await x.mul(2).data())]).toEqual([2, 4]);
  expect(import.meta.resolve).toBeDefined();
});
