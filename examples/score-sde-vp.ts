// Score SDE, variance preserving: clothes from a model of DDPM's linear schedule, which is this SDE at timestep 1000 t.
import { tensor, torchGenerator } from '@unnoise/core';
import { ScoreSdeVpScheduler } from '@unnoise/scheduler-sde-vp';
import { openFashion } from './shared/fashion.ts';
import { type Picture, picturesOf, show } from './shared/pictures.ts';

const labels = [0, 1, 3, 5, 7, 8, 9];
const model = await openFashion(labels);
const generator = torchGenerator(2);
const scheduler = new ScoreSdeVpScheduler();
scheduler.setTimesteps(150);
const shape = [labels.length, 1, 28, 28];
let x = await tensor(generator.normal(shape), shape).realize();
let mean = x;
const stages: (readonly Picture[])[] = [];
for (const [i, t] of scheduler.timesteps.entries()) {
  const noise = await model.noise(x, Math.max(1000 * t - 1, 0));
  ({ prevSample: x, prevSampleMean: mean } = await scheduler.stepPred(noise, x, t, { generator }));
  if (i % 30 === 29) stages.push(await picturesOf(mean, 28));
}

const pixels = stages.at(-1)!.flatMap((picture) => Array.from(picture));
export const outside = pixels.filter((value) => Math.abs(value) > 1.2).length / pixels.length;
console.log(
  `Score SDE (VP): 150 steps of ${labels.length} pictures; ${(100 * outside).toFixed(1)} % of the pixels are out of range.`,
);
await show('score-sde-vp', stages);
