// Kernels as compute pipelines, one for each structure, with the uniform that carries their numbers. Compiling is the slow part (up to
// tenths of a second), so it depends on nothing that changes between steps.

import { DiffusionError, type Kernel } from '@unnoise/core';

import { LABEL, type Failures } from './failures.ts';
import { type Layout, layoutOf, sameSizes } from './layout.ts';
import { shaderOf } from './wgsl/index.ts';
import type { Shader } from './wgsl/shader.ts';

const COMPUTE = 4; // GPUShaderStage.COMPUTE, which Node does not define
const UNIFORM = 0x40;
const COPY_DST = 8;

/** Samples alternate between two or three buffers, and a history takes a few more. */
const GROUPS_KEPT = 8;

export class CompiledKernel {
  readonly kernel: Kernel;
  readonly pipeline: GPUComputePipeline;
  readonly uniform: GPUBuffer;
  readonly #bindings: GPUBindGroupLayout;
  readonly #words: Uint32Array<ArrayBuffer>;
  readonly #params: Float32Array<ArrayBuffer>;
  #layout: Layout | undefined;
  readonly #recent: { readonly buffers: readonly GPUBufferBinding[]; readonly group: GPUBindGroup }[] = [];
  readonly #device: GPUDevice;

  constructor(device: GPUDevice, kernel: Kernel, shader: Shader) {
    const label = `${LABEL} ${kernel.key}`;
    const numbers = new ArrayBuffer(4 * (shader.words + shader.params));
    this.#device = device;
    this.kernel = kernel;
    this.#bindings = device.createBindGroupLayout({ label, entries: entriesOf(kernel) });
    const layout = device.createPipelineLayout({ label, bindGroupLayouts: [this.#bindings] });
    const module = device.createShaderModule({ label, code: shader.code });
    this.pipeline = device.createComputePipeline({ label, layout, compute: { module, entryPoint: 'main' } });
    this.uniform = device.createBuffer({ label, size: numbers.byteLength, usage: UNIFORM | COPY_DST });
    this.#words = new Uint32Array(numbers, 0, shader.words);
    this.#params = new Float32Array(numbers, 4 * shader.words);
  }

  layout(sizes: readonly number[]): Layout {
    if (!this.#layout || !sameSizes(this.#layout.sizes, sizes)) {
      this.#layout = layoutOf(this.kernel, sizes);
      this.#words.set(this.#layout.words);
    }
    return this.#layout;
  }

  /** These inputs and outputs as the pipeline takes them. In a loop the pool gives the same few buffers, so most are known. */
  group(buffers: readonly GPUBufferBinding[]): GPUBindGroup {
    const known = this.#recent.find((one) => one.buffers.every((binding, i) => sameBinding(binding, buffers[i]!)));
    if (known) return known.group;
    const entries = [{ buffer: this.uniform }, ...buffers].map((resource, binding) => ({ binding, resource }));
    const group = this.#device.createBindGroup({ label: LABEL, layout: this.#bindings, entries });
    if (this.#recent.length === GROUPS_KEPT) this.#recent.shift();
    this.#recent.push({ buffers, group });
    return group;
  }

  /** The uniform for the layout asked for last and these parameters, which become float32. */
  numbers(params: Float64Array): ArrayBuffer {
    this.#params.set(params);
    return this.#words.buffer;
  }
}

const sameBinding = (a: GPUBufferBinding, b: GPUBufferBinding): boolean =>
  a.buffer === b.buffer && a.offset === b.offset && a.size === b.size;

function entriesOf({ inputs, outputs }: Kernel): GPUBindGroupLayoutEntry[] {
  const types: GPUBufferBindingType[] = [
    'uniform',
    ...inputs.map(() => 'read-only-storage' as const),
    ...outputs.map(() => 'storage' as const),
  ];
  return types.map((type, binding) => ({ binding, visibility: COMPUTE, buffer: { type } }));
}

/** Compiled kernels by structure. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #failures: Failures;
  readonly #kernels = new Map<string, CompiledKernel>();

  constructor(device: GPUDevice, failures: Failures) {
    this.#device = device;
    this.#failures = failures;
  }

  get compiles(): number {
    return this.#kernels.size;
  }

  /** The compiled kernel. A transpose is another one for each number of dimensions, which only its sizes tell. */
  get(kernel: Kernel, sizes: readonly number[]): CompiledKernel {
    const key = kernel.kind === 'transpose' ? `${kernel.key} ${sizes.length}` : kernel.key;
    let compiled = this.#kernels.get(key);
    if (!compiled) this.#kernels.set(key, (compiled = this.#compile(kernel, sizes.length / 2)));
    return compiled;
  }

  #compile(kernel: Kernel, rank: number): CompiledKernel {
    const shader = shaderOf(kernel, this.#device.features.has('shader-f16'), rank);
    const bytes = 4 * (shader.words + shader.params);
    const most = this.#device.limits.maxUniformBufferBindingSize;
    if (bytes > most) throw tooManyNumbers(kernel, bytes, most);
    return this.#failures.watch(
      'validation',
      `the kernel '${kernel.key}'`,
      () => new CompiledKernel(this.#device, kernel, shader),
    );
  }

  destroy(): void {
    for (const { uniform } of this.#kernels.values()) uniform.destroy();
    this.#kernels.clear();
  }
}

function tooManyNumbers({ key, kind }: Kernel, bytes: number, most: number): DiffusionError {
  const message = `the kernel '${key.slice(0, 100)}' has ${bytes} bytes of numbers, and this device takes ${most}. Realise parts of the expression first.`;
  return new DiffusionError('OP_UNSUPPORTED', message, { op: kind, bytes, most });
}
