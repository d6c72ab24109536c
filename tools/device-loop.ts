// npm run device-loop: docs/device-loop.md and its picture, from what packages/pipelines/test/device-loop.browser.test.ts measured.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toGrid } from '@unnoise/pipelines';
import { savePng } from '@unnoise/pipelines/node';
import type { Report } from '../packages/pipelines/test/device-loop/loop.ts';
import type { Drawn } from '../packages/pipelines/test/device-loop/picture.ts';
import { ELSEWHERE } from '../packages/pipelines/src/cli/elsewhere.ts';
import { root } from './workspace.ts';

type Row = Report['rows'][number];

const { rows, inNode, agent } = JSON.parse(readFileSync(join(root, 'out/device-loop.json'), 'utf8')) as Report;

const NAMES: Readonly<Record<string, string>> = {
  emoji: '[emoji-ldm-64](../packages/model-emoji-ldm-64/README.md), text to image, guided',
  digits: '[digits-8](../packages/model-digits-8/README.md), a class-conditional UNet',
  small: 'a text-to-image fixture of a few nodes, guided',
};

const table = (head: readonly string[], body: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Both ways of reading back are one thing: a copy into a buffer that can be mapped, and its map. */
const read = ({ maps, copies, getData }: Row['loop']): number => Math.max(maps, copies) + getData;

const line = ({ id, steps, loop, image, kernels, dispatches, uploads, pixels }: Row): (string | number)[] => [
  id.replace(/^\w+ /, '').replace('Scheduler', ''),
  steps,
  read(loop),
  read(image),
  kernels,
  (dispatches / steps).toFixed(1),
  uploads,
  pixels,
];

const HEAD = [
  'scheduler',
  'model calls',
  'read before the picture',
  'read for it',
  'pipelines',
  'dispatches a call',
  'uploads',
  'of 255',
];

function section(model: string): string {
  const found = rows.filter(({ id, where }) => where === 'webgpu' && id.startsWith(model));
  return `### ${NAMES[model]}\n\n${table(HEAD, found.map(line))}`;
}

const images = (pictures: readonly Drawn[]): Parameters<typeof toGrid>[0] =>
  pictures.map(({ pixels, ...rest }) => ({ ...rest, data: Uint8ClampedArray.from(pixels) })) as never;

const most = (of: readonly Row[]): string => `${Math.max(...of.map(({ pixels }) => pixels))} of 255`;
const at = (place: string): readonly Row[] => rows.filter(({ where }) => where === place);
const places = [...new Set(rows.map(({ where }) => where))];

function placesTable(): string {
  const body = places.map((place) => {
    const of = at(place);
    const downloads = of.reduce(
      (sum, { loop, downloads: copied }) => sum + (place.startsWith('wasm') ? copied : read(loop)),
      0,
    );
    return [place, of.length, downloads, most(of)];
  });
  return table(['where', 'loops', 'read before the picture, in all', 'farthest from Node'], body);
}

const emoji = rows.filter(({ id }) => id === 'emoji DPMSolverMultistepScheduler');

const page = `# Nothing leaves the device

<!-- Written by \`npm run device-loop\`. -->

Model and scheduler on one GPU device in a page: from the prompt to the last sample nothing is read back, with every scheduler but two
kinds whose mathematics need a number on the host. How to write it: [Pipelines](pipelines.md#nothing-leaves-the-device).

![the same picture from four places](images/device-loop.png)

*${[...emoji.map(({ where }) => where), 'the CPU in Node'].join(' · ')}: "red apple" in Fluent style, seed 7, ${emoji[0]?.steps} steps of DPM-Solver++ 2M with guidance.*

Measured in ${/(?:Headless)?Chrom\w+\/[\d.]+/.exec(agent)?.[0] ?? agent} with its software GPU by
\`packages/pipelines/test/device-loop.browser.test.ts\`, which is part of \`npm test\`.

${placesTable()}

Wrapped and counted are \`GPUBuffer.mapAsync\`, copies into buffers that can be mapped, and \`getData\` of ONNX Runtime's tensors; on wasm
what the scheduler's backend is asked to copy out. A readback that the test plants is seen. Pictures are compared with those of
\`onnxruntime-node\` on the CPU from the same run; 2 of 255 are allowed, because two builds of ONNX Runtime and a GPU round float32 in
different orders. Latent models give two things for a picture: its pixels and its latents.

*Pipelines* are the scheduler's different kernels, those of guidance and of the first noise included; *dispatches a call* its kernels
for each call of the model; *uploads* the arrays it sends: the first noise, and what stochastic methods draw, whose streams are torch's and made
on the host.

${['emoji', 'digits', 'small'].map(section).join('\n\n')}

DPM adaptive reads an error estimate after each step, because it decides how far the next one goes. Dynamic thresholding needs a quantile of each predicted picture.

## Left out

${Object.entries(ELSEWHERE)
  .map(([name, [does]]) => `- ${name} ${does}.`)
  .join('\n')}

They do not call a network once a step on the way from noise to a picture, which is what this loop does; the
[examples](../examples/README.md) show them.
`;

writeFileSync(join(root, 'docs/device-loop.md'), page);
await savePng(
  join(root, 'docs/images/device-loop.png'),
  toGrid(images([...emoji.map(({ drawn }) => drawn), inNode!]), { columns: 4, scale: 3 }),
);
console.log(`wrote docs/device-loop.md and docs/images/device-loop.png: ${rows.length} loops, at most ${most(rows)}`);
