// Score SDE, variance exploding: digits from the exact score of two hundred real ones, by predictor and corrector.
import { tensor, torchGenerator } from '@unnoise/core';
import { ScoreSdeVeScheduler } from '@unnoise/scheduler-sde-ve';
import { score } from '@unnoise/testing-gmm';
import { digits, distributionOf } from './shared/digits.ts';
import { type Picture, distance, picturesOf, show } from './shared/pictures.ts';

const STEPS = 100;
const model = distributionOf(digits);
const generator = torchGenerator(5);
const scheduler = new ScoreSdeVeScheduler({ sigma_max: 20 });
scheduler.setTimesteps(STEPS);
const shape = [10, 1, 8, 8];
let x = await tensor(generator.normal(shape), shape).mul(scheduler.initNoiseSigma).realize();
let mean = x;
const stages: (readonly Picture[])[] = [];
for (const [i, t] of scheduler.timesteps.entries()) {
  const sigma = scheduler.discreteSigmas[STEPS - 1 - i]!;
  const slope = async () => tensor(score(model, await x.data(), 1, sigma), shape);
  ({ prevSample: x } = await scheduler.stepCorrect(await slope(), x, { generator }));
  ({ prevSample: x, prevSampleMean: mean } = await scheduler.stepPred(await slope(), t, x, { generator }));
  if (i % 25 === 24) stages.push(await picturesOf(mean, 8));
}

const nearest = (picture: Picture) => Math.min(...digits.map((digit) => distance(digit, picture)));
export const farthest = Math.max(...stages.at(-1)!.map(nearest));
console.log(
  `Score SDE (VE): ${STEPS} corrections and steps; every sample is within ${farthest.toFixed(3)} of a real digit.`,
);
await show('score-sde-ve', stages);
