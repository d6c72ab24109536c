// Calls a compiled kernel for every row of its buffers, moving the pointers in its frame. Where the buffers lie, and what is copied
// before, is the caller's affair.

import type { Kernel } from '@unnoise/core';

import { canGenerate, generate, IMPORTS } from './codegen.ts';
import type { Layout } from './layout.ts';

/** Room for the pointers and parameters of the running kernel. */
export const FRAME_BYTES: number = 16 * 1024;

/** A compiled kernel: processes one row whose pointers are in the frame. */
export type RowKernel = (frame: number, count: number) => void;

/** The kernel on this memory; undefined where it cannot be expressed, or where the platform does not compile it. */
export function compileRows(kernel: Kernel, memory: WebAssembly.Memory): RowKernel | undefined {
  if (!canGenerate(kernel) || !fitsFrame(kernel)) return undefined;
  try {
    const module = new WebAssembly.Module(generate(kernel, isShared(memory)));
    return new WebAssembly.Instance(module, { env: { memory, ...IMPORTS } }).exports['run'] as RowKernel;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

/** Whether the kernel's pointers and parameters fit the frame. */
function fitsFrame(kernel: Kernel): boolean {
  const params = kernel.ops.reduce((sum, op) => sum + op.params.length, 0);
  return 4 * (kernel.inputs.length + kernel.outputs.length + params) <= FRAME_BYTES;
}

/** A page without cross-origin isolation has no such class. */
const isShared = ({ buffer }: WebAssembly.Memory): boolean =>
  typeof SharedArrayBuffer === 'function' && (buffer as ArrayBufferLike) instanceof SharedArrayBuffer;

/** A content security policy, or a browser that compiles only smaller modules at once. */
function isRefusal(error: unknown): boolean {
  return error instanceof WebAssembly.CompileError || error instanceof RangeError || error instanceof EvalError;
}

export interface Rows {
  readonly kernel: RowKernel;
  readonly layout: Layout;
  /** The size of an element, for each buffer. */
  readonly bytes: readonly number[];
  /** Where the frame begins. */
  readonly frame: number;
  /** The memory. */
  readonly words: Int32Array;
}

/** Calls the kernel for every row below `count` steps of dimension `d`. The pointers end where they began. */
export function runRows(rows: Rows, d: number, count: number): void {
  const { sizes } = rows.layout;
  if (d === sizes.length - 1) return rows.kernel(rows.frame, count);
  for (let i = 0; i < count; i++) {
    runRows(rows, d + 1, sizes[d + 1]!);
    shift(rows, d, 1);
  }
  shift(rows, d, -count);
}

function shift({ layout, bytes, frame, words }: Rows, d: number, steps: number): void {
  for (let b = 0; b < bytes.length; b++) words[frame / 4 + b]! += steps * layout.strides[b]![d]! * bytes[b]!;
}
