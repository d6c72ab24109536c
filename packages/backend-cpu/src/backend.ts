// The CPU backend: keeps buffers, finds the kernel for a program step and runs it, in WebAssembly where that is possible and
// through core's interpreter elsewhere. Both round every operation to float32 in the same order, so the bits are the same.

import {
  type Capabilities,
  DiffusionError,
  type DType,
  type Handle,
  type Kernel,
  type OpName,
  type TypedArray,
} from '@unnoise/core';
import { runKernelOnArrays } from '@unnoise/core/reference';

import { Arena, ARRAYS, ELEMENT_SIZE } from './arena.ts';
import { CpuBuffer } from './buffer.ts';
import { type CompiledMap, KernelCache } from './compile.ts';
import { hostArray } from './host-array.ts';
import { checkLength, inputLength } from './lengths.ts';
import { MapRunner } from './map.ts';
import { ArrayPool } from './pool.ts';
import type { CpuAllocation, CpuBackend, CpuOptions, CpuStats } from './types.ts';

const CAPABILITIES: Capabilities = Object.freeze<Capabilities>({
  dtypes: Object.freeze<DType[]>(['float32', 'float16', 'int32', 'bool']),
  ops: Object.freeze<OpName[]>([
    ...(['max', 'min', 'exp', 'log', 'sqrt', 'abs', 'eq', 'where', 'cast'] as const),
    ...(['sum', 'amax', 'amin', 'argmax', 'concat', 'slice', 'transpose'] as const),
  ]),
  maxOps: Infinity,
  maxBuffers: 32,
});

/** A CPU backend with its own memory and kernel cache. Most programs share `cpu` instead. */
export function createCpuBackend(options: CpuOptions = {}): CpuBackend {
  return new WasmCpuBackend(options);
}

class WasmCpuBackend implements CpuBackend {
  readonly spec = 1;
  readonly name = 'cpu';
  readonly capabilities: Capabilities = CAPABILITIES;
  readonly #arena: Arena | undefined;
  readonly #runner: MapRunner | undefined;
  readonly #kernels: KernelCache;
  readonly #pool = new ArrayPool();
  #live = 0;
  #dispatches = 0;

  constructor({ wasm = typeof WebAssembly === 'object' }: CpuOptions) {
    this.#arena = wasm ? new Arena() : undefined;
    this.#runner = this.#arena && new MapRunner(this.#arena);
    this.#kernels = new KernelCache(this.#arena);
  }

