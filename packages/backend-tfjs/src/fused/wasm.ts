// The fast path for TensorFlow.js's wasm backend: one generated WebAssembly function over tensors where they lie, in its heap. The
// names used here are TensorFlow.js's own, so their absence only means that there is no fast path.

import { engine, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { FRAME_BYTES, InPlaceKernel } from '@unnoise/backend-cpu/kernels';
import { DiffusionError, type Kernel } from '@unnoise/core';

import type { FastPath, Launch } from '../launch.ts';
import { viewsOf } from '../views.ts';

/** What is used of the wasm backend. */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    readonly asm?: { readonly memory?: unknown };
    readonly wasmMemory?: unknown;
    _malloc(bytes: number): number;
  };
  makeOutput(shape: readonly number[], dtype: string): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** Undefined where TensorFlow.js keeps its memory to itself. */
export function wasmPath(backend: KernelBackend): FastPath | undefined {
  const inside = backend as unknown as WasmBackend;
  const memory = memoryOf(inside);
  const usable = memory && [inside.makeOutput, inside.dataIdMap?.get, inside.wasm._malloc].every(isFunction);
  const frame = usable ? inside.wasm._malloc(FRAME_BYTES) >>> 0 : 0;
  if (!memory || frame === 0) return undefined;
  return {
    maxBuffers: 32,
    compile(kernel) {
      const compiled = InPlaceKernel.compile(kernel, memory);
      return compiled && launch(inside, kernel, (pointers, params, sizes) => compiled.run(frame, pointers, params, sizes));
    },
  };
}

/** The memory that the heap's views are over. */
function memoryOf({ wasm }: WasmBackend): WebAssembly.Memory | undefined {
  const found = wasm?.wasmMemory ?? wasm?.asm?.memory;
  return found instanceof WebAssembly.Memory && found.buffer === wasm.HEAPU8?.buffer ? found : undefined;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

type Compute = (pointers: readonly number[], params: Float64Array, sizes: readonly number[]) => void;

function launch(backend: WasmBackend, kernel: Kernel, compute: Compute): Launch {
  const pointer = ({ dataId }: TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;
  return (inputs, params, sizes) => {
    const shape = [...viewsOf(kernel, inputs, sizes).output];
    const outputs = kernel.outputs.map(({ dtype }) => backend.makeOutput(shape, dtype));
    const pointers = [...inputs, ...outputs].map(pointer);
    if (pointers.includes(0)) {
      for (const { dataId } of outputs) backend.disposeData(dataId);
      throw exhausted(shape);
    }
    compute(pointers, params, sizes);
    return outputs.map((output) => engine().makeTensorFromTensorInfo(output));
  };
}

/** The heap has no room, which TensorFlow.js does not notice: it would go on at address 0. */
export function exhausted(shape: readonly number[]): DiffusionError {
  const message = `TensorFlow.js's wasm heap has no room for a tensor of shape [${shape}]; dispose of tensors, or use smaller batches`;
  return new DiffusionError('OUT_OF_MEMORY', message, { shape });
}
