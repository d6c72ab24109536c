// Kernels with their keys. Equal structure gives the same object, so a backend may cache by identity or by key.

import type { InputSpec, Kernel, KernelOp } from '../kernel.ts';

const kernels = new Map<string, Kernel>();

/** The one kernel of this structure, with its key filled in. */
export function intern(parts: Omit<Kernel, 'key'>): Kernel {
  const key = keyOf(parts);
  let kernel = kernels.get(key);
  if (!kernel) kernels.set(key, (kernel = { key, ...parts }));
  return kernel;
}

/** For example `map float32:1,float32:1 linear(0,1;0,1)float32 2`: kind, inputs with their broadcast pattern, operations, stored values. */
function keyOf({ kind, reduce, inputs, ops, outputs }: Omit<Kernel, 'key'>): string {
  const stored = outputs.map(({ value }) => value).join();
  return `${reduce ?? kind} ${inputs.map(inputKey).join()} ${ops.map(opKey).join(' ')} ${stored}`;
}

const inputKey = ({ dtype, dims }: InputSpec): string => `${dtype}:${dims.map(Number).join('')}`;
const opKey = ({ fn, args, params, dtype }: KernelOp): string => `${fn}(${args.join()};${params.join()})${dtype}`;
