// Measures everything and prints one line of JSON per part. index.ts bundles this file and runs it in a process of its own: so
// do programs ship, and the helpers that tsx adds to functions would cost a third of a step.

import { benchHost } from './host.ts';
import { benchKernels } from './kernels.ts';
import { benchOrt } from './ort.ts';
import { benchSteps } from './steps.ts';
import { benchTfjs } from './tfjs.ts';
import { benchWebGpu } from './webgpu.ts';

const parts = {
  steps: benchSteps,
  host: benchHost,
  kernels: benchKernels,
  tfjs: benchTfjs,
  ort: benchOrt,
  webgpu: benchWebGpu,
};

for (const [part, bench] of Object.entries(parts)) {
  console.log(JSON.stringify({ [part]: await bench() }));
}
