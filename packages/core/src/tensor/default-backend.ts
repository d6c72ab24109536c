// The backend of tensors that were never given one. It sits on globalThis, so that two copies of core agree on it.

import type { Backend } from '../backend.ts';

const KEY: unique symbol = Symbol.for('unnoise.defaultBackend') as never;
const shared = globalThis as { [KEY]?: Backend | undefined };

/** Makes `backend` the default for host data that is used from now on; undefined returns to core's own interpreter. */
export function setDefaultBackend(backend: Backend | undefined): void {
  shared[KEY] = backend;
}

/** The default backend, if one was set: `import '@unnoise/backend-cpu/register'` sets a fast one. */
export function defaultBackend(): Backend | undefined {
  return shared[KEY];
}

/** The default backend. If none was set it becomes core's slow float32 interpreter, which is loaded only then. */
export async function resolveDefaultBackend(): Promise<Backend> {
  const { createReferenceBackend } = await import('../reference/backend.ts');
  return (shared[KEY] ??= createReferenceBackend({ precision: 'float32' }));
}
