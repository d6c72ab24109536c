// Which fast path a TensorFlow.js backend has, told by its name. Anything else computes with plain operations.

import { engine, type KernelBackend } from '@tensorflow/tfjs-core';

import type { FastPath } from '../launch.ts';
import { hostPath } from './host.ts';
import { wasmPath } from './wasm.ts';
import { webglPath } from './webgl.ts';
import { webgpuPath } from './webgpu.ts';

const PATHS: Readonly<Record<string, (backend: KernelBackend) => FastPath | undefined>> = {
  cpu: hostPath,
  wasm: wasmPath,
  webgl: webglPath,
  webgpu: webgpuPath,
};

const found = new WeakMap<KernelBackend, FastPath | undefined>();

/** The fast path into `backend`, found once: it may hold memory there. */
export function fastPath(name: string, backend: KernelBackend): FastPath | undefined {
  const open = typeof engine().makeTensorFromTensorInfo === 'function'; // how results become tensors
  if (!found.has(backend)) found.set(backend, open ? PATHS[name]?.(backend) : undefined);
  return found.get(backend);
}
