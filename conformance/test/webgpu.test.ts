// Schedulers on WebGPU. Without a GPU each case takes a software driver tens of milliseconds, so `npm test` takes a sample: evenly spread
// over the recorded steps and runs of each class. `npm run conformance` takes them all.

import { casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { GPU_BACKENDS, SCHEDULERS } from './subjects.ts';

/** Cases of each class. */
const SAMPLE = 6;

const RECORDED = /\/(teacher|free-run):/;

const spread = <T>(all: readonly T[]): readonly T[] =>
  all.filter((_, i) => Math.floor((i * SAMPLE) / all.length) !== Math.floor(((i - 1) * SAMPLE) / all.length));

describe.each(GPU_BACKENDS)('schedulers on $name', ({ create }) => {
  it.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', async ({ scheduler }) => {
    const backend = create();
    const subject = schedulerSubject({ scheduler, backend: async () => backend });
    const sample = spread([...casesOf(subject)].filter(({ id }) => RECORDED.test(id)));
    const { results } = await runCases(sample, subject);
    expect(results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  });
});
