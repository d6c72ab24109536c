// The backend of tensors that were never given one. It sits on globalThis, so that two copies of core agree on it.

import type { Backend } from '../backend.ts';
import { createReferenceBackend } from '../reference/backend.ts';

const KEY: unique symbol = Symbol.for('unnoise.defaultBackend') as never;
const shared = globalThis as { [KEY]?: Backend | undefined };

/** Makes `backend` the default for host data that is used from now on; undefined returns to core's own interpreter. */
export function setDefaultBackend(backend: Backend | undefined): void {
  shared[KEY] = backend;
}

/** The default backend. If none was set it is core's slow float32 interpreter; `@unnoise/backend-cpu/register` sets a fast one. */
export function defaultBackend(): Backend {
  return (shared[KEY] ??= createReferenceBackend({ precision: 'float32' }));
}
