// The backend for gpu-buffer tensors of onnxruntime-web: WGSL kernels on the device that ONNX Runtime computes on, so that a loop of
// model and scheduler never leaves it. The kernels are backend-webgpu's; this file lends them ORT's buffers and gives theirs back.

import { createWebGpuBackend, type WebGpuBackend, type WebGpuStats } from '@unnoise/backend-webgpu';
import { type Backend, DiffusionError, type DType, type Handle, type Kernel, type TypedArray } from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { checkAlive, partOf } from './elements.ts';
import { Graph } from './onnx/graph.ts';
import type { OrtRuntime, OrtSessionOptions, OrtTensor } from './runtime.ts';
import { createSession, inTurn } from './sessions.ts';

/** `import * as ort from 'onnxruntime-web/webgpu'`: the one build of onnxruntime-web that takes a device. */
export interface OrtGpuRuntime extends OrtRuntime {
  readonly Tensor: OrtRuntime['Tensor'] & {
    // oxlint-disable-next-line typescript/no-explicit-any -- one overload for each element type, as above
    fromGpuBuffer(buffer: GPUBuffer, options: { dataType: any; dims: readonly number[] }): OrtTensor;
  };
}

export interface OrtWebGpuBackend extends Backend {
  readonly name: 'ort-webgpu';
  readonly device: GPUDevice;
  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Handle[];
  download(handle: Handle): Promise<TypedArray>;
  /** A gpu-buffer tensor of one dimension, valid until the tensor is disposed; undefined for bool, which ORT packs otherwise, and for later parts of a tensor. */
  native(handle: Handle): OrtTensor | undefined;
  stats(): WebGpuStats;
  /** Gives the memory back. The device stays the caller's. */
  destroy(): void;
}

/** Session options with which a model computes on `device` and leaves its outputs there. */
export function webGpuSession(device: GPUDevice): OrtSessionOptions {
  return { executionProviders: [{ name: 'webgpu', device }], preferredOutputLocation: 'gpu-buffer' };
}

/**
 * A backend on a device that it shares with ONNX Runtime. Open models with `createSession(ort, model, webGpuSession(device))`.
 * @throws DiffusionError BACKEND_MISMATCH where ONNX Runtime does not compute on this device, as other builds than
 *   `onnxruntime-web/webgpu` do not: they would return wrong numbers.
 */
export async function createOrtWebGpuBackend(runtime: OrtGpuRuntime, device: GPUDevice): Promise<OrtWebGpuBackend> {
  const backend = new SharedDeviceBackend(runtime, await createWebGpuBackend({ device }));
  await checkShared(runtime, backend);
  return backend;
}

interface SharedBuffer {
  readonly inner: Handle;
  readonly dtype: DType;
  readonly length: number;
  /** Of a part of an ORT tensor, which is no tensor by itself. */
  readonly offset?: number;
  /** Of a tensor that was taken over: what to do when this buffer is let go. */
  readonly release?: (() => void) | undefined;
}

/** Bytes of an element in ORT's buffers, which are ours in all types but bool. */
const ELEMENT_SIZE: Readonly<Record<Exclude<DType, 'bool'>, number>> = { float32: 4, float16: 2, int32: 4 };

class SharedDeviceBackend implements OrtWebGpuBackend {
  readonly spec = 1;
  readonly name = 'ort-webgpu';
  readonly #runtime: OrtGpuRuntime;
  readonly #gpu: WebGpuBackend;

  constructor(runtime: OrtGpuRuntime, gpu: WebGpuBackend) {
    this.#runtime = runtime;
    this.#gpu = gpu;
  }

  get capabilities(): Backend['capabilities'] {
    return this.#gpu.capabilities;
  }

  get device(): GPUDevice {
    return this.#gpu.device;
  }

  upload(data: TypedArray, dtype: DType): SharedBuffer {
    return { inner: this.#gpu.upload(data, dtype), dtype, length: data.length };
  }

  run(
    kernel: Kernel,
    inputs: readonly Handle[],
    params: Float64Array,
    sizes: readonly number[],
  ): readonly SharedBuffer[] {
    const results = this.#gpu.run(kernel, inputs.map(innerOf), params, sizes);
    const length = kernelLength(kernel, sizes);
    return results.map((inner, i) => ({ inner, dtype: kernel.outputs[i]!.dtype, length }));
  }

  adopt(native: unknown, dtype: DType): SharedBuffer | undefined {
    const part = partOf(native);
    if (!part) return undefined;
    const { tensor, offset, length, release } = part;
    checkAlive(tensor);
    if (tensor.location !== 'gpu-buffer' || tensor.type !== dtype || dtype === 'bool') return undefined;
    const { gpuBuffer: buffer } = tensor as OrtTensor & { gpuBuffer: GPUBuffer };
    const inner = this.#gpu.adopt({ buffer, offset: offset * ELEMENT_SIZE[dtype] }, dtype, length);
    return inner && { inner, dtype, length, offset, release };
  }

  native(handle: Handle): OrtTensor | undefined {
    const { dtype, length, offset = 0 } = handle as SharedBuffer;
    if (dtype === 'bool' || offset > 0) return undefined;
    const buffer = this.#gpu.native(innerOf(handle));
    return this.#runtime.Tensor.fromGpuBuffer(buffer, { dataType: dtype, dims: [length] });
  }

  download(handle: Handle): Promise<TypedArray> {
    return this.#gpu.download(innerOf(handle));
  }

  release(handle: Handle): void {
    this.#gpu.release(innerOf(handle));
    (handle as SharedBuffer).release?.();
  }

  stats(): WebGpuStats {
    return this.#gpu.stats();
  }

  destroy(): void {
    this.#gpu.destroy();
  }
}

function innerOf(handle: Handle): Handle {
  const { inner } = handle as Partial<SharedBuffer>;
  if (inner) return inner;
  const message = 'a buffer of another backend reached this ORT backend. Read its data and pass that.';
  throw new DiffusionError('BACKEND_MISMATCH', message);
}

/** Lets ONNX Runtime double a number in a buffer of this device, and looks at what comes out. */
async function checkShared(runtime: OrtGpuRuntime, backend: OrtWebGpuBackend): Promise<void> {
  const x = backend.upload(Float32Array.of(1, 2, 3, 4), 'float32');
  try {
    const found = await doubled(runtime, backend, x);
    if (found.join() !== '2,4,6,8') throw new Error(`It made ${found.join(', ')} of twice 1, 2, 3, 4.`);
  } catch (cause) {
    const message =
      `ONNX Runtime does not compute on this GPUDevice: ${(cause as Error).message} Import 'onnxruntime-web/webgpu'; the default ` +
      'build takes no device.';
    throw new DiffusionError('BACKEND_MISMATCH', message, {}, cause);
  } finally {
    backend.release(x);
  }
}

async function doubled(runtime: OrtGpuRuntime, backend: OrtWebGpuBackend, x: Handle): Promise<TypedArray> {
  const graph = new Graph();
  const input = graph.input('x', 'float32', ['n']);
  graph.output(graph.node('Add', [input, input]), 'y', 'float32', ['n']);
  const session = await createSession(runtime, graph.bytes('double'), {
    logSeverityLevel: 3,
    ...webGpuSession(backend.device),
  });
  try {
    const { y } = await inTurn(runtime, () => session.run({ x: backend.native(x)! }, ['y']));
    const result = backend.adopt!(y, 'float32');
    if (!result) throw new Error(`Its result lies in '${y!.location}'.`);
    const data = await backend.download(result);
    backend.release(result);
    y!.dispose();
    return data;
  } finally {
    await inTurn(runtime, () => session.release());
  }
}
