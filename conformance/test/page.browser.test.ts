// The suites in a page, without a test runner: every case of the WASM backend, and a scheduler on it with goldens fetched by URL.

import type { Backend } from '@unnoise/core';
import { createCpuBackend } from '@unnoise/backend-cpu';
import {
  backendCases,
  casesOf,
  exactCases,
  noGoldens,
  runCases,
  schedulerSubject,
  summary,
  toMarkdown,
  tracing,
  urlGoldens,
} from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import { expect, it } from 'vitest';

/** As vitest serves the repository. */
const GOLDEN = '/conformance/golden';

it('every case of a backend passes, to the bit where it is asked', async () => {
  const cases = [...backendCases(), ...exactCases()];
  const report = await runCases(cases, createCpuBackend());
  expect(report.results.filter(({ outcome }) => outcome !== 'pass')).toEqual([]);
  expect(report.results.length).toBe(cases.length);
  expect(summary([report])).toBe(`${cases.length} passed, 0 failed, 0 skipped`);
  expect(cases.length).toBeGreaterThan(2000);
}, 180_000);

it('a scheduler gives the numbers of recorded runs that are fetched, from an address relative to the page', async () => {
  const golden = await urlGoldens(GOLDEN, ['DDIMScheduler']);
  expect(golden.version).toMatch(/^diffusers \d/);
  const backend = createCpuBackend();
  const subject = schedulerSubject({ scheduler: DDIMScheduler, golden, backend: async () => backend });
  const report = await runCases(casesOf(subject), subject);
  const of = (wanted: string) => report.results.filter(({ outcome }) => outcome === wanted);
  expect(of('fail')).toEqual([]);
  expect(of('pass').length).toBeGreaterThan(1600);
  expect(of('pass').filter(({ id }) => id.includes('/teacher:')).length).toBeGreaterThan(500);
  for (const { message } of of('declined')) expect(message).toMatch(/is not registered$/);
  expect(toMarkdown([report])).toContain('| DDIMScheduler teacher | pass');
}, 180_000);

it('recorded runs are not left out in silence: a page says where they are, or that it wants none', () => {
  expect(() => schedulerSubject(DDIMScheduler)).toThrow('Pass golden: await urlGoldens');
  const subject = schedulerSubject({ scheduler: DDIMScheduler, golden: noGoldens });
  expect([...casesOf(subject)].every(({ id }) => id.includes('/law/'))).toBe(true);
});

it('a fault is found here too', async () => {
  const backend = tracing(createCpuBackend());
  const upload: Backend['upload'] = (data, dtype) =>
    backend.upload(
      data.map((x) => -x),
      dtype,
    );
  const wrong = { ...backend, upload };
  const { results } = await runCases(backendCases(), wrong, { query: 'backend/buffer/round-trip:dtype=float32' });
  expect(results).toMatchObject([{ outcome: 'fail', message: expect.stringContaining('the downloaded array') }]);
});
