// docs/conformance.md: what its tables say, and that nothing is left out of it in silence.

import type { Backend, Kernel } from '@unnoise/core';
import { expect, it } from 'vitest';
import { page } from './matrix/document.ts';
import { Chooser, inBackendPart, inPartRuns, inSchedulerPart, PART_RUNS } from './matrix/part.ts';
import type { ColumnRecord, SuiteRecord } from './matrix/record.ts';

const suite = (name: string, over: Partial<SuiteRecord> = {}): SuiteRecord => ({
  suite: name,
  cases: 10,
  ran: 10,
  golden: 'diffusers 1.2',
  rows: { [name]: { pass: 10 } },
  failures: [],
  declined: {},
  ...over,
});

const column = (name: string, over: Partial<ColumnRecord> = {}): ColumnRecord => ({
  name,
  extent: 'all',
  date: '2026-11-21T10:00:00.000Z',
  seconds: 300,
  place: 'Node 20',
  runtime: '',
  device: '',
  suites: [suite('backends', { rows: { 'map/exp float32': { pass: 10 } } }), suite('DDIMScheduler')],
  ...over,
});

const lines = (...list: readonly ColumnRecord[]): readonly string[] => page(list).split('\n');

it('has a column for every backend and a row for every scheduler and operation', () => {
  const text = lines(column('cpu'), column('webgpu', { device: 'SwiftShader', runtime: 'webgpu 0.6' }));
  expect(text).toContain('| scheduler | cpu | webgpu |');
  expect(text).toContain('| DDIMScheduler | pass 10 | pass 10 |');
  expect(text).toContain('| map/exp float32 | pass 10 | pass 10 |');
  expect(text).toContain(
    '| webgpu | Node 20, webgpu 0.6 | SwiftShader | all 20 | pass 20 | 2026-11-21 10:00 | 5 min |',
  );
  expect(text.at(-2)).toBe('40 passed, 0 failed, 0 skipped');
});

it('says why a column was not run, in its every cell', () => {
  const text = lines(column('cpu'), column('gpu', { notRun: 'No adapter.', suites: [] }));
  expect(text).toContain('| DDIMScheduler | pass 10 | not run |');
  expect(text.join()).toContain('**not run**: No adapter.');
});

it('says how a column broke off, and what it owes', () => {
  const { suites } = column('');
  const text = lines(column('cpu'), column('gpu', { broke: 'SIGABRT.', suites: suites.slice(0, 1) }));
  expect(text).toContain('| DDIMScheduler | pass 10 | **missing** |');
  expect(text.join()).toContain('**broke off** after 1 suites: SIGABRT., pass 10');
});

it('counts what was declined by its reason, and lists what failed', () => {
  const rows = { DDIMScheduler: { pass: 7, declined: 2, fail: 1 } };
  const failures = [{ id: 'scheduler/DDIMScheduler/tables:case=x', message: 'off\nby one' }];
  const small = suite('DDIMScheduler', { rows, failures, declined: { 'does not declare op:exp': 2 } });
  const text = lines(column('small', { suites: [suite('backends'), small] }));
  expect(text).toContain('| DDIMScheduler | **FAIL 1**, pass 7, declined 2 |');
  expect(text).toContain('- small: 2 × does not declare op:exp.');
  expect(text).toContain('- `scheduler/DDIMScheduler/tables:case=x` on small: off');
  expect(text.at(-2)).toBe('17 passed, 1 failed, 2 skipped');
});

it('says of a part how much it is', () => {
  const text = page([
    column('gpu', { extent: 'part', suites: [suite('backends'), suite('DDIMScheduler', { ran: 4 })] }),
  ]);
  expect(text).toContain('| part: 14 of 20 |');
  expect(text).toContain('Cases not run: gpu 6.');
});

it('the part has the chosen runs, and every case that is about no recorded run', () => {
  const [run] = PART_RUNS['DDIMScheduler']!;
  const id = (room: string, name: string): string => `scheduler/DDIMScheduler/${room}:case=${name}`;
  expect(inSchedulerPart(id('free-run', run!))).toBe(true);
  expect(inSchedulerPart(`${id('teacher', run!)};step=3`)).toBe(true);
  expect(inSchedulerPart(id('law/finite', run!))).toBe(true);
  expect(inSchedulerPart(id('free-run', 'no-such-run'))).toBe(false);
  expect(inSchedulerPart(id('tables', 'no-such-run'))).toBe(true);
  expect([inPartRuns(id('free-run', run!)), inPartRuns(id('tables', run!))]).toEqual([true, false]);
  expect([inBackendPart('backend/map/exp'), inBackendPart('backend-eager/map/exp')]).toEqual([true, false]);
});

it('a recorded run is chosen when it is the first, and when it launches a new kernel', () => {
  const chooser = new Chooser();
  const watched = chooser.watch({ run: () => [] } as unknown as Backend);
  const launched = Object.entries({ a: 'k1', b: 'k1', c: 'k2', d: 'k1' });
  for (const [run, key] of launched) {
    void watched.run({ key } as Kernel, [], new Float64Array(), []);
    chooser.ran(`scheduler/X/teacher:case=${run};step=0`);
  }
  expect(chooser.chosen).toEqual(['a', 'c']);
});
