import { backendCases, testBackend } from '@unnoise/conformance';
import { describe, it } from 'vitest';

import { GPUS, tfjsOn } from './gpu.ts';

const runner = { describe, it };
/** Without the repetitions through wrappers, as in Node. */
const once = [...backendCases()].filter(({ id }) => id.startsWith('backend/'));
/** What is fused elsewhere. */
const floats = once.filter(({ id }) => /dtype=float32|\/program\//.test(id));

for (const runtime of GPUS) {
  testBackend({ name: `tfjs-${runtime}`, create: () => tfjsOn(runtime) }, runner, once);
  testBackend(
    { name: `tfjs-${runtime}, as operations`, create: () => tfjsOn(runtime, { fused: false }) },
    runner,
    floats,
  );
}
