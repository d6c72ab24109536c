// Writes the wire format of protocol buffers: the three kinds of field that ONNX files need. A message is the list of its fields.

/** Encoded bytes, in order. */
export type Bytes = readonly number[] | Uint8Array;

/** An unsigned varint; negative numbers as 64-bit two's complement. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

const key = (field: number, wire: 0 | 2 | 5): number[] => varint(field * 8 + wire);

/** Parts as one. Not by spreading: initialisers may be long. */
export function joined(parts: readonly Bytes[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (all.set(part, at), at + part.length), 0);
  return all;
}

/** A whole number. */
export const int = (field: number, value: number): Bytes => [...key(field, 0), ...varint(value)];

/** A message, or raw bytes. */
export function message(field: number, ...parts: readonly Bytes[]): Bytes {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joined([key(field, 2), varint(length), ...parts]);
}

export const text = (field: number, value: string): Bytes => message(field, new TextEncoder().encode(value));

/** Whole numbers, packed. */
export const ints = (field: number, values: readonly number[]): Bytes => message(field, values.flatMap(varint));
