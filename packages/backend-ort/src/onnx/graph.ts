// A graph of ONNX operators under construction, and its file. Operators are from opset 17; what they compute is the callers' business.

import type { DType } from '@unnoise/core';

import { type Bytes, int, ints, joined, message, text } from './protobuf.ts';

/** The element types of our tensors, and int64, which shapes are made of. */
export type ElementType = DType | 'int64';

/** TensorProto.DataType. */
export const ELEMENT: Readonly<Record<ElementType, number>> = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 };

/** A size, or the name of one that is free. */
export type Dimension = number | string;
export type Attributes = Readonly<Record<string, number | readonly number[]>>;

const IR_VERSION = 9;
const OPSET = 17;
const INT = 2;
const INTS = 7;

interface Node {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: string[];
  readonly attributes: Attributes;
}

/** Values are known by their names, which the graph gives. */
export class Graph {
  readonly #nodes: Node[] = [];
  readonly #inputs: Bytes[] = [];
  readonly #outputs: Bytes[] = [];
  readonly #constants = new Map<string, Bytes>();
  readonly #renamed = new Map<string, string>();
  #values = 0;

  /** An input. Without dimensions, any rank will do. */
  input(name: string, type: ElementType, dims?: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(11, name, type, dims));
    return name;
  }

  /** Makes a value an output of that name. */
  output(value: string, name: string, type: ElementType, dims?: readonly Dimension[]): void {
    const made = this.#nodes.some(({ outputs }) => outputs.includes(value)) && !this.#renamed.has(value);
    this.#renamed.set(made ? value : this.node('Identity', [value]), name);
    this.#outputs.push(valueInfo(12, name, type, dims));
  }

  /** The only output of a new node. */
  node(op: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.nodes(op, inputs, 1, attributes)[0]!;
  }

  nodes(op: string, inputs: readonly string[], count: number, attributes: Attributes = {}): readonly string[] {
    const outputs = Array.from({ length: count }, () => `v${this.#values++}`);
    this.#nodes.push({ op, inputs, outputs, attributes });
    return outputs;
  }

  cast(value: string, type: ElementType): string {
    return this.node('Cast', [value], { to: ELEMENT[type] });
  }

  /** A vector of whole numbers, as shapes and axes are. */
  whole(values: readonly number[]): string {
    return this.#constant(`i${values.join('_')}`, 'int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** One number, of rank 0. */
  scalar(value: number): string {
    return this.#constant(`f${value}`, 'float32', [], Float32Array.of(value));
  }

  /** Any host data. */
  data(name: string, type: DType, dims: readonly number[], values: ArrayBufferView): string {
    return this.#constant(name, type, dims, values);
  }

  #constant(name: string, type: ElementType, dims: readonly number[], values: ArrayBufferView): string {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const fields = [ints(1, dims), int(2, ELEMENT[type]), text(8, name), message(9, raw)];
    if (!this.#constants.has(name)) this.#constants.set(name, message(5, ...fields));
    return name;
  }

  /** The ONNX file. */
  bytes(name: string): Uint8Array {
    const graph = message(
      7,
      ...this.#nodes.map((node) => this.#encoded(node)),
      text(2, name),
      ...this.#constants.values(),
      ...this.#inputs,
      ...this.#outputs,
    );
    return joined([int(1, IR_VERSION), text(2, 'unnoise'), graph, message(8, text(1, ''), int(2, OPSET))]);
  }

  #encoded({ op, inputs, outputs, attributes }: Node): Bytes {
    const final = (value: string): string => this.#renamed.get(value) ?? value;
    return message(
      1,
      ...inputs.map((value) => text(1, final(value))),
      ...outputs.map((value) => text(2, final(value))),
      text(4, op),
      ...Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    );
  }
}

function attribute(name: string, value: number | readonly number[]): Bytes {
  const whole = typeof value === 'number';
  return message(5, text(1, name), whole ? int(3, value) : ints(8, value), int(20, whole ? INT : INTS));
}

function valueInfo(field: number, name: string, type: ElementType, dims?: readonly Dimension[]): Bytes {
  const sizes = dims?.map((dim) => message(1, typeof dim === 'number' ? int(1, dim) : text(2, dim)));
  const shape = sizes ? [message(2, ...sizes)] : [];
  return message(field, text(1, name), message(2, message(1, int(1, ELEMENT[type]), ...shape)));
}
