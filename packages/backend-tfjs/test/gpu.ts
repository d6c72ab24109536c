// TensorFlow.js backends for the tests in a browser.

import '@tensorflow/tfjs-backend-webgl';
import '@tensorflow/tfjs-backend-webgpu';

import { env, findBackendFactory, registerBackend, removeBackend, setBackend } from '@tensorflow/tfjs-core';

import { createTfjsBackend, type TfjsBackend, type TfjsOptions } from '../src/index.ts';

// Small tensors would be computed on the CPU, and prove nothing.
env().set('WEBGL_CPU_FORWARD', false);
env().set('WEBGPU_CPU_FORWARD', false);

export type Gpu = 'webgl' | 'webgpu';
export const GPUS: readonly Gpu[] = ['webgl', 'webgpu'];

/** A backend on a TensorFlow.js backend, which becomes the current one. */
export async function tfjsOn(runtime: Gpu, options: TfjsOptions = {}): Promise<TfjsBackend> {
  if (!(await setBackend(runtime))) throw new Error(`TensorFlow.js has no ${runtime} backend here`);
  return createTfjsBackend(options);
}

/** Removes a TensorFlow.js backend that a test has broken; the next use makes another. */
export function renew(runtime: Gpu): void {
  const factory = findBackendFactory(runtime);
  removeBackend(runtime);
  registerBackend(runtime, factory, 2);
}
