// unCLIP: clothes by the steps that draw Karlo's pictures. Its noise levels are not those of the model's training, so the model is asked at
// the timestep that has the same level.
import { tensor, torchGenerator } from '@unnoise/core';
import { UnCLIPScheduler } from '@unnoise/scheduler-unclip';
import { openFashion } from './shared/fashion.ts';
import { type Picture, joined, picturesOf, readSheet, show } from './shared/pictures.ts';

const labels = [0, 1, 2, 3, 5, 7, 8, 9];
const model = await openFashion(labels);
const generator = torchGenerator(5);
const run = new UnCLIPScheduler().start({ numInferenceSteps: 25, generator });
const shape = [labels.length, 1, 28, 28];
let x = await tensor(generator.normal(shape), shape).realize();
const stages: (readonly Picture[])[] = [];
while (!run.done) {
  const { signal, noise } = run.plan.noiseLevel!(0, run.timestep!);
  const output = await model.noiseAtSigma(await x.div(signal).realize(), noise / signal);
  const { prevSample, predOriginalSample } = await run.step(output, x);
  if (run.remaining.length % 6 === 0) stages.push(await picturesOf(predOriginalSample!, 28));
  x = prevSample;
}

/** Share of the pixels that are black: a third of a real picture or more, and hardly any of noise. */
const black = (pictures: readonly Picture[]): number => {
  const values = joined(pictures);
  return values.filter((value) => value < -0.95).length / values.length;
};
export const [drawn, real] = [black(stages.at(-1)!), black(await readSheet('fashion'))];
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
console.log(`unCLIP: ${run.timesteps.length} steps, each to the next timestep.`);
console.log(`${percent(drawn)} of the pixels are black; of real pictures it is ${percent(real)}.`);
await show('unclip', stages);
