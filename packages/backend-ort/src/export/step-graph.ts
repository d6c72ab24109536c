// One recorded step as one ONNX graph: its kernels one after the other, all their parameters in one input, `coefficients`.

import type { Shape } from '@unnoise/core';
import { kernelLength } from '@unnoise/core/reference';

import { Graph } from '../onnx/graph.ts';
import { addKernel, paramCount, split } from '../onnx/kernel.ts';
import type { Call, Token } from './recorder.ts';

export interface StepParts {
  readonly calls: readonly Call[];
  /** Every value that may come from outside the step, by the name that its input gets. */
  readonly inputs: ReadonlyMap<Token, string>;
  /** Results by name; those without a shape are vectors. */
  readonly outputs: ReadonlyMap<string, { readonly token: Token; readonly shape?: Shape }>;
  /** Number of dimensions of a sample. */
  readonly rank: number;
}

/** The ONNX file of a step. */
export function stepGraph(parts: StepParts): Uint8Array {
  return new StepGraph(parts).bytes();
}

class StepGraph {
  readonly #parts: StepParts;
  readonly #graph = new Graph();
  /** Every operation is elementwise on whole tensors: then no size is written into the graph, and it serves all. */
  readonly #free: boolean;
  readonly #values = new Map<Token, string>();

  constructor(parts: StepParts) {
    this.#parts = parts;
    this.#free = parts.calls.every(isElementwise);
    for (const [token, name] of parts.inputs) this.#values.set(token, this.#input(token, name));
    const params = this.#params();
    parts.calls.forEach((call, i) => this.#call(call, params[i]));
  }

  bytes(): Uint8Array {
    for (const [name, { token, shape }] of this.#parts.outputs) {
      const value = this.#values.get(token)!;
      const shaped = this.#free || !shape ? value : this.#graph.node('Reshape', [value, this.#graph.whole(shape)]);
      this.#graph.output(shaped, name, token.dtype, this.#free ? this.#anySize() : (shape ?? [`${name}_size`]));
    }
    return this.#graph.bytes('step');
  }

  #anySize(): string[] {
    return Array.from({ length: this.#parts.rank }, (_, d) => (d === 0 ? 'batch' : `size${d}`));
  }

  #input({ dtype }: Token, name: string): string {
    if (this.#free) return this.#graph.input(name, dtype, this.#anySize());
    return this.#graph.node('Reshape', [this.#graph.input(name, dtype), this.#graph.whole([-1])]);
  }

  /** The parameters of each call, cut from the one input. */
  #params(): readonly (string | undefined)[] {
    const counts = this.#parts.calls.map(({ kernel }) => paramCount(kernel));
    const used = counts.filter((count) => count > 0);
    if (used.length === 0) return [];
    const all = this.#graph.input('coefficients', 'float32', [used.reduce((a, b) => a + b)]);
    const pieces = [...split(this.#graph, all, used)];
    return counts.map((count) => (count > 0 ? pieces.shift() : undefined));
  }

  #call({ kernel, inputs, outputs, sizes }: Call, params: string | undefined): void {
    const results = addKernel({
      graph: this.#graph,
      kernel,
      inputs: inputs.map((token) => this.#values.get(token) ?? this.#constant(token)),
      params,
      vector: (_, of) => this.#graph.whole(of(sizes)),
      sizes,
    });
    outputs.forEach((token, i) => this.#values.set(token, results[i]!));
  }

  #constant(token: Token): string {
    const { dtype, data } = token;
    const name = this.#graph.data(`constant${this.#values.size}`, dtype, [data!.length], data!);
    this.#values.set(token, name);
    return name;
  }
}

/** Of one dimension, along which every input extends. */
function isElementwise({ kernel, inputs, sizes }: Call): boolean {
  const whole = kernel.inputs.every(({ dims }) => dims.length === 1 && dims[0]);
  const computed = kernel.ops.every(({ args }) => args.length > 0);
  return (
    kernel.kind === 'map' &&
    whole &&
    computed &&
    inputs.length > 0 &&
    inputs.every(({ data }) => !data) &&
    kernelLength(kernel, sizes) > 0
  );
}
