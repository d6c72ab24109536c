// The arithmetic of a step, a*x + b*e + c*n, against copying as many elements: how near a kernel comes to what the memory gives.

import type { CpuBackend } from '@unnoise/backend-cpu';
import { createCpuBackend } from '@unnoise/backend-cpu';
import type { Kernel } from '@unnoise/core';

import { interleave, type Timing } from './measure.ts';

export interface KernelRow {
  readonly elements: number;
  readonly memcpy: Timing;
  readonly inPlace: Timing;
  readonly staged: Timing;
  /** Bandwidth as a share of memcpy's, of minima: 16 bytes per element against 8. */
  readonly inPlaceShare: number;
  readonly stagedShare: number;
}

const SIZES: readonly (readonly [elements: number, rounds: number])[] = [
  [16_384, 2000],
  [65_536, 1000],
  [1 << 20, 150],
  [1 << 24, 15],
];

export const LINCOMB: Kernel = {
  key: 'bench lincomb',
  kind: 'map',
  inputs: [0, 1, 2].map(() => ({ dtype: 'float32', dims: [true] })),
  outputs: [{ dtype: 'float32', value: 3 }],
  ops: [{ fn: 'linear', args: [0, 1, 2], params: [0, 1, 2], dtype: 'float32' }],
};
export const PARAMS: Float64Array = Float64Array.of(0.98, -0.12, 0.03);

export async function benchKernels(): Promise<KernelRow[]> {
  const rows: KernelRow[] = [];
  for (const [elements, rounds] of SIZES) rows.push(await benchSize(elements, rounds));
  return rows;
}

async function benchSize(elements: number, rounds: number): Promise<KernelRow> {
  const cpu = createCpuBackend();
  const arrays = [0, 1, 2].map((i) => Float32Array.from({ length: elements }, (_, j) => Math.sin(i + j)));
  const rooms = arrays.map((array) => {
    const room = cpu.allocate(elements);
    room.array.set(array);
    return room;
  });
  const copy = new Float32Array(elements);
  const times = await interleave(
    {
      memcpy: () => copy.set(arrays[0]!),
      inPlace: lincomb(cpu, rooms, elements),
      staged: lincomb(cpu, arrays, elements),
    },
    rounds,
  );
  const share = ({ min }: Timing): number => (2 * times.memcpy.min) / min;
  return { elements, ...times, inPlaceShare: share(times.inPlace), stagedShare: share(times.staged) };
}

function lincomb(cpu: CpuBackend, natives: readonly unknown[], elements: number): () => void {
  const inputs = natives.map((native) => cpu.adopt(native, 'float32')!);
  return () => {
    for (const output of cpu.run(LINCOMB, inputs, PARAMS, [elements])) cpu.release(output);
  };
}
