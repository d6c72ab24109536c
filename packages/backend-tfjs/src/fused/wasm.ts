// The fast path for TensorFlow.js's wasm backend: one generated WebAssembly function over tensors where they lie, in its heap. The
// names used here are TensorFlow.js's own, so their absence only means that there is no fast path.

import { engine, type KernelBackend, type TensorInfo } from '@tensorflow/tfjs-core';
import { FRAME_BYTES, InPlaceKernel } from '@unnoise/backend-cpu/kernels';
import { DiffusionError, type Kernel } from '@unnoise/core';

import type { FastPath, Launch } from '../launch.ts';
import { ARRAYS } from '../values.ts';
import { viewsOf } from '../views.ts';

const MALLOC = '_malloc';

/** What is used of the wasm backend. */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    readonly asm?: { readonly memory?: unknown };
    readonly wasmMemory?: unknown;
    [MALLOC](bytes: number): number;
  };
  makeOutput(shape: readonly number[], dtype: string): TensorInfo;
  disposeData(dataId: object): boolean;
}

/** Undefined where TensorFlow.js keeps its memory to itself. */
export function wasmPath(backend: KernelBackend): FastPath | undefined {
  const inside = backend as unknown as WasmBackend;
  const memory = memoryOf(inside);
  const usable = memory && [inside.makeOutput, inside.dataIdMap?.get, inside.wasm[MALLOC]].every(isFunction);
  const frame = usable ? inside.wasm[MALLOC](FRAME_BYTES) >>> 0 : 0;
  if (!memory || frame === 0) return undefined;
  return {
    maxBuffers: 32,
    compile(kernel) {
      const compiled = InPlaceKernel.compile(kernel, memory);
      return (
        compiled && launch(inside, kernel, (pointers, params, sizes) => compiled.run(frame, pointers, params, sizes))
      );
    },
    upload(values, dtype) {
      const room = allocate(inside, [values.length], dtype);
      new ARRAYS[dtype](memory.buffer, offsetOf(inside, room), values.length).set(values);
      return engine().makeTensorFromTensorInfo(room);
    },
  };
}

/** The memory that the heap's views are over. */
function memoryOf({ wasm }: WasmBackend): WebAssembly.Memory | undefined {
  const found = wasm?.wasmMemory ?? wasm?.asm?.memory;
  return found instanceof WebAssembly.Memory && found.buffer === wasm.HEAPU8?.buffer ? found : undefined;
}

/** Where the elements begin. TensorFlow.js moves them into this heap if they are elsewhere. */
const offsetOf = (backend: WasmBackend, { dataId }: TensorInfo): number => backend.dataIdMap.get(dataId).memoryOffset;

const isFunction = (value: unknown): boolean => typeof value === 'function';

type Compute = (pointers: readonly number[], params: Float64Array, sizes: readonly number[]) => void;

function launch(backend: WasmBackend, kernel: Kernel, compute: Compute): Launch {
  return (inputs, params, sizes) => {
    const shape = viewsOf(kernel, inputs, sizes).output;
    const outputs = allocateAll(backend, shape, kernel);
    const pointers = [...inputs, ...outputs].map((tensor) => offsetOf(backend, tensor));
    compute(pointers, params, sizes);
    return outputs.map((output) => engine().makeTensorFromTensorInfo(output));
  };
}

/** Room for a tensor. Where the heap is full, TensorFlow.js does not notice, and would go on at address 0. */
function allocate(backend: WasmBackend, shape: readonly number[], dtype: string): TensorInfo {
  const room = backend.makeOutput([...shape], dtype);
  if (offsetOf(backend, room) > 0 || shape.includes(0)) return room;
  backend.disposeData(room.dataId);
  const message = `TensorFlow.js's wasm heap has no room for a tensor of shape [${shape}]; dispose of tensors, or use smaller batches`;
  throw new DiffusionError('OUT_OF_MEMORY', message, { shape });
}

/** Room for every output, or for none. */
function allocateAll(backend: WasmBackend, shape: readonly number[], { outputs }: Kernel): TensorInfo[] {
  const rooms: TensorInfo[] = [];
  try {
    for (const { dtype } of outputs) rooms.push(allocate(backend, shape, dtype));
    return rooms;
  } catch (error) {
    for (const { dataId } of rooms) backend.disposeData(dataId);
    throw error;
  }
}
