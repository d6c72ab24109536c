// Prints a map kernel as one WebAssembly SIMD function over one row: run(frame, count). The frame in memory holds a pointer per
// buffer and then the float32 parameters, so neither coefficients nor sizes enter the code. Rows and copies are map.ts's job.

import type { DType, Kernel, KernelOp } from '@unnoise/core';

import { ELEMENT_SIZE } from './arena.ts';
import { Assembler, encodeModule, I32, simd, V128 } from './encoder.ts';
import { HalfConstants, narrow, widen } from './half.ts';

/** Older browsers compile on the main thread only modules of up to this size. */
const MAX_BYTES = 4096;
const LANES = 4;
const [FRAME, COUNT] = [0, 1];

const OPS: ReadonlySet<string> = new Set(['linear', 'mul', 'div', 'clamp', 'max', 'min', 'sqrt', 'abs', 'cast']);
const isFloat = ({ dtype }: { readonly dtype: DType }): boolean => dtype === 'float32' || dtype === 'float16';

/** Whether an input has an element for each position of a row; if not, one element serves the whole row. */
export const alongRow = (dims: readonly boolean[]): boolean => dims.at(-1) ?? true;

/** Whether `generate` can express the kernel: elementwise over floats, each operation exactly rounded. */
export function canGenerate(kernel: Kernel): boolean {
  const floats = [...kernel.inputs, ...kernel.outputs, ...kernel.ops].every(isFloat);
  return kernel.kind === 'map' && floats && kernel.ops.every((op) => OPS.has(op.fn));
}

/** The module for a kernel: vectors of four, unrolled four times where the module stays small, then single elements. */
export function generate(kernel: Kernel): Uint8Array<ArrayBuffer> {
  const unrolled = print(kernel, [4 * LANES, LANES, 1]);
  return unrolled.length <= MAX_BYTES ? unrolled : print(kernel, [LANES, 1]);
}

function print(kernel: Kernel, steps: readonly number[]): Uint8Array<ArrayBuffer> {
  const printer = new Printer(kernel);
  for (const step of steps) printer.loop(step);
  return encodeModule(2, printer.asm);
}

const usesHalf = ({ inputs, outputs, ops }: Kernel): boolean =>
  [...inputs, ...outputs, ...ops].some(({ dtype }) => dtype === 'float16');

/** A buffer that the loop walks through. */
interface Stream {
  readonly pointer: number;
  readonly size: number;
  readonly dtype: DType;
}

class Printer {
  readonly asm: Assembler = new Assembler(2);
  readonly #kernel: Kernel;
  readonly #inputs: readonly Stream[];
  readonly #outputs: readonly Stream[];
  readonly #params: readonly number[];
  /** A local per value: the inputs, then the results of the operations. */
  readonly #values: readonly number[];
  readonly #half: HalfConstants | undefined;

  /** Prints what comes before the loops: pointers, parameters, constants and the inputs that are one number per row. */
  constructor(kernel: Kernel) {
    const { inputs, outputs, ops } = kernel;
    this.#kernel = kernel;
    this.#inputs = inputs.map((input, i) => this.#stream(i, input.dtype));
    this.#outputs = outputs.map((output, i) => this.#stream(inputs.length + i, output.dtype));
    this.#params = this.#loadParams(inputs.length + outputs.length);
    this.#values = [...inputs, ...ops].map(() => this.asm.local(V128));
    this.#half = usesHalf(kernel) ? new HalfConstants(this.asm) : undefined;
    inputs.forEach((input, i) => alongRow(input.dims) || this.#load(i, 1, 0));
  }

  #stream(index: number, dtype: DType): Stream {
    const pointer = this.asm.local(I32);
    this.asm
      .get(FRAME)
      .i32Load(4 * index)
      .set(pointer);
    return { pointer, dtype, size: ELEMENT_SIZE[dtype] };
  }

  #loadParams(slot: number): number[] {
    const count = Math.max(0, ...this.#kernel.ops.flatMap((op) => op.params.map((param) => param + 1)));
    return Array.from({ length: count }, (_, i) => {
      const local = this.asm.local(V128);
      this.asm
        .get(FRAME)
        .access(simd.load32_splat, 4 * (slot + i))
        .set(local);
      return local;
    });
  }

