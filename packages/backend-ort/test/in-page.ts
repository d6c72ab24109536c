// The backends of this package on onnxruntime-web, as all tests in a page make them.

import type { Backend } from '@unnoise/core';
import * as ort from 'onnxruntime-web/webgpu';

import { createOrtBackend, createOrtGraphBackend, type OrtGraphBackend } from '../src/index.ts';
import { createOrtWebGpuBackend, webGpuSession } from '../src/webgpu.ts';

ort.env.wasm.numThreads = 1;

export const onWasm = (): Backend => createOrtBackend(ort);

export const graphsOnWasm = (): OrtGraphBackend =>
  createOrtGraphBackend(ort, { session: { executionProviders: ['wasm'] } });

export const onGpu = (device: GPUDevice): ReturnType<typeof createOrtWebGpuBackend> =>
  createOrtWebGpuBackend(ort, device);

export function graphsOnGpu(device: GPUDevice): OrtGraphBackend {
  const half = device.features.has('shader-f16');
  const dtypes = ['float32', ...(half ? (['float16'] as const) : []), 'int32', 'bool'] as const;
  return createOrtGraphBackend(ort, { session: webGpuSession(device), dtypes });
}
