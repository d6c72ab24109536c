// Backends with one planted fault each, and the case that must find it. Each is the float32 reference with one thing bent.

import type { Backend, Capabilities, Handle, Kernel, TypedArray } from '@unnoise/core';
import { DiffusionError } from '@unnoise/core';
import type { Precision } from '@unnoise/core/reference';
import { createReferenceBackend, runKernelOnArrays, storageOf } from '@unnoise/core/reference';

export interface BackendFault {
  readonly fault: string;
  readonly caughtBy: string;
  create(): Backend;
}

interface Buffer {
  array: TypedArray;
  readonly dtype: 'float32' | 'float16' | 'int32' | 'bool';
}

/** The parts of a small honest backend; a fault replaces some of them. */
interface Parts {
  readonly capabilities: Capabilities;
  kernel(kernel: Kernel): Kernel;
  params(kernel: Kernel, params: Float64Array): Float64Array;
  compute(kernel: Kernel, inputs: readonly TypedArray[], params: Float64Array, sizes: readonly number[]): TypedArray[];
  /** What happens to the results before they become buffers. */
  results(kernel: Kernel, arrays: readonly TypedArray[], inputs: readonly TypedArray[]): readonly TypedArray[];
  upload(data: TypedArray, dtype: Buffer['dtype']): TypedArray;
  release(buffer: Buffer): void;
  /** What counts as one compiled kernel. */
  compileKey(kernel: Kernel, params: Float64Array, sizes: readonly number[]): string;
  readonly dispatchesPerRun: number;
}

const PRECISION: Precision = 'float32';
const HONEST: Parts = {
  capabilities: createReferenceBackend().capabilities,
  kernel: (kernel) => kernel,
  params: (_, params) => params,
  compute: (kernel, inputs, params, sizes) => runKernelOnArrays(kernel, inputs, params, sizes, PRECISION),
  results: (_, arrays) => arrays,
  upload: copy,
  release: () => {},
  compileKey: ({ key }) => key,
  dispatchesPerRun: 1,
};

function copy(data: TypedArray, dtype: Buffer['dtype']): TypedArray {
  const array = new (storageOf(dtype, PRECISION))(data.length);
  array.set(data);
  return array;
}

/** A backend of these parts; without any, an honest one. */
export function backendOf(parts: Partial<Parts> = {}): Backend {
  const all = { ...HONEST, ...parts };
  const kernels = new Set<string>();
  const live = new Set<Handle>();
  let dispatches = 0;
  const buffer = (array: TypedArray, dtype: Buffer['dtype']): Handle => {
    const handle = { array, dtype };
    live.add(handle);
    return handle;
  };
  return {
    spec: 1,
    name: 'small',
    capabilities: all.capabilities,
    upload: (data, dtype) => buffer(all.upload(data, dtype), dtype),
    run(kernel, handles, params, sizes) {
      const inputs = handles.map((handle) => (handle as Buffer).array);
      kernels.add(all.compileKey(kernel, params, sizes));
      dispatches += all.dispatchesPerRun;
      const arrays = all.compute(all.kernel(kernel), inputs, all.params(kernel, params), sizes);
      return all.results(kernel, arrays, inputs).map((array, i) => buffer(array, kernel.outputs[i]!.dtype));
    },
    download: (handle) => (handle as Buffer).array.slice(),
    release(handle) {
      live.delete(handle);
      all.release(handle as Buffer);
    },
    stats: () => ({ live: live.size, dispatches, compiles: kernels.size }),
  };
}

const fault = (name: string, caughtBy: string, parts: Partial<Parts>): BackendFault => ({
  fault: name,
  caughtBy,
  create: () => backendOf(parts),
});

/** Only kernels that contain this operation are bent. */
const has = (kernel: Kernel, fn: string): boolean =>
  kernel.ops.some((op) => op.fn === fn) || kernel.reduce === fn || kernel.kind === fn;

/** Bends the results of kernels with one operation, number by number. */
const numbers = (
  fn: string,
  bend: (x: number, i: number, inputs: readonly TypedArray[]) => number,
): Partial<Parts> => ({
  results: (kernel, arrays, inputs) =>
    has(kernel, fn) ? arrays.map((array) => array.map((x, i) => bend(x, i, inputs))) : arrays,
});

const linearParams = (bend: (params: Float64Array) => Float64Array): Partial<Parts> => ({
  params: (kernel, params) => (has(kernel, 'linear') ? bend(params.slice()) : params),
});

