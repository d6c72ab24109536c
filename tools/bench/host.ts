// The work that stays on the host whatever the backend: the quantile of dynamic thresholding. Noise has a file of its own.

import { quantile, torchGenerator } from '@unnoise/core';

import { interleave, type Timing } from './measure.ts';

export interface HostRow {
  readonly name: string;
  readonly time: Timing;
}

export async function benchHost(): Promise<HostRow[]> {
  const generator = torchGenerator(0);
  const small = generator.normal([3, 64, 64]);
  const large = generator.normal([3, 512, 512]);
  const quick = await interleave(
    {
      '0.995 quantile of magnitudes, 3x64x64': () => void quantile(small, 0.995),
      'the same by sorting': () => void sortedQuantile(small, 0.995),
    },
    300,
  );
  const slow = await interleave(
    {
      '0.995 quantile of magnitudes, 3x512x512': () => void quantile(large, 0.995),
      'the same by sorting': () => void sortedQuantile(large, 0.995),
    },
    7,
  );
  return [...Object.entries(quick), ...Object.entries(slow)].map(([name, time]) => ({ name, time }));
}

function sortedQuantile(values: Float32Array, q: number): number {
  const sorted = values.map(Math.abs).sort();
  return sorted[Math.floor(q * (values.length - 1))]!;
}
