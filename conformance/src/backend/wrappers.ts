// Backends around a backend: the suite runs again through them, and refusals are provoked with them.

import type { Backend, Capabilities, DType, Handle, Kernel, OpName } from '@unnoise/core';
import { ConformanceError } from '../check.ts';

const OPTIONAL_OPS: readonly OpName[] = [
  ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
  ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
];
const DTYPES: readonly DType[] = ['float32', 'float16', 'int32', 'bool'];

/** The same backend with other capabilities, and perhaps other methods. */
function wrap(
  backend: Backend,
  name: string,
  capabilities: Partial<Capabilities>,
  methods: Partial<Backend> = {},
): Backend {
  return {
    spec: backend.spec,
    name: `${backend.name} (${name})`,
    capabilities: Object.freeze({ ...backend.capabilities, ...capabilities }),
    upload: (data, dtype) => backend.upload(data, dtype),
    run: (kernel, inputs, params, sizes) => backend.run(kernel, inputs, params, sizes),
    download: (handle) => backend.download(handle),
    release: (handle) => backend.release(handle),
    ...(backend.adopt && {
      adopt: (native: unknown, dtype: DType, length?: number) => backend.adopt!(native, dtype, length),
    }),
    ...(backend.native && { native: (handle: Handle) => backend.native!(handle) }),
    ...(backend.stats && { stats: () => backend.stats!() }),
    ...methods,
  };
}

/** One operation at a time: what a fusing backend must agree with. */
export function eager(backend: Backend): Backend {
  return wrap(backend, 'eager', { maxOps: 1 });
}

/** Claims every operation and dtype, so that core lets through what the backend itself must refuse. */
export function claiming(backend: Backend): Backend {
  return wrap(backend, 'claiming', { ops: OPTIONAL_OPS, dtypes: DTYPES });
}

/**
 * Watches the contract while passing everything on: every handle is new and released once, none is used after its release, a kernel
 * has as many results as it says, and the backend changes nothing that it is given. Throws ConformanceError.
 */
export function tracing(backend: Backend): Backend {
  const live = new Set<Handle>();
  const born = <H extends Handle>(handle: H, where: string): H => {
    demand(typeof handle === 'object' && handle !== null, `${where} gave ${typeof handle} for a handle`);
    demand(!live.has(handle), `${where} gave a handle that is still in use`);
    live.add(handle);
    return handle;
  };
  const alive = (handle: Handle, where: string) => demand(live.has(handle), `${where} with a handle that is not live`);
  const outcome = (kernel: Kernel, handles: readonly Handle[]): readonly Handle[] => {
    const { length } = kernel.outputs;
    demand(handles.length === length, `${kernel.key} gave ${handles.length} handles for ${length} outputs`);
    return handles.map((handle) => born(handle, kernel.key));
  };
  return wrap(
    backend,
    'traced',
    {},
    {
      upload: (data, dtype) =>
        born(
          unchanged('upload', [data], () => backend.upload(data, dtype)),
          'upload',
        ),
      run(kernel, inputs, params, sizes) {
        for (const handle of inputs) alive(handle, `run of ${kernel.key}`);
        const handles = unchanged(kernel.key, [kernel, params, sizes], () =>
          backend.run(kernel, inputs, params, sizes),
        );
        return handles instanceof Promise ? handles.then((list) => outcome(kernel, list)) : outcome(kernel, handles);
      },
      download(handle) {
        alive(handle, 'download');
        return backend.download(handle);
      },
      release(handle) {
        alive(handle, 'release');
        live.delete(handle);
        backend.release(handle);
      },
      ...(backend.adopt && {
        adopt: (native: unknown, dtype: DType, length?: number) => {
          const handle = backend.adopt!(native, dtype, length);
          return handle && born(handle, 'adopt');
        },
      }),
    },
  );
}

function unchanged<T>(where: string, given: readonly unknown[], action: () => T): T {
  const before = given.map(snapshot);
  const result = action();
  given.forEach((value, i) =>
    demand(snapshot(value) === before[i], `${where} changed what it was given: ${before[i]?.slice(0, 80)}`),
  );
  return result;
}

/** Large arrays are watched at their ends. */
function snapshot(value: unknown): string {
  if (!ArrayBuffer.isView(value)) return JSON.stringify(value);
  const array = value as unknown as Float32Array;
  return [...array.subarray(0, 64), ...array.subarray(-64)].join();
}

function demand(condition: boolean, message: string): void {
  if (!condition) throw new ConformanceError(`${message}.`);
}
