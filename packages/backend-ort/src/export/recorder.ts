// A backend that computes nothing and writes down every kernel: what a scheduler asks for, step by step.

import {
  type Backend,
  type Capabilities,
  DiffusionError,
  type DType,
  type Generator,
  type Handle,
  type Kernel,
  type TypedArray,
} from '@unnoise/core';

import { CAPABILITIES } from '../capabilities.ts';

/** A value that would be there. */
export class Token {
  readonly dtype: DType;
  /** Of a constant. */
  readonly data: TypedArray | undefined;
  released = false;

  constructor(dtype: DType, data?: TypedArray) {
    this.dtype = dtype;
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
  #calls: Call[] = [];
  #draws = new Map<TypedArray, Token>();

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
      this.#draws.set(noise, new Token('float32'));
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
    return this.#draws.get(data) ?? new Token(dtype, values);
  }

  adopt(native: unknown): Token | undefined {
    return native instanceof Token ? native : undefined;
  }

  native(handle: Handle): Handle {
    return handle;
  }

  run(kernel: Kernel, inputs: readonly Handle[], params: Float64Array, sizes: readonly number[]): readonly Token[] {
    const outputs = kernel.outputs.map(({ dtype }) => new Token(dtype));
    this.#calls.push({ kernel, inputs: inputs as readonly Token[], outputs, params: [...params], sizes: [...sizes] });
    return outputs;
  }

  download(): never {
    const message =
      'this step reads numbers back to the host, which a graph cannot: dynamic thresholding does. Switch that off in the config.';
    throw new DiffusionError('OP_UNSUPPORTED', message);
  }

  release(handle: Handle): void {
    (handle as Token).released = true;
  }
}
