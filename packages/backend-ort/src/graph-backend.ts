// The backend for any execution provider: every kernel is a small ONNX graph, whose tensors stay wherever the provider keeps them.
// What a kernel's graph computes is in onnx/; this file keeps buffers and feeds sessions.

import {
  type Backend,
  type BackendStats,
  type Capabilities,
  DiffusionError,
  type DType,
  type Handle,
  type Kernel,
  type TypedArray,
} from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { CAPABILITIES } from './capabilities.ts';
import { ARRAYS, bitsOf, checkAlive, hostElements, isOnHost, ortTensor, partOf, reshaped, sizeOf } from './elements.ts';
import { type KernelSession, SessionCache } from './graph-sessions.ts';
import { checkLengths } from './lengths.ts';
import type { OrtRuntime, OrtSessionOptions, OrtTensor } from './runtime.ts';
import { inTurn } from './sessions.ts';

export interface OrtGraphOptions {
  /** For every session: executionProviders, preferredOutputLocation, ... Default: ONNX Runtime's own, with errors only in its log. */
  readonly session?: OrtSessionOptions;
  /** What the provider can store; default all four. Leave float16 out for a GPU without `shader-f16`. */
  readonly dtypes?: readonly DType[];
}

export interface OrtGraphBackend extends Backend {
  readonly name: 'ort-graph';
  stats(): BackendStats;
  /** Releases all sessions, in their turn. The backend opens new ones if it is used again. */
  dispose(): Promise<void>;
}

/** A backend that runs kernels as ONNX graphs on the execution provider of your choice. */
export function createOrtGraphBackend(runtime: OrtRuntime, options: OrtGraphOptions = {}): OrtGraphBackend {
  return new GraphBackend(runtime, options);
}

interface OrtBuffer {
  readonly owner: GraphBackend;
  /** Of one dimension. */
  readonly tensor: OrtTensor;
  readonly dtype: DType;
  readonly length: number;
  readonly owned: boolean;
  /** Of a tensor that was taken over: what to do when this buffer is let go. */
  readonly release: (() => void) | undefined;
  released: boolean;
}

class GraphBackend implements OrtGraphBackend {
  readonly spec = 1;
  readonly name = 'ort-graph';
  readonly capabilities: Capabilities;
  readonly #runtime: OrtRuntime;
  readonly #kernels: SessionCache;
  /** Brings elements to the host. Never getData(): on onnxruntime-node's WebGPU provider that ends the process. */
  readonly #copies: SessionCache;
  #live = 0;
  #dispatches = 0;

  constructor(runtime: OrtRuntime, { session = {}, dtypes = CAPABILITIES.dtypes }: OrtGraphOptions) {
    this.#runtime = runtime;
    this.capabilities = Object.freeze({ ...CAPABILITIES, dtypes: Object.freeze([...dtypes]) });
    const options = { logSeverityLevel: 3, ...session };
    this.#kernels = new SessionCache(runtime, options);
    this.#copies = new SessionCache(runtime, { ...options, preferredOutputLocation: 'cpu' });
  }

