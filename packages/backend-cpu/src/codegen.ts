// Prints a map kernel as one WebAssembly SIMD function over one row: run(frame, count). The frame in memory holds a pointer per
// buffer and then the float32 parameters, so neither coefficients nor sizes enter the code. Rows are rows.ts's job.

import type { DType, Kernel } from '@unnoise/core';
import { Assembler, encodeModule, I32, simd, V128 } from '@unnoise/core/wasm';

import { ELEMENT_SIZE } from './arena.ts';
import { HalfConstants, narrow, widen } from './half.ts';
import { canPrint, isFloat, print } from './operations.ts';

/** Older browsers compile on the main thread only modules of up to this size. */
const MAX_BYTES = 4096;
const LANES = 4;
const [FRAME, COUNT] = [0, 1];

/** Functions that modules import where they use them. */
export const IMPORTS: Readonly<Record<string, (x: number) => number>> = { exp: Math.exp, log: Math.log };

/** Whether an input has an element for each position of a row; if not, one element serves the whole row. */
const alongRow = (dims: readonly boolean[]): boolean => dims.at(-1) ?? true;

/** The type of each value: the inputs, then the results of the operations. */
const typesOf = ({ inputs, ops }: Kernel): DType[] => [...inputs, ...ops].map(({ dtype }) => dtype);

/** Whether `generate` can express the kernel with the interpreter's bits. */
export function canGenerate(kernel: Kernel): boolean {
  if (kernel.kind !== 'map') return false;
  const types = typesOf(kernel);
  const stores = kernel.outputs.every(
    ({ dtype, value }) => dtype === types[value] || [dtype, types[value]!].every(isFloat),
  );
  return (
    stores &&
    kernel.ops.every((op) =>
      canPrint(
        op,
        op.args.map((arg) => types[arg]!),
      ),
    )
  );
}

/**
 * The module for a kernel: vectors of four, unrolled four times where the module stays small, then single elements. `shared` says
 * which kind of memory it will be given.
 */
export function generate(kernel: Kernel, shared = false): Uint8Array<ArrayBuffer> {
  const unrolled = new Printer(kernel).module([4 * LANES, LANES, 1], shared);
  return unrolled.length <= MAX_BYTES ? unrolled : new Printer(kernel).module([LANES, 1], shared);
}

/** A buffer that the loop walks through. */
interface Stream {
  readonly pointer: number;
  readonly size: number;
  readonly dtype: DType;
}

class Printer {
  readonly #asm = new Assembler(2);
  readonly #kernel: Kernel;
  readonly #inputs: readonly Stream[];
  readonly #outputs: readonly Stream[];
  readonly #params: readonly number[];
  /** A local per value. */
  readonly #values: readonly number[];
  readonly #types: readonly DType[];
  readonly #half: HalfConstants | undefined;
  readonly #imports: readonly string[];

