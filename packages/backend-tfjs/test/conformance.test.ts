import { backendCases, exactCases, testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { RUNTIMES, tfjsOn } from './runtimes.ts';

const runner = { describe, it };
const cases = [...backendCases(), ...exactCases()];
/** Without the repetitions through wrappers, which concern what both ways have in common. `npm run conformance` runs all. */
const once = cases.filter(({ id }) => /^backend(-exact)?\//.test(id));

for (const runtime of RUNTIMES) {
  testBackend({ name: `tfjs-${runtime}`, create: () => tfjsOn(runtime) }, runner, cases);
  testBackend({ name: `tfjs-${runtime}, as operations`, create: () => tfjsOn(runtime, { fused: false }) }, runner, once);
}
