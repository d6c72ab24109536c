// KarrasVe: clothes by Heun's method with churn. The model was trained in another parametrisation: a look-up tells the timestep that
// has a noise level.
import { tensor, torchGenerator } from '@unnoise/core';
import { KarrasVeScheduler } from '@unnoise/scheduler-karras-ve';
import { openFashion } from './shared/fashion.ts';
import { type Picture, picturesOf, show } from './shared/pictures.ts';

const labels = [0, 1, 3, 5, 7, 8, 9];
const model = await openFashion(labels);
const generator = torchGenerator(4);
// The schedule holds the squares of these: it runs from 80 down to 0.01.
const scheduler = new KarrasVeScheduler({ sigma_max: Math.sqrt(80), sigma_min: 0.1, s_churn: 10 });
scheduler.setTimesteps(25);
const { schedule } = scheduler;
const shape = [labels.length, 1, 28, 28];
let x = await tensor(generator.normal(shape), shape).mul(schedule.at(-1)!).realize();
let calls = 0;
const output = async (sample: typeof x, sigma: number) => {
  calls++;
  return (await model.noiseAtSigma(sample, sigma)).mul(-1).realize(); // x0 = x + sigma output
};
const stages: (readonly Picture[])[] = [];
for (const t of scheduler.timesteps) {
  const sigmaPrev = t > 0 ? schedule[t - 1]! : 0;
  const { sampleHat, sigmaHat } = await scheduler.addNoiseToInput(x, schedule[t]!, { generator });
  const euler = await scheduler.step(await output(sampleHat, sigmaHat), t, sampleHat, { sigmaHat, sigmaPrev });
  x = euler.prevSample;
  if (t % 8 === 0) stages.push(await picturesOf(euler.predOriginalSample, 28));
  if (t === 0) break;
  const slope = await output(x, sigmaPrev);
  ({ prevSample: x } = await scheduler.stepCorrect(slope, sigmaHat, sigmaPrev, sampleHat, x, euler.derivative));
}

const final = await picturesOf(x, 28);
export const outside =
  final.flatMap((one) => Array.from(one)).filter((value) => Math.abs(value) > 1.2).length / (784 * labels.length);
console.log(`KarrasVe: ${calls} model calls; ${(100 * outside).toFixed(1)} % of the pixels are out of range.`);
await show('karras-ve', [...stages, final]);
