// The arithmetic of a step in TensorFlow.js's wasm backend: as the five operations that one would write, and as the one kernel of
// @unnoise/backend-tfjs on the same tensors.

import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { add, memory, mul, setBackend, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { createTfjsBackend, fromTf, type TfjsBackend } from '@unnoise/backend-tfjs';
import { linear, realizeStep } from '@unnoise/core';

import { LINCOMB, PARAMS } from './kernels.ts';
import { interleave, type Timing } from './measure.ts';

export interface TfjsRow {
  readonly elements: number;
  /** Five TensorFlow.js operations in a tidy. */
  readonly eager: Timing;
  /** The same through the backend, with its fast path switched off. */
  readonly operations: Timing;
  /** One kernel. */
  readonly fused: Timing;
  /** A whole expression: built, realised in one kernel, disposed. */
  readonly expression: Timing;
  /** Eager over fused, of minima. */
  readonly speedup: number;
}

const SIZES: readonly (readonly [elements: number, rounds: number])[] = [
  [16_384, 1000],
  [65_536, 500],
  [1 << 20, 60],
];

/** Makes the wasm backend TensorFlow.js's own. */
export async function startTfjs(): Promise<void> {
  setWasmPaths(dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep);
  await setBackend('wasm');
}

export async function benchTfjs(): Promise<TfjsRow[]> {
  await startTfjs();
  const backend = await createTfjsBackend();
  const plain = await createTfjsBackend({ fused: false });
  const rows: TfjsRow[] = [];
  for (const [elements, rounds] of SIZES) rows.push(await benchSize(backend, plain, elements, rounds));
  return rows;
}

async function benchSize(backend: TfjsBackend, plain: TfjsBackend, elements: number, rounds: number): Promise<TfjsRow> {
  const before = memory().numTensors;
  const tensors = [0, 1, 2].map((i) => tensor1d(Float32Array.from({ length: elements }, (_, j) => Math.sin(i + j))));
  const ends: (() => void)[] = [];
  const times = await interleave(
    {
      eager: eager(tensors),
      operations: lincomb(plain, tensors, ends),
      fused: lincomb(backend, tensors, ends),
      expression: expression(backend, tensors, ends),
    },
    rounds,
  );
  for (const end of ends) end();
  for (const one of tensors) one.dispose();
  if (memory().numTensors !== before) throw new Error('a tensor is left over');
  return { elements, ...times, speedup: times.eager.min / times.fused.min };
}

const [A, B, C] = PARAMS as unknown as [number, number, number];

function eager([x, e, n]: readonly Tensor[]): () => void {
  return () => tidy(() => add(add(mul(x!, A), mul(e!, B)), mul(n!, C))).dispose();
}

function lincomb(backend: TfjsBackend, tensors: readonly Tensor[], ends: (() => void)[]): () => void {
  const inputs = tensors.map((one) => backend.adopt(one, 'float32')!);
  ends.push(() => inputs.forEach((input) => backend.release(input)));
  return () => {
    for (const output of backend.run(LINCOMB, inputs, PARAMS, [tensors[0]!.size])) backend.release(output);
  };
}

function expression(backend: TfjsBackend, tensors: readonly Tensor[], ends: (() => void)[]): () => void {
  const [x, e, n] = tensors.map((one) => fromTf(one, backend));
  ends.push(() => [x, e, n].forEach((one) => one!.dispose()));
  return () => {
    const y = linear([
      [A, x!],
      [B, e!],
      [C, n!],
    ]);
    void realizeStep([y]);
    y.dispose();
  };
}
