// The whole suite on every backend and scheduler of the repository. report.ts writes the same matrix to docs/conformance.md.

import { backendCases, casesOf, exactCases, runCases, schedulerSubject } from '@unnoise/conformance';
import type { Report } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { BACKENDS, CPU, SCHEDULERS } from './subjects.ts';

const failures = ({ results }: Report) =>
  results.filter(({ outcome }) => outcome === 'fail').map(({ id, message }) => `${id}: ${message}`);
const declined = ({ results }: Report) => results.filter(({ outcome }) => outcome === 'declined').length;

describe('backends', () => {
  it.each(BACKENDS)('$name', async ({ name, create }) => {
    const report = await runCases(backendCases(), create());
    expect(failures(report)).toEqual([]);
    expect(report.results.length).toBeGreaterThan(2000);
    if (!name.includes('op')) expect(declined(report)).toBe(0);
  });

  it('that declares only the required operations declines the others, and there are many', async () => {
    const small = BACKENDS.find(({ name }) => name.includes('required'))!;
    expect(declined(await runCases(backendCases(), small.create()))).toBeGreaterThan(1000);
  });

  it.each(BACKENDS.filter(({ exact }) => exact))('$name equals the interpreter bit for bit', async ({ create }) => {
    expect(failures(await runCases(exactCases(), create()))).toEqual([]);
  });
});

describe('schedulers on the cpu backend (each package tests its own on the reference)', () => {
  it.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', async ({ scheduler }) => {
    const backend = CPU.create();
    const subject = schedulerSubject({ scheduler, backend: async () => backend });
    const report = await runCases(casesOf(subject), subject);
    expect(failures(report)).toEqual([]);
    expect(declined(report), 'every class is registered, so every swap can be made').toBe(0);
  });
});
