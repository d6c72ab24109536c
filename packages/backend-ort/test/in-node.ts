// The backends of this package on onnxruntime-node, as all tests in Node make them.

import type { Backend } from '@unnoise/core';
import * as ort from 'onnxruntime-node';

import { createOrtBackend, createOrtGraphBackend } from '../src/index.ts';

export const onCpu = (): Backend => createOrtBackend(ort);

export const graphsOnCpu = (): Backend =>
  createOrtGraphBackend(ort, { session: { intraOpNumThreads: 1, executionProviders: ['cpu'] } });

/** Tensors stay on the device. Software drivers have no shader-f16. In a process of its own: ORT's Dawn is not asked to share one. */
export const graphsOnGpu = (): Backend =>
  createOrtGraphBackend(ort, {
    session: { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' },
    dtypes: ['float32', 'int32', 'bool'],
  });
