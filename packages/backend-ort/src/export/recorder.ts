// A backend that computes nothing and writes down every kernel: what a scheduler asks for, step by step.

import {
  type Backend,
  type Capabilities,
  type DType,
  type Generator,
  type Handle,
  type Kernel,
  type TypedArray,
} from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { CAPABILITIES } from '../capabilities.ts';

/** A value that would be there. */
export class Token {
  readonly dtype: DType;
  /** Number of elements, of what kernels make. */
  readonly length: number;
  /** Of a constant. */
  readonly data: TypedArray | undefined;
  released = false;

  constructor(dtype: DType, length: number, data?: TypedArray) {
    this.dtype = dtype;
    this.length = length;
    this.data = data;
  }
}

export interface Call {
  readonly kernel: Kernel;
  readonly inputs: readonly Token[];
  readonly outputs: readonly Token[];
  readonly params: readonly number[];
  readonly sizes: readonly number[];
}

/** What one step asked for. */
export interface Recording {
  readonly calls: readonly Call[];
  /** The noise it drew, in order. */
  readonly draws: readonly Token[];
}

export class Recorder implements Backend {
  readonly spec = 1;
  readonly name = 'ort-export';
  readonly capabilities: Capabilities = { ...CAPABILITIES, maxBuffers: Infinity };
  /** Read-backs so far. */
  reads = 0;
  /** What they give. */
  readonly #answer: 0 | 1;
  #calls: Call[] = [];
  #draws = new Map<TypedArray, Token>();

  constructor(answer: 0 | 1) {
    this.#answer = answer;
  }

  /** What has been recorded since the last call. */
  take(): Recording {
    const recording = { calls: this.#calls, draws: [...this.#draws.values()] };
    this.#calls = [];
    this.#draws = new Map();
    return recording;
  }

  /** A source of noise that is filled in when the graph runs. */
  generator(): Generator {
    const draw = (shape: readonly number[]): Float32Array => {
      const noise = new Float32Array(shape.reduce((a, b) => a * b, 1));
      this.#draws.set(noise, new Token('float32', noise.length));
      return noise;
    };
    return {
      normal: draw as Generator['normal'],
      uniform: draw as Generator['uniform'],
      clone: () => this.generator(),
      save: () => undefined,
      restore: () => undefined,
    };
  }

  upload(data: TypedArray, dtype: DType): Token {
    const values = data instanceof Float64Array ? Float32Array.from(data) : data.slice();
    return this.#draws.get(data) ?? new Token(dtype, values.length, values);
  }

  adopt(native: unknown): Token | undefined {
    return native instanceof Token ? native : undefined;
  }

  native(handle: Handle): Handle {
    return handle;
  }

  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Token[] {
    const length = kernelLength(kernel, sizes);
    const outputs = kernel.outputs.map(({ dtype }) => new Token(dtype, length));
    this.#calls.push({ kernel, inputs: inputs as readonly Token[], outputs, params: [...params], sizes: [...sizes] });
    return outputs;
  }

  /** Some numbers: for floats 0 or 2, which lies beyond every threshold, and for whole numbers 0 or 1, which every table has. */
  download(handle: Handle): TypedArray {
    this.reads++;
    const { dtype, length } = handle as Token;
    return dtype === 'int32' || dtype === 'bool'
      ? new Int32Array(length).fill(this.#answer)
      : new Float32Array(length).fill(2 * this.#answer);
  }

  release(handle: Handle): void {
    (handle as Token).released = true;
  }
}
