// How many parameters an ONNX file holds: the sizes of its float initialisers, read from the protobuf without parsing the rest.
// ModelProto.graph is field 7, GraphProto.initializer 5, TensorProto.dims 1 and data_type 2.

const FLOATS = new Set([1, 10, 11, 16]); // float32, float16, float64, bfloat16

interface Field {
  readonly number: number;
  /** Of a varint. */
  readonly value: number;
  /** Of bytes. */
  readonly bytes: Uint8Array;
}

/** Weights that lie in external files count too: their shapes are in the graph. */
export function parameterCount(onnx: Uint8Array): number {
  let count = 0;
  for (const graph of named(onnx, 7)) for (const tensor of named(graph, 5)) count += floatsIn(tensor);
  return count;
}

function* named(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  for (const field of fields(bytes)) if (field.number === number) yield field.bytes;
}

function floatsIn(tensor: Uint8Array): number {
  let size = 1;
  let type = 0;
  for (const { number, value, bytes } of fields(tensor)) {
    if (number === 2) type = value;
    if (number !== 1) continue;
    if (bytes.length === 0) size *= value;
    for (let at = 0; at < bytes.length; ) {
      const dim = varint(bytes, at);
      size *= dim.value;
      at = dim.end;
    }
  }
  return FLOATS.has(type) ? size : 0;
}

const NONE = new Uint8Array();

function* fields(bytes: Uint8Array): Generator<Field> {
  for (let at = 0; at < bytes.length; ) {
    const key = varint(bytes, at);
    const number = Math.floor(key.value / 8);
    const wire = key.value % 8;
    if (wire === 1 || wire === 5) at = key.end + (wire === 1 ? 8 : 4);
    else {
      const { value, end } = varint(bytes, key.end);
      at = wire === 2 ? end + value : end;
      yield { number, value, bytes: wire === 2 ? bytes.subarray(end, at) : NONE };
    }
  }
}

function varint(bytes: Uint8Array, start: number): { value: number; end: number } {
  let value = 0;
  for (let at = start, scale = 1; at < bytes.length; at++, scale *= 128) {
    const byte = bytes[at]!;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, end: at + 1 };
  }
  throw new RangeError('The file ends in the middle of a number.');
}
