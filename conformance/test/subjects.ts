// What the repository tests its own parts with: the backends and schedulers of the matrix.

import { readdirSync } from 'node:fs';
import type { Backend, SchedulerClass } from '@unnoise/core';
import { createCpuBackend } from '@unnoise/backend-cpu';
import { registry } from '@unnoise/core';
import '@unnoise/core/beta-sigmas';
import { createReferenceBackend } from '@unnoise/core/reference';
import { backendInNode, hasAdapter } from '../../packages/backend-webgpu/test/gpu.ts';

const PACKAGES = new URL('../../packages/', import.meta.url);

/** The class of every packages/scheduler-*, registered: a new package is tested without being listed here. */
export const SCHEDULERS: readonly SchedulerClass[] = await Promise.all(
  readdirSync(PACKAGES)
    .filter((name) => name.startsWith('scheduler-'))
    .map(async (name) => {
      const exports = Object.values((await import(new URL(`${name}/src/index.ts`, PACKAGES).pathname)) as object);
      return exports.find((value) => typeof value === 'function' && 'className' in value) as SchedulerClass;
    }),
);
registry.add(...SCHEDULERS);

export interface NamedBackend {
  readonly name: string;
  /** Results equal core's float32 interpreter bit for bit. */
  readonly exact: boolean;
  create(): Backend;
}

/** A backend under another name, so that the columns of the matrix differ. */
const named = (name: string, backend: Backend): Backend =>
  new Proxy(backend, {
    get: (target, key) => {
      if (key === 'name') return name;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });

const backend = (name: string, exact: boolean, make: () => Backend): NamedBackend => ({
  name,
  exact,
  create: () => named(name, make()),
});

export const BACKENDS: readonly NamedBackend[] = [
  backend('reference float64', false, () => createReferenceBackend()),
  backend('reference float32', true, () => createReferenceBackend({ precision: 'float32' })),
  backend('reference, one op, 4 buffers', false, () =>
    createReferenceBackend({ precision: 'float32', maxOps: 1, maxBuffers: 4 }),
  ),
  backend('reference, required ops only', false, () => createReferenceBackend({ precision: 'float32', ops: [] })),
  backend('cpu', true, () => createCpuBackend()),
  backend('cpu without WebAssembly', true, () => createCpuBackend({ wasm: false })),
];

const byName = (name: string): NamedBackend => BACKENDS.find((one) => one.name === name)!;

/** What programs use. */
export const CPU: NamedBackend = byName('cpu');

/** Schedulers are reported on the specification and on what programs use. */
export const SCHEDULER_BACKENDS: readonly NamedBackend[] = [byName('reference float64'), CPU];

/** WebGPU in Node, where there is a driver; tools/device-reporter.ts says so where there is none. One device serves all. */
const gpu = hasAdapter ? await backendInNode() : undefined;
export const GPU_BACKENDS: readonly NamedBackend[] = gpu ? [backend('webgpu in Node', false, () => gpu)] : [];
