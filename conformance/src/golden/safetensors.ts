// Reads safetensors files: a length, a JSON header, and the bytes.

import type { Shape, TypedArray } from '@unnoise/core';

export interface GoldenTensor {
  readonly data: TypedArray;
  readonly shape: Shape;
}

interface Entry {
  readonly dtype: string;
  readonly shape: Shape;
  readonly data_offsets: readonly [number, number];
}

const READERS: Readonly<Record<string, (bytes: ArrayBuffer) => TypedArray>> = {
  F64: (bytes) => new Float64Array(bytes),
  F32: (bytes) => new Float32Array(bytes),
  F16: (bytes) => new Uint16Array(bytes),
  I32: (bytes) => new Int32Array(bytes),
  I64: (bytes) => Int32Array.from(new BigInt64Array(bytes), Number),
  BOOL: (bytes) => new Uint8Array(bytes),
  U8: (bytes) => new Uint8Array(bytes),
};

/** The tensors of a file by name. Throws a TypeError for a dtype that no golden case has. */
export function readSafetensors(file: Uint8Array): ReadonlyMap<string, GoldenTensor> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(file.subarray(8, start))) as Record<string, Entry>;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const { dtype, shape, data_offsets } = entry;
    const [from, to] = data_offsets;
    const read = READERS[dtype];
    if (!read)
      throw new TypeError(
        `The golden tensor ${name} has dtype ${dtype}, which is none of ${Object.keys(READERS).join(', ')}.`,
      );
    // a copy of its own: the slice of a Node Buffer is a view of a larger pool
    tensors.set(name, { data: read(Uint8Array.from(file.subarray(start + from, start + to)).buffer), shape });
  }
  return tensors;
}
