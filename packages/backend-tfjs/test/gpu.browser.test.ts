import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';

import { env, setBackend } from '@tensorflow/tfjs-core';
import { backendCases, testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { createTfjsBackend, type TfjsBackend, type TfjsOptions } from '../src/index.ts';

// Small tensors would be computed on the CPU, and prove nothing.
env().set('WEBGL_CPU_FORWARD', false);
env().set('WEBGPU_CPU_FORWARD', false);

async function tfjsOn(runtime: string, options: TfjsOptions = {}): Promise<TfjsBackend> {
  if (!(await setBackend(runtime))) throw new Error(`TensorFlow.js has no ${runtime} backend here`);
  return createTfjsBackend(options);
}

const cases = [...backendCases()].filter(({ id }) => id.startsWith('backend/'));

for (const runtime of ['webgl', 'webgpu']) {
  testBackend({ name: `tfjs-${runtime}`, create: () => tfjsOn(runtime) }, { describe, it }, cases);
  testBackend({ name: `tfjs-${runtime}, as operations`, create: () => tfjsOn(runtime, { fused: false }) }, { describe, it }, cases);
}
