// The WebGPU backend: keeps buffers, finds the pipeline of a kernel and records its one compute pass. Commands run in order on the
// device's queue and nothing waits for them but `download`.

import {
  type Capabilities,
  DiffusionError,
  type DType,
  type Handle,
  type Kernel,
  type OpName,
  type TypedArray,
} from '@unnoise/core';

import { adoptable } from './adopted.ts';
import { ELEMENT_SIZE, GpuBuffer, paddedSize } from './buffer.ts';
import { type CompiledKernel, KernelCache } from './compile.ts';
import { deviceFor } from './device.ts';
import { Failures, LABEL } from './failures.ts';
import { bytesOf, elementsOf } from './host-data.ts';
import { type Layout } from './layout.ts';
import { BufferPool } from './pool.ts';
import type { WebGpuBackend, WebGpuOptions, WebGpuStats } from './types.ts';

// GPUBufferUsage and GPUMapMode, which Node does not define.
const MAP_READ = 1;
const COPY_SRC = 4;
const COPY_DST = 8;
const STORAGE = 0x80;
const READ = 1;

const OPS: readonly OpName[] = Object.freeze<OpName[]>([
  ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
  ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
]);
const DTYPES: readonly DType[] = Object.freeze<DType[]>(['float32', 'float16', 'int32', 'bool']);

/** Far more than a step of any scheduler; bounds the size of a shader. */
const MOST_OPS = 128;

/** A backend on the given or a new device. Throws DEPENDENCY_MISSING where there is no WebGPU or no adapter, DEVICE_FAILED where that gives no device. */
export async function createWebGpuBackend(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  return new GpuBackend(await deviceFor(options), options);
}

class GpuBackend implements WebGpuBackend {
  readonly spec = 1;
  readonly name = 'webgpu';
  readonly device: GPUDevice;
  readonly capabilities: Capabilities;
  readonly #options: WebGpuOptions; // in Node, devices die with the object that `gpu` is
  readonly #failures: Failures;
  readonly #kernels: KernelCache;
  readonly #tensors: BufferPool;
  readonly #staging: BufferPool;
  #live = 0;
  #dispatches = 0;
  #readbacks = 0;
  #allocations = 0;
  #destroyed = false;

  constructor(device: GPUDevice, options: WebGpuOptions) {
    const maxBuffers = device.limits.maxStorageBuffersPerShaderStage;
    this.device = device;
    this.capabilities = Object.freeze<Capabilities>({ dtypes: DTYPES, ops: OPS, maxOps: MOST_OPS, maxBuffers });
    this.#options = options;
    this.#failures = new Failures(device, options.device !== undefined);
    this.#kernels = new KernelCache(device, this.#failures);
    this.#tensors = new BufferPool((size) => this.#create(size, STORAGE | COPY_SRC | COPY_DST));
    this.#staging = new BufferPool((size) => this.#create(size, MAP_READ | COPY_DST));
  }

