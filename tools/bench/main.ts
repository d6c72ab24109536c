// Measures everything and prints one line of JSON per part. index.ts bundles this file and runs it in a process of its own: so
// do programs ship, and the helpers that tsx adds to functions would cost a third of a step.

import { benchBackends } from './backends.ts';
import { benchHost } from './host.ts';
import { benchKernels } from './kernels.ts';
import { benchNoise } from './noise.ts';
import { benchOrt } from './ort.ts';
import { benchRace } from './race.ts';
import { benchTfjs } from './tfjs.ts';
import { Upstream } from './upstream.ts';

const upstream = await Upstream.start(process.argv[2]!);
const parts = {
  race: () => benchRace(upstream),
  noise: () => benchNoise(upstream),
  host: benchHost,
  kernels: benchKernels,
  backends: benchBackends,
  tfjs: benchTfjs,
  ort: benchOrt,
};

for (const [part, bench] of Object.entries(parts)) {
  console.error(`measuring: ${part}`);
  console.log(JSON.stringify({ [part]: await bench() }));
}
if (typeof upstream !== 'string') upstream.end();
