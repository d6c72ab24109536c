// The weights of an ONNX file by name. A protobuf message is a list of (field, wire type, value), and of this one only three fields
// matter: what computes with the weights, tfjs here, has its own idea of the graph.

import { halvesToFloats } from '@unnoise/core';

export interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Field numbers of ModelProto, GraphProto and TensorProto, and element types, from onnx.proto. */
const FIELD = { graph: 7, initializer: 5, dims: 1, dataType: 2, name: 8, rawData: 9 } as const;
const [FLOAT, FLOAT16] = [1, 10];

/** Every float tensor of the file, as float32. */
export function readWeights(file: Uint8Array): Map<string, Weight> {
  const graph = new Message(file).bytes(FIELD.graph)[0]!;
  const tensors = new Message(graph).bytes(FIELD.initializer).map((bytes) => new Message(bytes));
  return new Map(tensors.flatMap((tensor) => weightOf(tensor)));
}

function weightOf(tensor: Message): [name: string, weight: Weight][] {
  const type = tensor.integers(FIELD.dataType)[0];
  if (type !== FLOAT && type !== FLOAT16) return [];
  const name = new TextDecoder().decode(tensor.bytes(FIELD.name)[0]).replace(/\.f16$/, '');
  const { buffer } = tensor.bytes(FIELD.rawData)[0]!.slice();
  const values = type === FLOAT ? new Float32Array(buffer) : Float32Array.from(halvesToFloats(new Uint16Array(buffer)));
  return [[name, { shape: tensor.integers(FIELD.dims), values }]];
}

/** The fields of one protobuf message. */
class Message {
  readonly #bytes: Uint8Array;
  readonly #fields: (readonly [number: number, value: number | Uint8Array])[] = [];
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    while (this.#at < bytes.length) {
      const tag = this.#varint();
      this.#fields.push([tag >>> 3, this.#value(tag & 7)]);
    }
  }

  /** Sub-messages, strings and raw data with this field number. */
  bytes(field: number): Uint8Array[] {
    return this.#all(field).filter((value) => typeof value !== 'number');
  }

  /** Whole numbers with this field number, packed or not. */
  integers(field: number): number[] {
    return this.#all(field).flatMap((value) => (typeof value === 'number' ? [value] : unpacked(value)));
  }

  #all(field: number): (number | Uint8Array)[] {
    return this.#fields.filter(([number]) => number === field).map(([, value]) => value);
  }

  #value(wireType: number): number | Uint8Array {
    if (wireType === 0) return this.#varint();
    const length = wireType === 2 ? this.#varint() : wireType === 1 ? 8 : 4;
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
}

function unpacked(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  for (let i = 0, value = 0, scale = 1; i < bytes.length; i++) {
    value += (bytes[i]! & 127) * scale;
    scale *= 128;
    if (bytes[i]! >= 128) continue;
    numbers.push(value);
    [value, scale] = [0, 1];
  }
  return numbers;
}
