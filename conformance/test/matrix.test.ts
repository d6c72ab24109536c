// The suite on the columns in Node: that for backends on those that have no tests in a package of their own, all of every scheduler's on
// cpu. `npm run conformance` runs the rest and writes docs/conformance.md; its selection is held up to date here.

import type { Report } from '@unnoise/conformance';
import { backendCases, exactCases, runCases } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { chooseFor } from './matrix/choose.ts';
import { PART_RUNS } from './matrix/part.ts';
import { columns, SCHEDULERS } from './subjects.ts';

const failures = ({ results }: Pick<Report, 'results'>) =>
  results.filter(({ outcome }) => outcome === 'fail').map(({ id, message }) => `${id}: ${message}`);
const declined = ({ results }: Pick<Report, 'results'>) =>
  results.filter(({ outcome }) => outcome === 'declined').length;

const SMALL = ['reference, one op, 4 buffers', 'reference, required ops only'] as const;
const EXACT = columns('reference float32', 'cpu', 'cpu without WebAssembly');

describe('backends', () => {
  it.each([...columns('reference float64', ...SMALL), ...EXACT])('$name', async ({ name, create }) => {
    const report = await runCases(backendCases(), (await create()).backend);
    expect(failures(report)).toEqual([]);
    expect(report.results.length).toBeGreaterThan(2000);
    // what cannot fuse has no fusion budgets
    if (name !== SMALL[1]) expect(declined(report)).toBe(name === SMALL[0] ? 3 : 0);
  });

  it('that declares only the required operations declines the others, and there are many', async () => {
    const [small] = columns(SMALL[1]);
    expect(declined(await runCases(backendCases(), (await small!.create()).backend))).toBeGreaterThan(1000);
  });

  it.each(EXACT)('$name equals the interpreter bit for bit', async ({ create }) => {
    expect(failures(await runCases(exactCases(), (await create()).backend))).toEqual([]);
  });
});

describe('schedulers on the cpu backend (each package tests its own on the reference)', () => {
  it.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', async ({ scheduler }) => {
    const { chosen, results } = await chooseFor(scheduler);
    expect(failures({ results })).toEqual([]);
    expect(declined({ results }), 'every class is registered, so every swap can be made').toBe(0);
    expect(chosen, 'matrix/part.json is out of date: npm run conformance -- --choose').toEqual(
      PART_RUNS[scheduler.className],
    );
  });
});
