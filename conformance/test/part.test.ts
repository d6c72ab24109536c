// Every scheduler on every runtime in Node: each step and each whole run of the part, so every kernel that a recorded run needs.
// `npm run conformance` runs the rest.

import { casesOf, runCases, schedulerSubject } from '@unnoise/conformance';
import { describe, expect, it } from 'vitest';
import { hasAdapter } from '../../packages/backend-webgpu/test/gpu.ts';
import { inSchedulerPart } from './matrix/part.ts';
import { columns, SCHEDULERS } from './subjects.ts';

const RUN = /\/(teacher|free-run):/;

/** Where there is no driver, tools/device-reporter.ts says so. onnx-graph on WebGPU needs a process of its own. */
const COLUMNS = columns('ort', 'onnx-graph', 'tfjs-cpu', 'tfjs-wasm', ...(hasAdapter ? ['webgpu'] : []));

describe.each(COLUMNS)('schedulers on $name', ({ create }) => {
  let made: ReturnType<typeof create> | undefined;

  it.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', async ({ scheduler }) => {
    const { backend } = await (made ??= create());
    const subject = schedulerSubject({ scheduler, backend: async () => backend });
    const cases = [...casesOf(subject)].filter(({ id }) => RUN.test(id) && inSchedulerPart(id));
    const { results } = await runCases(cases, subject);
    expect(results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    const declined = results.filter(({ outcome }) => outcome === 'declined').map(({ message }) => message);
    expect(declined.filter((reason) => !/^tfjs-\w+ does not declare dtype:float16$/.test(reason!))).toEqual([]);
    expect(results.length).toBeGreaterThan(1);
  });
});
