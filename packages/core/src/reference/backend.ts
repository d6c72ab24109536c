// The interpreter as a backend: the specification (float64), the oracle for bit equality (float32), and what core runs on when
// no other backend is installed or WebAssembly is not allowed.

import type { Backend, Capabilities, Handle } from '../backend.ts';
import { DiffusionError } from '../errors.ts';
import type { Kernel, OpName } from '../kernel.ts';
import { floatsToHalves, halvesToFloats } from '../tensor/half.ts';
import type { DType, TypedArray } from '../tensor/types.ts';
import { type Precision, runKernelOnArrays, storageOf } from './interpreter.ts';

export interface ReferenceOptions {
  /**
   * float64 (default) treats both float types as real numbers and never rounds; float32 arrays come back as Float64Array, and
   * float16 is rounded only when read. float32 rounds every operation, in the kernel's order.
   */
  readonly precision?: Precision;
  /** Default Infinity; 1 computes one operation at a time. */
  readonly maxOps?: number;
  /** Default Infinity. */
  readonly maxBuffers?: number;
  /** Operations to declare beyond the required four; default all. */
  readonly ops?: readonly OpName[];
}

const OPTIONAL: readonly OpName[] = [
  ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
  ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
];

const DTYPES: readonly DType[] = Object.freeze(['float32', 'float16', 'int32', 'bool']);

/** A backend on plain arrays; synchronous. Use after release: DISPOSED. */
export function createReferenceBackend(options: ReferenceOptions = {}): Backend {
  const { precision = 'float64', maxOps = Infinity, maxBuffers = Infinity, ops = OPTIONAL } = options;
  const capabilities = Object.freeze<Capabilities>({
    dtypes: DTYPES,
    ops: Object.freeze([...ops]),
    maxOps,
    maxBuffers,
  });
  const kernels = new Set<string>();
  let live = 0;
  let dispatches = 0;
  const buffer = (array: TypedArray, dtype: DType): ReferenceBuffer => {
    live++;
    return { array, dtype };
  };

  return {
    spec: 1,
    name: `reference-${precision}`,
    capabilities,
    upload: (data, dtype) => buffer(stored(data, dtype, precision), dtype),
    run(kernel, inputs, params, sizes) {
      if (!kernels.has(kernel.key)) checkDeclared(kernel, capabilities.ops);
      const outputs = runKernelOnArrays(kernel, inputs.map(arrayOf), params, sizes, precision);
      kernels.add(kernel.key);
      dispatches++;
      return outputs.map((array, i) => buffer(array, kernel.outputs[i]!.dtype));
    },
    download(handle) {
      const array = arrayOf(handle);
      return (handle as ReferenceBuffer).dtype === 'float16' && precision === 'float64'
        ? floatsToHalves(array)
        : array.slice();
    },
    release(handle) {
      arrayOf(handle);
      (handle as ReferenceBuffer).array = undefined;
      live--;
    },
    adopt: (native, dtype) => (native instanceof storageOf(dtype, precision) ? buffer(native, dtype) : undefined),
    native: arrayOf,
    stats: () => ({ live, dispatches, compiles: kernels.size }),
  };
}

const REQUIRED: readonly OpName[] = ['linear', 'mul', 'div', 'clamp'];

/** Core asks only for what is declared; a kernel from elsewhere may ask for more. */
function checkDeclared({ kind, reduce, ops }: Kernel, declared: readonly OpName[]): void {
  const needed: readonly OpName[] = kind === 'map' ? ops.map(({ fn }) => fn) : [reduce ?? (kind as OpName)];
  const op = needed.find((name) => !REQUIRED.includes(name) && !declared.includes(name));
  if (op)
    throw new DiffusionError('OP_UNSUPPORTED', `this reference backend was made without '${op}'; add it to its ops`, {
      op,
    });
}

interface ReferenceBuffer {
  array: TypedArray | undefined;
  readonly dtype: DType;
}

function arrayOf(handle: Handle): TypedArray {
  const { array } = handle as ReferenceBuffer;
  if (array) return array;
  throw new DiffusionError(
    'DISPOSED',
    'a buffer of the reference backend was used after its release; release each handle once, last',
  );
}

/** A copy of host data in the class that stores `dtype`. */
function stored(data: TypedArray, dtype: DType, precision: Precision): TypedArray {
  const values = dtype === 'float16' && precision === 'float64' ? halvesToFloats(data) : data;
  const array = new (storageOf(dtype, precision))(values.length);
  array.set(values);
  return array;
}
