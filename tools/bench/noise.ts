// The normal numbers of a stochastic step: torch's stream from this library, and from torch itself.

import { torchGenerator } from '@unnoise/core';

import { pathMean, QUICK, type Timing } from './measure.ts';
import { SHAPES } from './race.ts';
import type { Upstream } from './upstream.ts';

export interface NoiseRow {
  readonly shape: readonly number[];
  readonly ours: Timing;
  readonly torch: Timing | undefined;
}

const ROUNDS = QUICK ? 1 : 60;

export async function benchNoise(upstream: Upstream | string): Promise<NoiseRow[]> {
  const rows: NoiseRow[] = [];
  for (const shape of SHAPES) rows.push(await benchSize(shape, upstream));
  return rows;
}

async function benchSize(shape: readonly number[], upstream: Upstream | string): Promise<NoiseRow> {
  const generator = torchGenerator(0);
  const [ours, theirs]: (readonly number[])[][] = [[], []];
  for (let round = -ROUNDS; round < ROUNDS; round++) {
    const start = performance.now();
    generator.normal(shape);
    const time = [1000 * (performance.now() - start)];
    const other = typeof upstream === 'string' ? undefined : await upstream.run({ of: 'randn', shape }, 1);
    if (round < 0) continue;
    ours!.push(time);
    if (other) theirs!.push(other);
  }
  return { shape, ours: pathMean(ours!), torch: theirs!.length > 0 ? pathMean(theirs!) : undefined };
}
