// Where the tensors of a measured loop come from, and on what it computes.

import { type CpuBackend, createCpuBackend } from '@unnoise/backend-cpu';
import { adopt, type Backend, type Shape, tensor, type Tensor } from '@unnoise/core';

/** A backend, and tensors over it: made anew for each use, over data that stays. */
export interface Source {
  readonly backend: Backend;
  of(data: Float32Array): () => Tensor;
}

/** Samples and model outputs in ordinary arrays, as model runtimes give them. */
export function onArrays(shape: Shape, backend: Backend = createCpuBackend()): Source {
  return { backend, of: (data) => () => tensor(data, shape) };
}

/** In the memory of the CPU backend. */
export function inMemory(shape: Shape, backend: CpuBackend = createCpuBackend()): Source {
  return {
    backend,
    of(data) {
      const room = backend.allocate(data.length);
      room.array.set(data);
      return () => adopt(room, shape, 'float32', backend);
    },
  };
}

/** On a backend that takes every kernel and does nothing: what is left is the host's share. */
export function onNothing(shape: Shape): Source {
  const { capabilities } = createCpuBackend();
  const handle = {};
  return onArrays(shape, {
    spec: 1,
    name: 'nothing',
    capabilities,
    upload: () => handle,
    adopt: () => handle,
    run: (kernel) => kernel.outputs.map(() => handle),
    download: () => new Float32Array(shape.reduce((size, length) => size * length, 1)),
    release: () => undefined,
  });
}