  /** Consumes the row `step` elements at a time while it is long enough. */
  loop(step: number): void {
    const moving = [...this.#inputs.filter((_, i) => this.#moves(i)), ...this.#outputs];
    this.asm.whileAtLeast(COUNT, step, () => {
      for (let at = 0; at < step; at += LANES) this.#body(Math.min(step, LANES), at);
      for (const { pointer, size } of moving) this.asm.advance(pointer, step * size);
      this.asm.advance(COUNT, -step);
    });
  }

  #moves(input: number): boolean {
    return alongRow(this.#kernel.inputs[input]!.dims);
  }

  /** One vector, or with `lanes` 1 one element in lane 0 of vectors whose other lanes nobody looks at. */
  #body(lanes: number, at: number): void {
    const { inputs, outputs, ops } = this.#kernel;
    inputs.forEach((_, i) => this.#moves(i) && this.#load(i, lanes, at));
    ops.forEach((op, i) => this.#compute(op).set(this.#values[inputs.length + i]!));
    outputs.forEach((output, i) => this.#store(this.#outputs[i]!, output.value, lanes, at));
  }

  #load(input: number, lanes: number, at: number): void {
    const { pointer, size, dtype } = this.#inputs[input]!;
    this.asm.get(pointer);
    if (dtype === 'float32') this.asm.access(lanes === 1 ? simd.load32_splat : simd.load, at * size);
    else widen(this.asm.access(lanes === 1 ? simd.load16_splat : simd.load64_zero, at * size), this.#half!);
    this.asm.set(this.#values[input]!);
  }

  #store({ pointer, size, dtype }: Stream, value: number, lanes: number, at: number): void {
    this.asm.get(pointer).get(this.#values[value]!);
    if (dtype === 'float16') {
      narrow(this.asm, this.#half!);
      this.asm.accessLane0(lanes === 1 ? simd.store16_lane : simd.store64_lane, at * size);
    } else if (lanes === 1) this.asm.accessLane0(simd.store32_lane, at * size);
    else this.asm.access(simd.store, at * size);
  }

  /** Leaves the result of an operation on the stack. */
  #compute(op: KernelOp): Assembler {
    const values = op.args.map((arg) => this.#values[arg]!);
    const params = op.params.map((param) => this.#params[param]!);
    const [a, b] = values as [number, number];
    switch (op.fn) {
      case 'linear':
        return this.#linear(values, params);
      case 'clamp': // the pseudo-minimum and -maximum return their first operand when either is NaN, so a NaN of `a` stays
        return this.asm.get(a).get(params[0]!).simd(simd.f32x4_pmax).get(params[1]!).simd(simd.f32x4_pmin);
      case 'sqrt':
        return this.asm.get(a).simd(simd.f32x4_sqrt);
      case 'cast': // to float16: the one operation that rounds to it, beside stores
        this.asm.get(a);
        return op.dtype === 'float16' ? widen(narrow(this.asm, this.#half!), this.#half!) : this.asm;
      case 'abs':
        return this.asm.get(a).simd(simd.f32x4_abs);
      default:
        return this.asm
          .get(a)
          .get(b)
          .simd(BINARY[op.fn as keyof typeof BINARY]);
    }
  }

  /** ((c1*a1 + c2*a2) + ...) + bias */
  #linear(values: readonly number[], params: readonly number[]): Assembler {
    const { asm } = this;
    values.forEach((value, i) => {
      asm.get(params[i]!).get(value).simd(simd.f32x4_mul);
      if (i > 0) asm.simd(simd.f32x4_add);
    });
    if (params.length > values.length) asm.get(params[values.length]!);
    return params.length > values.length && values.length > 0 ? asm.simd(simd.f32x4_add) : asm;
  }
}

const BINARY = { mul: simd.f32x4_mul, div: simd.f32x4_div, max: simd.f32x4_max, min: simd.f32x4_min } as const;