const without = (...ops: readonly string[]): Capabilities => {
  const { capabilities } = HONEST;
  return Object.freeze({ ...capabilities, ops: Object.freeze(capabilities.ops.filter((op) => !ops.includes(op))) });
};

const refuse = (code: 'OP_UNSUPPORTED' | 'REQUEST_INVALID'): Partial<Parts> => ({
  capabilities: without('exp'),
  kernel(kernel) {
    if (has(kernel, 'exp')) throw new DiffusionError(code, 'This backend has no exp.');
    return kernel;
  },
});

/** A backend that does not declare exp, and refuses it as it must. */
export const withoutExp = (): Backend => backendOf(refuse('OP_UNSUPPORTED'));

const LINEAR = 'backend/map/linear:dtype=float32;n=2;layout=contiguous';

export const BACKEND_FAULTS: readonly BackendFault[] = [
  fault(
    'a sign is flipped',
    LINEAR,
    linearParams((p) => p.map((c, i) => (i === 1 ? -c : c))),
  ),
  fault(
    'two coefficients are swapped',
    LINEAR,
    linearParams(([a = 0, b, ...rest]) => Float64Array.of(b ?? a, b === undefined ? 0 : a, ...rest)),
  ),
  fault(
    'coefficients are rounded to float16',
    LINEAR,
    linearParams((p) => p.map((c) => Math.round(c * 2 ** 11) / 2 ** 11)),
  ),
  fault('the bias is lost', 'backend/map/linear:dtype=float32;n=3;bias=yes', {
    params: (kernel, params) =>
      has(kernel, 'linear') && params.length === kernel.inputs.length + 1 ? params.with(params.length - 1, 0) : params,
  }),
  fault(
    'NaN for Infinity',
    'backend/map/div:dtype=float32;values=special',
    numbers('div', (x) => (Number.isFinite(x) ? x : NaN)),
  ),
  fault(
    'clamp loses NaN',
    'backend/map/clamp:dtype=float32;values=special',
    numbers('clamp', (x) => (Number.isNaN(x) ? -1 : x)),
  ),
  fault(
    'max takes the number beside NaN',
    'backend/map/max:dtype=float32;values=special',
    numbers('max', (x, i, [a, b]) => (Number.isNaN(x) ? (a?.[i] ?? b?.[i] ?? 0) || 0 : x)),
  ),
  fault(
    'div is a tenth of a percent off',
    'backend/map/div:dtype=float32;layout=contiguous',
    numbers('div', (x) => x * 1.001),
  ),
  fault(
    'exp is too coarse',
    'backend/map/exp:dtype=float32;layout=contiguous',
    numbers('exp', (x) => x * (1 + 2e-5)),
  ),
  fault('a broadcast input is read along the wrong dimension', 'backend/map/mul:dtype=float32;layout=broadcast-row', {
    kernel: (kernel) => ({
      ...kernel,
      inputs: kernel.inputs.map((input) => ({ ...input, dims: input.dims.toReversed() })),
    }),
  }),
  fault('the elements after the last whole vector are forgotten', 'backend/map/mul:dtype=float32;layout=odd', {
    results: (kernel, arrays) =>
      kernel.kind === 'map'
        ? arrays.map((array) => array.map((x, i) => (i < array.length - (array.length % 4) ? x : 0)))
        : arrays,
  }),
  fault(
    'only 65,536 elements are computed',
    'backend/map/mul:dtype=float32;layout=large',
    numbers('mul', (x, i) => (i < 65_536 ? x : 0)),
  ),
  fault(
    'eq gives 255 for true',
    'backend/map/eq:dtype=float32;layout=contiguous',
    numbers('eq', (x) => 255 * x),
  ),
  fault('a cast to int32 rounds', 'backend/map/cast:from=float32;dtype=int32', {
    compute(kernel, inputs, params, sizes) {
      const rounded =
        has(kernel, 'cast') && kernel.outputs[0]!.dtype === 'int32'
          ? inputs.map((input) => input.map(Math.round))
          : inputs;
      return HONEST.compute(kernel, rounded, params, sizes);
    },
  }),
  fault('an integer comes back as a float', 'backend/map/mul:dtype=int32;layout=contiguous', {
    results: (kernel, arrays) =>
      arrays.map((array, i) => (kernel.outputs[i]!.dtype === 'int32' ? Float32Array.from(array, (x) => x / 3) : array)),
  }),
  fault('argmax takes the last of equals', 'backend/reduce/argmax:dtype=int32;values=ties', {
    compute(kernel, inputs, params, sizes) {
      const [outer = 0, axis = 0] = sizes;
      if (kernel.kind !== 'argmax' || sizes[2] !== 1) return HONEST.compute(kernel, inputs, params, sizes);
      const row = (o: number): number[] => Array.from(inputs[0]!.subarray(o * axis, (o + 1) * axis));
      return [Int32Array.from({ length: outer }, (_, o) => row(o).lastIndexOf(Math.max(...row(o))))];
    },
  }),
  fault('a sum stops at 64', 'backend/reduce/sum:dtype=float32;axis=last', {
    compute(kernel, inputs, params, sizes) {
      const [outer = 0, axis = 0, inner = 0] = sizes;
      if (kernel.reduce !== 'sum') return HONEST.compute(kernel, inputs, params, sizes);
      const cut = inputs.map((x) => x.map((value, i) => (Math.floor(i / inner) % axis < 64 ? value : 0)));
      return HONEST.compute(kernel, cut, params, [outer, axis, inner]);
    },
  }),
  fault('transpose leaves things where they are', 'backend/layout/transpose:dtype=float32;at=matrix', {
    compute: (kernel, inputs, params, sizes) =>
      kernel.kind === 'transpose' ? [inputs[0]!.slice()] : HONEST.compute(kernel, inputs, params, sizes),
  }),
  fault('slice starts one too late', 'backend/layout/slice:dtype=float32;at=middle', {
    compute: (kernel, inputs, params, sizes) =>
      HONEST.compute(kernel, inputs, params, kernel.kind === 'slice' ? sizes.with(3, sizes[3]! + 1) : sizes),
  }),
  fault('a result shares memory with an input that is released', 'backend/map/clamp:dtype=float32;layout=released', {
    results: (kernel, arrays, inputs) => (has(kernel, 'clamp') ? inputs.slice(0, 1) : arrays),
    release: ({ array }) => void array.fill(0),
  }),
  fault('a kernel writes into its input', 'backend-traced/map/mul:dtype=float32;layout=alias', {
    compute(kernel, inputs, params, sizes) {
      const outputs = HONEST.compute(kernel, inputs, params, sizes);
      params.fill(7);
      (sizes as number[])[0] = 1;
      return outputs;
    },
  }),
  fault('a buffer leaks in every kernel', 'backend/map/mul:dtype=float32;layout=one', {
    results: (kernel, arrays) => (has(kernel, 'mul') ? [...arrays, new Float32Array(1)] : arrays),
  }),
  fault("upload keeps the caller's array", 'backend/buffer/upload-copies:dtype=float32', { upload: (data) => data }),
  fault('upload ignores where a subarray starts', 'backend/buffer/view', {
    upload: (data, dtype) =>
      data instanceof Float32Array ? new Float32Array(data.buffer.slice(0), 0, data.length) : copy(data, dtype),
  }),
  fault('coefficients are part of the kernel', 'backend/kernel/coefficients', {
    compileKey: ({ key }, params) => `${key} ${params.join()}`,
  }),
  fault('sizes are part of the kernel', 'backend/kernel/sizes', {
    compileKey: ({ key }, _, sizes) => `${key} ${sizes.join()}`,
  }),
  fault('a step is two kernels', 'backend/fusion/ddim', { dispatchesPerRun: 2 }),
  fault('an operation that is not declared is computed all the same', 'backend/map/exp:dtype=float32;layout=odd', {
    capabilities: without('exp'),
  }),
  fault('a refusal has the wrong code', 'backend/map/exp:dtype=float32;layout=odd', refuse('REQUEST_INVALID')),
  fault('capabilities can be changed', 'backend/capabilities/frozen', { capabilities: { ...HONEST.capabilities } }),
  fault('an operation is declared that does not exist', 'backend/capabilities/valid', {
    capabilities: Object.freeze({
      ...HONEST.capabilities,
      ops: Object.freeze([...HONEST.capabilities.ops, 'tanh' as 'exp']),
    }),
  }),
  fault('fused kernels drop a term', 'backend/unfused/diamond', {
    results: (kernel, arrays) => (kernel.ops.length > 1 ? arrays.map((array) => array.map((x) => x + 0.01)) : arrays),
  }),
];
