import { casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import { registry } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { EulerAncestralDiscreteScheduler } from '@unnoise/scheduler-euler-ancestral-discrete';
import { VQDiffusionScheduler } from '@unnoise/scheduler-vq-diffusion';
import { describe, expect, test } from 'vitest';

import { tfjsOn } from './runtimes.ts';

/** One with noise and k-style sigmas, one with thresholding, and the one that needs every discrete operation. */
const SCHEDULERS = [DDIMScheduler, EulerAncestralDiscreteScheduler, VQDiffusionScheduler] as const;
registry.add(...SCHEDULERS);

/** What TensorFlow.js has no dtype for, and swaps with schedulers that are not installed here. */
const DECLINED = /does not declare dtype:float16$|registered|install/;

describe('schedulers hold their laws and recorded runs on tfjs-wasm', () => {
  test.each(SCHEDULERS.map((scheduler) => [scheduler.className, scheduler] as const))('%s', async (_, scheduler) => {
    const backend = await tfjsOn('wasm');
    const subject = schedulerSubject({ scheduler, backend: async () => backend });
    const { results } = await runCases(casesOf(subject), subject);
    const told = (outcome: string): string[] =>
      results.filter((result) => result.outcome === outcome).map(({ id, message }) => `${id}: ${message}`);
    expect(told('fail')).toEqual([]);
    expect(told('declined').filter((text) => !DECLINED.test(text))).toEqual([]);
    expect(results.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(20);
  });
});
