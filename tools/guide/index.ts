// npm run guide [-- --pictures]: writes what docs/samplers.md has of code and of measurements: its tables, the plots of sigmas and, if
// asked for, the pictures.

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { docs, guide } from './page.ts';
import { drawStrips } from './pictures.ts';
import { dots, steps } from './plots.ts';
import { distinctSchedules, flowSchedules, spacings, trainedSchedules } from './schedules.ts';

const { values } = parseArgs({ options: { pictures: { type: 'boolean', default: false } } });
const write = (name: string, text: string): void => {
  writeFileSync(new URL(name, docs), text);
  console.log(`docs/${name}`);
};

if (values.pictures) await drawStrips(docs);
const { file, want } = guide();
write(file, want);
write('images/sigmas.svg', await dots('20 noise levels, Stable Diffusion', trainedSchedules()));
write('images/sigmas-steps.svg', await steps('20 noise levels, Stable Diffusion', distinctSchedules(), 'log'));
write('images/sigmas-spacings.svg', await dots('10 noise levels by timestep_spacing', spacings()));
write('images/sigmas-flow.svg', await steps('20 noise levels, flow matching', flowSchedules(), 'linear'));
