// Consistency decoder: digits that were shrunk to 4x4 pixels are decoded to 8x8 in two jumps. The decoder's network is exact: it
// follows the probability flow of the digits that shrink to nearly the same.
import { tensor, torchGenerator } from '@unnoise/core';
import { ConsistencyDecoderScheduler } from '@unnoise/scheduler-consistency-decoder';
import { solveFlow } from '@unnoise/testing-gmm';
import { digits, distributionOf } from './shared/digits.ts';
import { type Picture, batchOf, distance, joined, picturesOf, show } from './shared/pictures.ts';

/** The latent: means of 2x2 pixels. */
const shrink = (picture: Picture): Picture =>
  Float32Array.from({ length: 16 }, (_, i) => {
    const corner = 16 * Math.floor(i / 4) + 2 * (i % 4);
    return [0, 1, 8, 9].reduce((sum, offset) => sum + picture[corner + offset]!, 0) / 4;
  });
const enlarge = (latent: Picture): Picture =>
  Float32Array.from({ length: 64 }, (_, i) => latent[4 * Math.floor(i / 16) + Math.floor((i % 8) / 2)]!);

const inputs = digits.filter((_, i) => i % 20 === 19); // one of each kind, which the decoder does not know
const known = digits.filter((_, i) => i % 20 !== 19);
const models = inputs.map((input) => {
  const latent = shrink(input);
  return distributionOf(
    known,
    known.map((one) => Math.exp(-((distance(shrink(one), latent) / 0.1) ** 2)) + 1e-12),
  );
});

/** The network: the consistency function less what the scheduler adds of x, undone of its weight (sigma_data 0.5). */
function network(y: readonly Picture[], sigma: number): Picture {
  const [skip, weight] = [0.25 / (sigma ** 2 + 0.25), (sigma * 0.5) / Math.hypot(sigma, 0.5)];
  const jumps = y.map((one, i) => solveFlow(models[i]!, one, sigma, 0.02, 40));
  return joined(jumps.map((jump, i) => jump.map((value, j) => (value - skip * y[i]![j]!) / weight)));
}

const generator = torchGenerator(7);
const run = new ConsistencyDecoderScheduler().start({ numInferenceSteps: 2, generator });
const { shape } = batchOf(inputs);
let x = tensor(generator.normal(shape), shape).mul(run.plan.initNoiseSigma);
const stages: (readonly Picture[])[] = [];
while (!run.done) {
  const scaled = await run.scaleModelInput(x); // y / sqrt(sigma^2 + sigma_data^2), with y = x0 + sigma noise
  const alpha =
    Math.cos((((run.timestep! + 1) / 1024 + 0.008) / 1.008) * (Math.PI / 2)) /
    Math.cos((0.008 / 1.008) * (Math.PI / 2));
  const sigma = Math.sqrt(1 / alpha ** 2 - 1);
  const y = await picturesOf(scaled.mul(Math.hypot(sigma, 0.5)), 8);
  const { prevSample, predOriginalSample } = await run.step(tensor(network(y, sigma), shape), x);
  x = prevSample;
  stages.push(await picturesOf(predOriginalSample!, 8));
}

const blocks = inputs.map((input) => enlarge(shrink(input)));
const mean = (pictures: readonly Picture[]) => distance(joined(pictures), joined(inputs));
export const [decoded, enlarged] = [mean(stages[1]!), mean(blocks)];
console.log(
  `Consistency decoder: 2 jumps for ${inputs.length} digits; off by ${decoded.toFixed(2)}, blocks by ${enlarged.toFixed(2)}.`,
);
await show('consistency-decoder', [inputs, blocks, ...stages]);
