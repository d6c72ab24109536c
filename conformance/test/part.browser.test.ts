// Schedulers on every runtime in a page: one of real samples and one of tokens, which needs every discrete operation.
// `npm run conformance` runs all schedulers.

import { urlGoldens } from '@unnoise/conformance';
import { EulerDiscreteScheduler } from '@unnoise/scheduler-euler-discrete';
import { VQDiffusionScheduler } from '@unnoise/scheduler-vq-diffusion';
import { describe, expect, it } from 'vitest';
import { PAGE_COLUMNS } from './matrix/page-columns.ts';
import { schedulerSuite } from './matrix/suites.ts';

const SCHEDULERS = [EulerDiscreteScheduler, VQDiffusionScheduler] as const;
const golden = await urlGoldens(
  new URL('../golden', import.meta.url).pathname,
  SCHEDULERS.map(({ className }) => className),
);

describe.each(PAGE_COLUMNS)('schedulers on $name', ({ create }) => {
  it('hold the steps and whole runs of the part', async () => {
    const made = await create();
    for (const scheduler of SCHEDULERS) {
      const { report } = await schedulerSuite(scheduler, made, 'runs', { golden });
      expect(report.results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
      const declined = report.results.filter(({ outcome }) => outcome === 'declined').map(({ message }) => message);
      expect(declined.filter((reason) => !reason!.endsWith(' does not declare dtype:float16'))).toEqual([]);
      expect(report.results.filter(({ outcome }) => outcome === 'pass').length).toBeGreaterThan(20);
    }
  }, 300_000);
});
