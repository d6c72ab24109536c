// The runs on the CPU in Node, as a program: reads them as JSON from its input, prints the pictures as JSON. What pages are compared with.

import { text } from 'node:stream/consumers';
import { setWarningHandler } from '@unnoise/core';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';
import type { ImagePipeline } from '../../src/index.ts';
import { loadPipeline } from '../../src/node.ts';
import type { Drawn } from './picture.ts';
import { plain } from './picture.ts';
import type { LoopRun } from './runs.ts';
import { MODELS, prepared } from './runs.ts';

setWarningHandler(() => {});
const packages = new URL('../../../', import.meta.url);
const pipelines = new Map<string, Promise<ImagePipeline>>();

function pipelineFor(model: LoopRun['model']): Promise<ImagePipeline> {
  const open = () => loadPipeline(new URL(MODELS[model], packages), { scheduler: DDIMScheduler });
  if (!pipelines.has(model)) pipelines.set(model, open());
  return pipelines.get(model)!;
}

const pictures: Record<string, Drawn> = {};
for (const run of JSON.parse(await text(process.stdin)) as readonly LoopRun[]) {
  const pipeline = await prepared(await pipelineFor(run.model), run);
  const { images } = await pipeline.generate(run.request);
  pictures[run.id] = await plain(images[0]!);
}
console.log(JSON.stringify(pictures));