  async run(
    kernel: Kernel,
    handles: readonly Handle[],
    params: Float64Array,
    sizes: readonly number[],
  ): Promise<readonly OrtBuffer[]> {
    const inputs = handles.map((handle) => this.#buffer(handle));
    this.#checkDeclared([...kernel.inputs, ...kernel.outputs, ...kernel.ops].map(({ dtype }) => dtype));
    checkLengths(
      kernel,
      sizes,
      inputs.map(({ length }) => length),
    );
    this.#dispatches++;
    const length = kernelLength(kernel, sizes);
    if (length === 0 || isEmptySum(kernel, sizes)) return kernel.outputs.map(({ dtype }) => this.#zeros(dtype, length));
    const compiled = await this.#kernels.get(kernel, sizes);
    const tensors = await this.#execute(compiled, this.#feeds(compiled, inputs, params, sizes), kernel);
    return tensors.map((tensor, i) => this.#keep(tensor, kernel.outputs[i]!.dtype, true));
  }

  #feeds(
    { vectors }: KernelSession,
    inputs: readonly OrtBuffer[],
    params: Float64Array,
    sizes: readonly number[],
  ): Record<string, OrtTensor> {
    const feeds: Record<string, OrtTensor> = {};
    inputs.forEach(({ tensor }, i) => (feeds[`x${i}`] = tensor));
    if (params.length > 0) feeds['params'] = ortTensor(this.#runtime, 'float32', Float32Array.from(params));
    for (const [name, of] of vectors) {
      feeds[name] = ortTensor(this.#runtime, 'int64', BigInt64Array.from(of(sizes), BigInt));
    }
    return feeds;
  }

  async #execute(
    { session, outputs }: KernelSession,
    feeds: Readonly<Record<string, OrtTensor>>,
    kernel: Kernel,
  ): Promise<readonly OrtTensor[]> {
    try {
      const results = await inTurn(this.#runtime, () => session.run(feeds, outputs));
      return outputs.map((name) => results[name]!);
    } catch (cause) {
      const message = `ONNX Runtime failed on the kernel '${kernel.key}': ${(cause as Error).message}`;
      throw new DiffusionError('OP_UNSUPPORTED', message, { kernel: kernel.key }, cause);
    }
  }

  /** A GPU without float16 would fail later, and less clearly. */
  #checkDeclared(dtypes: readonly DType[]): void {
    const missing = dtypes.find((dtype) => !this.capabilities.dtypes.includes(dtype));
    if (!missing) return;
    const message = `this ORT backend was made without ${missing}; cast first, or add it to its dtypes if the provider has it.`;
    throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype: missing });
  }

  upload(data: TypedArray, dtype: DType): OrtBuffer {
    this.#checkDeclared([dtype]);
    if (!(data instanceof ARRAYS[dtype] || (dtype === 'float32' && data instanceof Float64Array))) {
      const message = `a ${data.constructor.name} cannot hold ${dtype} elements. Pass a ${ARRAYS[dtype].name}.`;
      throw new DiffusionError('DTYPE_UNSUPPORTED', message, { dtype });
    }
    return this.#keep(ortTensor(this.#runtime, dtype, ARRAYS[dtype].from(data)), dtype, true);
  }

  adopt(native: unknown, dtype: DType): OrtBuffer | undefined {
    if (!this.capabilities.dtypes.includes(dtype)) return undefined;
    const part = partOf(native);
    if (part)
      return part.length === sizeOf(part.tensor) ? this.#adoptTensor(part.tensor, dtype, part.release) : undefined;
    const array = native instanceof ARRAYS[dtype] ? native : dtype === 'float16' ? bitsOf(native) : undefined;
    // onnxruntime-node takes no shared memory: that is copied
    if (!array || !(array.buffer instanceof ArrayBuffer)) return undefined;
    return this.#keep(ortTensor(this.#runtime, dtype, array), dtype, false);
  }

  #adoptTensor(tensor: OrtTensor, dtype: DType, release?: () => void): OrtBuffer | undefined {
    checkAlive(tensor);
    if (tensor.type !== dtype) return undefined;
    const flat = tensor.dims.length === 1 ? tensor : reshaped(tensor, [sizeOf(tensor)]);
    return this.#keep(flat, dtype, false, release);
  }

  download(handle: Handle): TypedArray | Promise<TypedArray> {
    const { tensor, dtype, length, owned } = this.#buffer(handle);
    if (length === 0) return new ARRAYS[dtype](0);
    if (!isOnHost(tensor)) return this.#fetch(tensor, dtype, length);
    const array = hostElements(tensor, dtype)!;
    return owned ? array.slice() : array;
  }

  async #fetch(tensor: OrtTensor, dtype: DType, length: number): Promise<TypedArray> {
    const kernel = copyOf(dtype);
    const session = await this.#copies.get(kernel, [0, 0, 0, 0, 0]);
    const sizes = [1, length, 1, 0, length];
    const buffer = { tensor } as OrtBuffer;
    const [copy] = await this.#execute(session, this.#feeds(session, [buffer], new Float64Array(), sizes), kernel);
    return hostElements(copy!, dtype)!;
  }

  native(handle: Handle): OrtTensor {
    return this.#buffer(handle).tensor;
  }

  release(handle: Handle): void {
    const buffer = this.#buffer(handle);
    buffer.released = true;
    this.#live--;
    if (buffer.owned && !isOnHost(buffer.tensor)) buffer.tensor.dispose();
    buffer.release?.();
  }

  #zeros(dtype: DType, length: number): OrtBuffer {
    return this.#keep(ortTensor(this.#runtime, dtype, new ARRAYS[dtype](length)), dtype, true);
  }

  #keep(tensor: OrtTensor, dtype: DType, owned: boolean, release?: () => void): OrtBuffer {
    this.#live++;
    return { owner: this, tensor, dtype, length: sizeOf(tensor), owned, release, released: false };
  }

  #buffer(handle: Handle): OrtBuffer {
    const buffer = handle as OrtBuffer;
    if (buffer.owner !== this) {
      const message = 'a buffer of another backend reached this ORT backend. Read its data and pass that.';
      throw new DiffusionError('BACKEND_MISMATCH', message);
    }
    if (!buffer.released) return buffer;
    const { dtype, length } = buffer;
    const message = `a ${dtype} buffer of ${length} elements was used after its release.`;
    throw new DiffusionError('DISPOSED', message, { dtype, length });
  }

  stats(): BackendStats {
    return { live: this.#live, dispatches: this.#dispatches, compiles: this.#kernels.compiles };
  }

  async dispose(): Promise<void> {
    await Promise.all([this.#kernels.clear(), this.#copies.clear()]);
  }
}

/** A sum of nothing is 0, which runtimes do not agree on. */
const isEmptySum = ({ kind, reduce }: Kernel, sizes: readonly number[]): boolean =>
  kind === 'reduce' && reduce === 'sum' && sizes[1] === 0;

/** Moves all elements: a slice of everything, whose result lies where its session puts results. */
const copyOf = (dtype: DType): Kernel => ({
  key: `copy ${dtype}`,
  kind: 'slice',
  inputs: [{ dtype, dims: [] }],
  outputs: [{ dtype, value: 0 }],
  ops: [],
});
