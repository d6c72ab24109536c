// The machinery around the cases: expectations, refusals, queries, reports.

import type { Backend } from '@unnoise/core';
import type { Case, Report, Result } from '@unnoise/conformance';
import {
  backendCases,
  casesOf,
  matches,
  runCases,
  schedulerSubject,
  summary,
  toJUnit,
  toMarkdown,
} from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { describe, expect, it } from 'vitest';
import { backendOf, withoutExp } from './faulty-backends.ts';

const EXP = 'backend/map/exp:dtype=float32;layout=odd';
const LINEAR = 'backend/map/linear:dtype=float32;n=2;layout=contiguous';

const made = (run: Case<Backend>['run'], id = 'backend/own'): Case<Backend> => ({ id, needs: [], spec: 'own', run });
const one = async (run: Case<Backend>['run'], backend = backendOf()): Promise<Result> =>
  (await runCases([made(run)], backend)).results[0]!;

describe('expectations', () => {
  const wrong = backendOf({ params: (_, params) => params.map((c) => -c) });
  const expectLinear = [{ id: LINEAR, status: 'fail' as const, reason: 'signs', issue: '#1' }];

  it('make a failing case an expected failure, with its reason', async () => {
    const { results } = await runCases(backendCases(), wrong, { query: LINEAR, expect: expectLinear });
    expect(results).toMatchObject([{ outcome: 'xfail', message: 'signs (#1)' }]);
  });

  it('fail when they are stale: the case passes', async () => {
    const { results } = await runCases(backendCases(), backendOf(), { query: LINEAR, expect: expectLinear });
    expect(results).toMatchObject([{ outcome: 'fail', message: expect.stringContaining('remove the expectation') }]);
  });

  it('fail when the case is declined', async () => {
    const expected = [{ id: EXP, status: 'fail' as const, reason: 'no exp' }];
    const { results } = await runCases(backendCases(), withoutExp(), { query: EXP, expect: expected });
    expect(results).toMatchObject([{ outcome: 'fail', message: expect.stringContaining('is declined') }]);
  });

  it('fail when no case has their id, or two have the same', async () => {
    const unknown = [{ id: 'backend/map/epx', status: 'fail' as const, reason: 'typo' }];
    await expect(runCases(backendCases(), backendOf(), { expect: unknown })).rejects.toThrow(
      'backend/map/epx, which is no case',
    );
    await expect(runCases(backendCases(), backendOf(), { expect: [...expectLinear, ...expectLinear] })).rejects.toThrow(
      'Two expectations',
    );
  });
});

describe('outcomes', () => {
  it('are declined where the backend does not declare the operation and refuses it', async () => {
    const { results } = await runCases(backendCases(), withoutExp(), { query: 'backend/map/exp*' });
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['declined']));
    expect(results[0]!.message).toContain('op:exp');
  });

  it('are failures for anything that is thrown, not only for assertions', async () => {
    expect(await one(() => Promise.reject(new TypeError('x is undefined')))).toMatchObject({
      outcome: 'fail',
      message: expect.stringContaining('x is undefined'),
    });
    expect(await one(() => Promise.reject('text'))).toMatchObject({ outcome: 'fail' });
  });

  it('are failures for a case that never ends', async () => {
    const hangs = made(() => new Promise(() => {}));
    const { results } = await runCases([hangs, made(async () => {}, 'backend/next')], backendOf(), { timeout: 20 });
    expect(results).toMatchObject([
      { outcome: 'fail', message: expect.stringContaining('was not done after 0.02 s') },
      { outcome: 'pass' },
    ]);
  });

  it('are failures for buffers that stay live', async () => {
    const leak = await one(async (backend) => void backend.upload(new Float32Array(3), 'float32'));
    expect(leak).toMatchObject({ outcome: 'fail', message: expect.stringContaining('1 buffers are live') });
  });

  it('compare what is not finite by class', async () => {
    const close = (a: number, b: number) => one(async (_, check) => check.close([a], [b], 1e300, 'it'));
    expect((await close(NaN, NaN)).outcome).toBe('pass');
    expect((await close(Infinity, Infinity)).outcome).toBe('pass');
    for (const [a, b] of [
      [NaN, Infinity],
      [NaN, 1],
      [Infinity, -Infinity],
      [Infinity, 1e308],
      [1, NaN],
    ] as const) {
      expect((await close(a, b)).outcome, `${a} for ${b}`).toBe('fail');
    }
  });

  it('compare lengths, and each element with its own bound', async () => {
    const close = (a: number[], b: number[], bound: number[]) =>
      one(async (_, check) => check.close(a, b, bound, 'it'));
    expect((await close([1, 2], [1], [9])).outcome).toBe('fail');
    expect((await close([1, 2.5], [1, 2], [0, 1])).outcome).toBe('pass');
    expect((await close([1.5, 2], [1, 2], [0, 1])).message).toContain('element 0 is 1.5, not 1');
  });
});

