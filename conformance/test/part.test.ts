// Every scheduler on every runtime in Node: each step and each whole run of the part, so every kernel that a recorded run needs.
// `npm run conformance` runs the rest.

import { describe, expect, it } from 'vitest';
import { hasAdapter } from '../../packages/backend-webgpu/test/gpu.ts';
import { schedulerSuite } from './matrix/suites.ts';
import { columns, SCHEDULERS } from './subjects.ts';

/** Where there is no driver, tools/device-reporter.ts says so. onnx-graph on WebGPU needs a process of its own. */
const COLUMNS = columns('ort', 'onnx-graph', 'tfjs-cpu', 'tfjs-wasm', ...(hasAdapter ? ['webgpu'] : []));

describe.each(COLUMNS)('schedulers on $name', ({ create }) => {
  let made: ReturnType<typeof create> | undefined;

  it.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', async ({ scheduler }) => {
    const { report } = await schedulerSuite(scheduler, await (made ??= create()), 'runs');
    expect(report.results.filter(({ outcome }) => outcome === 'fail')).toEqual([]);
    const declined = report.results.filter(({ outcome }) => outcome === 'declined').map(({ message }) => message);
    expect(declined.filter((reason) => !/^tfjs-\w+ does not declare dtype:float16$/.test(reason!))).toEqual([]);
    expect(report.results.length).toBeGreaterThan(0);
  });
});
