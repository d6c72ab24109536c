// Tests of the suite: every planted fault is found by the case that is named for it, and the same case passes without the fault.

import type { Backend } from '@unnoise/core';
import { registry } from '@unnoise/core';
import type { Case, SchedulerSubject } from '@unnoise/conformance';
import { backendCases, casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import { createReferenceBackend } from '@unnoise/core/reference';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { describe, expect, it } from 'vitest';
import { BACKEND_FAULTS, backendOf } from './faulty-backends.ts';
import { SCHEDULER_FAULTS } from './faulty-schedulers.ts';

registry.add(DDIMScheduler, EulerDiscreteScheduler);

const outcome = async <S extends Backend | SchedulerSubject>(cases: Iterable<Case<S>>, subject: S, id: string) =>
  (await runCases(cases, subject, { query: id })).results[0]!;

describe('a backend', () => {
  it.each(BACKEND_FAULTS)('is found out when $fault', async ({ caughtBy, create }) => {
    expect((await outcome(backendCases(), backendOf(), caughtBy)).outcome, 'without the fault').toBe('pass');
    const { outcome: found, message } = await outcome(backendCases(), create(), caughtBy);
    expect(found, message).toBe('fail');
  });

  it.each(createReferenceBackend().capabilities.ops)(
    'without %s is asked by every case that needs it, and refuses',
    async (op) => {
      const { ops } = createReferenceBackend().capabilities;
      const backend = createReferenceBackend({ precision: 'float32', ops: ops.filter((other) => other !== op) });
      const plain = [...backendCases()].filter(({ id }) => id.startsWith('backend/') && !id.includes('large'));
      const cases = plain.filter(({ needs }) => needs.includes(`op:${op}`));
      const { results } = await runCases(cases, backend);
      expect(results.length).toBeGreaterThan(0);
      expect(results.filter(({ outcome }) => outcome !== 'declined')).toEqual([]);
    },
  );

  it('without a fault passes everything', async () => {
    const { results } = await runCases(backendCases(), backendOf());
    expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    expect(results.length).toBeGreaterThan(2000);
  });
});

describe('a scheduler', () => {
  it.each(SCHEDULER_FAULTS)('is found out when $fault', async ({ caughtBy, scheduler }) => {
    const honest = schedulerSubject(scheduler.className === 'DDIMScheduler' ? DDIMScheduler : EulerDiscreteScheduler);
    const { outcome: before, message: reason } = await outcome(casesOf(honest), honest, caughtBy);
    expect(before, reason).toBe('pass');
    const subject = schedulerSubject(scheduler);
    const { outcome: found, message } = await outcome(casesOf(subject), subject, caughtBy);
    expect(found, message).toBe('fail');
  });
});