describe('case ids', () => {
  it('are distinct, for backends and for schedulers', () => {
    const subject = schedulerSubject(DDIMScheduler);
    for (const ids of [[...backendCases()].map(({ id }) => id), [...casesOf(subject)].map(({ id }) => id)]) {
      expect(ids.length).toBeGreaterThan(1000);
      expect(new Set(ids).size).toBe(ids.length);
    }
  });

  it('are matched whole, with * for anything', () => {
    expect(matches('backend/map/*', 'backend/map/exp:dtype=float32')).toBe(true);
    expect(matches('backend/map', 'backend/map/exp')).toBe(false);
    expect(matches('*dtype=float16*', 'backend/map/exp:dtype=float16;n=1')).toBe(true);
    expect(matches('backend/map/e.p', 'backend/map/exp')).toBe(false);
  });

  it('that a query does not match are an error, not an empty success', async () => {
    await expect(runCases(backendCases(), backendOf(), { query: 'backend/mop/*' })).rejects.toThrow(
      'No case matches backend/mop/*',
    );
  });
});

describe('reports', () => {
  const results: readonly Result[] = [
    { id: 'backend/map/exp:dtype=float32;n=1', outcome: 'pass', milliseconds: 1 },
    { id: 'backend/map/exp:dtype=float32;n=2', outcome: 'fail', message: 'a < b & "c"\nmore', milliseconds: 2 },
    { id: 'backend/map/exp:dtype=float16;n=1', outcome: 'declined', message: 'no float16', milliseconds: 0 },
    { id: 'backend-eager/map/exp:dtype=float32;n=1', outcome: 'xfail', message: 'known', milliseconds: 0 },
  ];
  const report: Report = { suite: 1, golden: '0.42.1', subject: 'own', backend: 'own', device: 'a GPU', results };

  it('end with the totals', () => {
    expect(summary([report, report])).toBe('2 passed, 2 failed, 4 skipped');
    expect(toMarkdown([report]).trimEnd().split('\n').at(-1)).toBe('1 passed, 1 failed, 2 skipped');
  });

  it('are a matrix of operations by dtype, or of operations and dtypes by backend', () => {
    const text = toMarkdown([report]);
    expect(text).toContain('| backend | float16 | float32 |');
    expect(text).toContain('| map/exp | declined | **FAIL 1**, pass 1 |');
    expect(text).toContain('| map/exp (eager) |  | xfail (known) |');
    const both = toMarkdown([report, { ...report, subject: 'other', results: results.slice(0, 1) }]);
    expect(both).toContain('| backend | other | own |');
    expect(both).toContain('| map/exp float32 | pass 1 | **FAIL 1**, pass 1 |');
    expect(text).toContain('own (a GPU)');
    expect(text).toContain('- `backend/map/exp:dtype=float32;n=2` on own: a < b');
  });

  it('are well-formed JUnit', () => {
    const xml = toJUnit(report);
    expect(xml).toContain('<testsuite name="own" tests="4" failures="1" skipped="2"');
    expect(xml).toContain('classname="backend/map" name="backend/map/exp:dtype=float32;n=2"');
    expect(xml).toContain('<failure message="a &lt; b &amp; &quot;c&quot;&#10;more"/>');
    expect(xml).toContain('<skipped message="declined: no float16"/>');
  });
});