  run(
    kernel: Kernel,
    handles: readonly Handle[],
    params: Float64Array,
    sizes: readonly number[],
  ): readonly CpuBuffer[] {
    const inputs = handles.map((handle) => this.#buffer(handle));
    this.#dispatches++;
    const compiled = this.#kernels.get(kernel);
    return compiled && this.#runner!.prepare()
      ? this.#runCompiled(compiled, inputs, params, sizes)
      : this.#interpret(kernel, inputs, params, sizes);
  }

  #runCompiled(
    compiled: CompiledMap,
    inputs: CpuBuffer[],
    params: Float64Array,
    sizes: readonly number[],
  ): CpuBuffer[] {
    const layout = compiled.layout(sizes);
    inputs.forEach((input, i) => checkLength(input, layout.lengths[i]!));
    const inArena = allInArena(inputs);
    const outputs = compiled.kernel.outputs.map(({ dtype }) => this.#result(dtype, layout.lengths.at(-1)!, inArena));
    this.#runner!.run(compiled.run, layout, inputs, outputs, params);
    return outputs;
  }

  #interpret(kernel: Kernel, inputs: CpuBuffer[], params: Float64Array, sizes: readonly number[]): CpuBuffer[] {
    inputs.forEach((input, i) => checkLength(input, inputLength(kernel, sizes, i)));
    const arrays = inputs.map((input) => input.array);
    const results = runKernelOnArrays(kernel, arrays, params, sizes, 'float32');
    const inArena = allInArena(inputs);
    return results.map((array, i) => this.#keep(kernel.outputs[i]!.dtype, array, inArena));
  }

  /** Room for a result, where its inputs are; in an ordinary array when the memory is exhausted. */
  #result(dtype: DType, length: number, inArena: boolean): CpuBuffer {
    this.#live++;
    const offset = inArena ? this.#arena!.allocate(length * ELEMENT_SIZE[dtype]) : 0;
    if (offset > 0) return CpuBuffer.inArena(this, this.#arena!, dtype, length, offset, true);
    return CpuBuffer.ofArray(this, dtype, this.#pool.take(dtype, length), true);
  }

  #keep(dtype: DType, array: TypedArray, inArena: boolean): CpuBuffer {
    if (!inArena) {
      this.#live++;
      return CpuBuffer.ofArray(this, dtype, array, true);
    }
    const buffer = this.#result(dtype, array.length, true);
    buffer.array.set(array);
    return buffer;
  }

  upload(data: TypedArray, dtype: DType): CpuBuffer {
    if (!(data instanceof ARRAYS[dtype] || (dtype === 'float32' && data instanceof Float64Array))) {
      throw new DiffusionError(
        'DTYPE_UNSUPPORTED',
        `a ${data.constructor.name} cannot hold ${dtype} elements. Pass a ${ARRAYS[dtype].name}.`,
        { dtype },
      );
    }
    const buffer = this.#result(dtype, data.length, false);
    buffer.array.set(data);
    return buffer;
  }

  adopt(native: unknown, dtype: DType): CpuBuffer | undefined {
    const array = hostArray(native instanceof Allocation ? native.array : native, dtype);
    if (!array) return undefined;
    this.#live++;
    return this.#arena?.holds(array)
      ? CpuBuffer.inArena(this, this.#arena, dtype, array.length, array.byteOffset, false)
      : CpuBuffer.ofArray(this, dtype, array, false);
  }

  download(handle: Handle): TypedArray {
    const buffer = this.#buffer(handle);
    return buffer.owned || buffer.offset > 0 ? buffer.array.slice() : buffer.array;
  }

  native(handle: Handle): TypedArray {
    const buffer = this.#buffer(handle);
    if (buffer.offset === 0) buffer.owned = false; // somebody may keep the array, so the pool must not
    return buffer.array;
  }

  release(handle: Handle): void {
    const buffer = this.#buffer(handle);
    buffer.released = true;
    this.#live--;
    if (!buffer.owned) return;
    if (buffer.offset > 0) this.#arena!.free(buffer.offset, buffer.bytes);
    else this.#pool.give(buffer.dtype, buffer.array);
  }

  allocate(length: number, dtype: DType = 'float32'): CpuAllocation {
    const buffer = this.#result(dtype, length, this.#arena !== undefined);
    if (this.#arena && buffer.offset === 0) {
      this.release(buffer);
      throw exhausted(buffer, this.#arena);
    }
    buffer.array.fill(0);
    return new Allocation(buffer, (room) => this.release(room));
  }

  #buffer(handle: Handle): CpuBuffer {
    if (!(handle instanceof CpuBuffer && handle.owner === this)) {
      throw new DiffusionError(
        'BACKEND_MISMATCH',
        'a buffer of another backend reached this CPU backend. Read its data and pass that.',
      );
    }
    if (handle.released) throw disposed(handle);
    return handle;
  }

  stats(): CpuStats {
    return {
      live: this.#live,
      dispatches: this.#dispatches,
      compiles: this.#kernels.compiles,
      arenaUsed: this.#arena?.used ?? 0,
      arenaCapacity: this.#arena?.capacity ?? 0,
      pooled: this.#pool.bytes,
    };
  }
}

class Allocation implements CpuAllocation {
  readonly #buffer: CpuBuffer;
  readonly #release: (buffer: CpuBuffer) => void;

  constructor(buffer: CpuBuffer, release: (buffer: CpuBuffer) => void) {
    this.#buffer = buffer;
    this.#release = release;
  }

  get dtype(): DType {
    return this.#buffer.dtype;
  }

  get length(): number {
    return this.#buffer.length;
  }

  get array(): TypedArray {
    if (this.#buffer.released) throw disposed(this.#buffer);
    return this.#buffer.array;
  }

  free(): void {
    this.#release(this.#buffer);
  }
}

/** Results follow their inputs into the arena; without inputs there is nothing to follow. */
const allInArena = (inputs: readonly CpuBuffer[]): boolean =>
  inputs.length > 0 && inputs.every((input) => input.offset > 0);

const exhausted = ({ bytes }: CpuBuffer, arena: Arena): DiffusionError =>
  new DiffusionError(
    'OUT_OF_MEMORY',
    `no room for ${bytes} bytes: the CPU backend's memory has ${arena.capacity} bytes, ${arena.used} of them in use, and cannot ` +
      'grow. Free allocations and dispose tensors, or use ordinary arrays, which are not limited to 4 GiB.',
    { bytes, used: arena.used, capacity: arena.capacity },
  );

const disposed = ({ dtype, length }: CpuBuffer): DiffusionError =>
  new DiffusionError('DISPOSED', `a ${dtype} buffer of ${length} elements was used after its release.`, {
    dtype,
    length,
  });
