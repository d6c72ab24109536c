import { backendCases, exactCases, testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { RUNTIMES, tfjsOn } from './runtimes.ts';

const runner = { describe, it };
const cases = [...backendCases(), ...exactCases()];
/** Without the repetitions one operation at a time and with handles watched: what they look at is the same code everywhere. */
const once = cases.filter(({ id }) => /^backend(-exact)?\//.test(id));

for (const runtime of RUNTIMES) {
  const all = runtime === 'wasm' ? cases : once;
  testBackend({ name: `tfjs-${runtime}`, create: () => tfjsOn(runtime) }, runner, all);
  testBackend(
    { name: `tfjs-${runtime}, as operations`, create: () => tfjsOn(runtime, { fused: false }) },
    runner,
    once,
  );
}