  run(
    kernel: Kernel,
    handles: readonly Handle[],
    params: Float64Array,
    sizes: readonly number[],
  ): readonly GpuBuffer[] {
    this.#checkUsable();
    const inputs = handles.map((handle) => this.#buffer(handle));
    const compiled = this.#kernels.get(kernel, sizes);
    const layout = compiled.layout(sizes);
    inputs.forEach((input, i) => checkLength(input, layout.inputs[i]!));
    const failure = this.#failures.among(inputs);
    const outputs = kernel.outputs.map(({ dtype }) => this.#result(dtype, layout.output, failure));
    this.#dispatches++;
    if (layout.output === 0) return outputs;
    const dispatch = (): void => this.#dispatch(compiled, layout, inputs, outputs, params);
    if (this.#options.debug) this.#failures.watch('validation', `the kernel '${kernel.key}'`, dispatch);
    else dispatch();
    return outputs;
  }

  #dispatch(
    compiled: CompiledKernel,
    layout: Layout,
    inputs: readonly GpuBuffer[],
    outputs: readonly GpuBuffer[],
    params: Float64Array,
  ): void {
    const { device } = this;
    const { pipeline, uniform } = compiled;
    const encoder = device.createCommandEncoder();
    const padding: GPUBuffer[] = [];
    const buffers: GPUBufferBinding[] = [];
    for (const input of inputs) buffers.push(this.#binding(input, encoder, padding));
    for (const { buffer, room } of outputs) buffers.push({ buffer, offset: 0, size: room });
    device.queue.writeBuffer(uniform, 0, compiled.numbers(params));
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, compiled.group(buffers));
    pass.dispatchWorkgroups(layout.groups);
    pass.end();
    device.queue.submit([encoder.finish()]);
    for (const buffer of padding) this.#tensors.give(buffer);
  }

  /** An adopted buffer may end within a vector of four, which a shader cannot read: then it reads a padded copy. */
  #binding(input: GpuBuffer, encoder: GPUCommandEncoder, padding: GPUBuffer[]): GPUBufferBinding {
    const { buffer, offset, room, bytes } = input;
    const size = paddedSize(bytes);
    if (room >= size) return { buffer, offset, size };
    const copy = this.#tensors.take(size, this.#mostBytes);
    padding.push(copy);
    if (bytes > 0) encoder.copyBufferToBuffer(buffer, offset, copy, 0, Math.ceil(bytes / 4) * 4);
    return { buffer: copy, offset: 0, size };
  }

  upload(data: TypedArray, dtype: DType): GpuBuffer {
    this.#checkUsable();
    const bytes = bytesOf(data, dtype);
    const result = this.#result(dtype, data.length, undefined);
    if (bytes.length > 0) this.device.queue.writeBuffer(result.buffer, 0, bytes as BufferSource);
    return result;
  }

  adopt(native: unknown, dtype: DType, length?: number): GpuBuffer | undefined {
    const part = adoptable(native, dtype, length, this.device.limits.minStorageBufferOffsetAlignment);
    if (!part) return undefined;
    this.#live++;
    const serial = this.#failures.nextSerial();
    return new GpuBuffer({ ...part, owner: this, dtype, owned: false, serial, failure: undefined });
  }

  async download(handle: Handle): Promise<TypedArray> {
    this.#checkUsable();
    const buffer = this.#buffer(handle);
    const { dtype, length, offset } = buffer;
    const size = Math.ceil(buffer.bytes / 4) * 4;
    this.#readbacks++;
    const staging = this.#staging.take(paddedSize(size), this.#mostBytes);
    const encoder = this.device.createCommandEncoder({ label: LABEL });
    if (size > 0) encoder.copyBufferToBuffer(buffer.buffer, offset, staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await this.#mapped(staging);
    const elements = elementsOf(staging.getMappedRange(), dtype, length);
    staging.unmap();
    this.#staging.give(staging);
    await this.#failures.settled();
    const failure = this.#failures.of(buffer);
    if (failure) throw failure;
    return elements;
  }

  /** Mapping fails when the device does, or when an error made the copy invalid: that is then the reason. */
  async #mapped(staging: GPUBuffer): Promise<void> {
    try {
      await staging.mapAsync(READ);
    } catch (error) {
      await this.#failures.settled();
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 100))]);
      this.#checkUsable();
      throw this.#failures.unreadable(error);
    }
  }

  native(handle: Handle): GPUBuffer {
    return this.#buffer(handle).buffer;
  }

  release(handle: Handle): void {
    const buffer = this.#buffer(handle);
    buffer.released = true;
    this.#live--;
    if (buffer.owned && !this.#destroyed) this.#tensors.give(buffer.buffer);
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#failures.stop();
    this.#tensors.clear();
    this.#staging.clear();
    this.#kernels.destroy();
    if (!this.#options.device) this.device.destroy();
  }

  stats(): WebGpuStats {
    return {
      live: this.#live,
      dispatches: this.#dispatches,
      compiles: this.#kernels.compiles,
      readbacks: this.#readbacks,
      allocations: this.#allocations,
      pooled: this.#tensors.bytes + this.#staging.bytes,
    };
  }

  #result(dtype: DType, length: number, failure: DiffusionError | undefined): GpuBuffer {
    const room = paddedSize(length * ELEMENT_SIZE[dtype]);
    if (room > this.#mostBytes) throw tooLarge(room, this.#mostBytes);
    const buffer = this.#tensors.take(room, this.#mostBytes);
    this.#live++;
    const serial = this.#failures.nextSerial();
    return new GpuBuffer({ owner: this, dtype, length, buffer, offset: 0, room, owned: true, serial, failure });
  }

  /** Of one buffer. */
  get #mostBytes(): number {
    const { maxBufferSize, maxStorageBufferBindingSize } = this.device.limits;
    return Math.floor(Math.min(maxBufferSize, maxStorageBufferBindingSize) / 16) * 16;
  }

  #create(size: number, usage: number): GPUBuffer {
    this.#allocations++;
    const descriptor = { label: `${LABEL} ${size} bytes`, size, usage };
    return this.#failures.watch('out-of-memory', `a buffer of ${size} bytes`, () =>
      this.device.createBuffer(descriptor),
    );
  }

  #checkUsable(): void {
    if (this.#destroyed)
      throw new DiffusionError('DISPOSED', 'a WebGPU backend was used after its destroy(). Make another one.');
    this.#failures.checkDevice();
  }

  #buffer(handle: Handle): GpuBuffer {
    if (!(handle instanceof GpuBuffer && handle.owner === this)) {
      throw new DiffusionError(
        'BACKEND_MISMATCH',
        'a buffer of another backend reached this WebGPU backend. Read its data and pass that.',
      );
    }
    if (handle.released) throw disposed(handle);
    return handle;
  }
}

/** Adopted buffers may never have fitted their tensor. */
function checkLength({ length }: GpuBuffer, expected: number): void {
  if (length === expected) return;
  const message = `an adopted GPU buffer has ${length} elements and its tensor ${expected}. Adopt a buffer with the tensor's size.`;
  throw new DiffusionError('SHAPE_MISMATCH', message, { length, expected });
}

const tooLarge = (bytes: number, most: number): DiffusionError =>
  new DiffusionError(
    'OUT_OF_MEMORY',
    `a tensor of ${bytes} bytes does not fit in one GPU buffer: this device allows ${most}. Work on parts, or make the device with ` +
      'larger maxBufferSize and maxStorageBufferBindingSize.',
    { bytes, most },
  );

const disposed = ({ dtype, length }: GpuBuffer): DiffusionError =>
  new DiffusionError('DISPOSED', `a ${dtype} buffer of ${length} elements was used after its release.`, {
    dtype,
    length,
  });