  /** Prints what comes before the loops: pointers, parameters, constants and the inputs that are one number per row. */
  constructor(kernel: Kernel) {
    const { inputs, outputs, ops } = kernel;
    this.#kernel = kernel;
    this.#types = typesOf(kernel);
    this.#imports = Object.keys(IMPORTS).filter((name) => ops.some(({ fn }) => fn === name));
    this.#inputs = inputs.map((input, i) => this.#stream(i, input.dtype));
    this.#outputs = outputs.map((output, i) => this.#stream(inputs.length + i, output.dtype));
    this.#params = this.#loadParams(inputs.length + outputs.length);
    this.#values = this.#types.map(() => this.#asm.local(V128));
    const usesHalf = [...outputs, ...inputs, ...ops].some(({ dtype }) => dtype === 'float16');
    this.#half = usesHalf ? new HalfConstants(this.#asm) : undefined;
    inputs.forEach((input, i) => alongRow(input.dims) || this.#load(i, 1, 0));
  }

  /** A loop per step, each of which leaves less than a step to the next. */
  module(steps: readonly number[], shared: boolean): Uint8Array<ArrayBuffer> {
    for (const step of steps) this.#loop(step);
    return encodeModule(2, this.#asm, this.#imports, shared);
  }

  #stream(index: number, dtype: DType): Stream {
    const pointer = this.#asm.local(I32);
    this.#asm
      .get(FRAME)
      .i32Load(4 * index)
      .set(pointer);
    return { pointer, dtype, size: ELEMENT_SIZE[dtype] };
  }

  #loadParams(slot: number): number[] {
    const count = Math.max(0, ...this.#kernel.ops.flatMap((op) => op.params.map((param) => param + 1)));
    return Array.from({ length: count }, (_, i) => {
      const local = this.#asm.local(V128);
      this.#asm
        .get(FRAME)
        .access(simd.load32_splat, 4 * (slot + i))
        .set(local);
      return local;
    });
  }

  /** Consumes the row `step` elements at a time while it is long enough. */
  #loop(step: number): void {
    const moving = [...this.#inputs.filter((_, i) => this.#moves(i)), ...this.#outputs];
    this.#asm.whileAtLeast(COUNT, step, () => {
      for (let at = 0; at < step; at += LANES) this.#body(Math.min(step, LANES), at);
      for (const { pointer, size } of moving) this.#asm.advance(pointer, step * size);
      this.#asm.advance(COUNT, -step);
    });
  }

  #moves(input: number): boolean {
    return alongRow(this.#kernel.inputs[input]!.dims);
  }

  /** One vector, or with `lanes` 1 one element in lane 0 of vectors whose other lanes nobody looks at. */
  #body(lanes: number, at: number): void {
    const { inputs, outputs, ops } = this.#kernel;
    inputs.forEach((_, i) => this.#moves(i) && this.#load(i, lanes, at));
    ops.forEach((_, i) => this.#compute(i, lanes));
    outputs.forEach((output, i) => this.#store(this.#outputs[i]!, output.value, lanes, at));
  }

  #compute(index: number, lanes: number): void {
    const op = this.#kernel.ops[index]!;
    print(this.#asm, {
      op,
      args: op.args.map((arg) => this.#values[arg]!),
      types: op.args.map((arg) => this.#types[arg]!),
      params: op.params.map((param) => this.#params[param]!),
      result: this.#values[this.#inputs.length + index]!,
      lanes,
      half: this.#half,
      imported: (name) => this.#imports.indexOf(name),
    });
  }

  #load(input: number, lanes: number, at: number): void {
    const { pointer, size, dtype } = this.#inputs[input]!;
    const one = lanes === 1;
    this.#asm.get(pointer);
    if (dtype === 'float16') {
      widen(this.#asm.access(one ? simd.load16_splat : simd.load64_zero, at * size), this.#half!);
    } else if (dtype === 'bool') {
      this.#asm.access(one ? simd.load8_splat : simd.load32_zero, at * size);
      this.#asm.simd(simd.i16x8_extend_low_i8x16_u).simd(simd.i32x4_extend_low_i16x8_u);
    } else this.#asm.access(one ? simd.load32_splat : simd.load, at * size);
    this.#asm.set(this.#values[input]!);
  }

  #store({ pointer, size, dtype }: Stream, value: number, lanes: number, at: number): void {
    const one = lanes === 1;
    this.#asm.get(pointer).get(this.#values[value]!);
    if (dtype === 'float16') {
      narrow(this.#asm, this.#half!).accessLane0(one ? simd.store16_lane : simd.store64_lane, at * size);
    } else if (dtype === 'bool') {
      this.#asm.get(this.#values[value]!).simd(simd.i16x8_narrow_i32x4_u);
      this.#asm.get(this.#values[value]!).simd(simd.i8x16_narrow_i16x8_u);
      this.#asm.accessLane0(one ? simd.store8_lane : simd.store32_lane, at * size);
    } else if (one) this.#asm.accessLane0(simd.store32_lane, at * size);
    else this.#asm.access(simd.store, at * size);
  }
}
