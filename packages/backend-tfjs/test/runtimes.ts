// TensorFlow.js backends for the tests in Node, set up once each.

import '@tensorflow/tfjs-backend-cpu';

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, setBackend } from '@tensorflow/tfjs-core';

import { createTfjsBackend, type TfjsBackend, type TfjsOptions } from '../src/index.ts';

env().set('IS_TEST', true); // TensorFlow.js checks each of its kernels for leaks, and advertises nothing

const { resolve } = createRequire(import.meta.url);
setWasmPaths(dirname(resolve('@tensorflow/tfjs-backend-wasm')) + sep);

export type Runtime = 'cpu' | 'wasm';
export const RUNTIMES: readonly Runtime[] = ['cpu', 'wasm'];

/** A backend on a TensorFlow.js backend, which becomes the current one. */
export async function tfjsOn(runtime: Runtime, options: TfjsOptions = {}): Promise<TfjsBackend> {
  await setBackend(runtime);
  return createTfjsBackend(options);
}
