// RePaint: the left half of four real pictures is kept, and a model that knows nothing of masks makes the right half anew.
import { tensor, torchGenerator } from '@unnoise/core';
import { RePaintScheduler } from '@unnoise/scheduler-repaint';
import { KINDS, openFashion } from './shared/fashion.ts';
import { batchOf, distance, picturesOf, readSheet, show } from './shared/pictures.ts';

const labels = [1, 3, 8, 9];
const originals = await readSheet('fashion').then((all) => labels.map((label) => all[label]!));
const originalImage = batchOf(originals);
const mask = tensor(
  Float32Array.from({ length: 28 * 28 }, (_, i) => (i % 28 < 14 ? 1 : 0)),
  [1, 1, 28, 28],
);

const model = await openFashion(labels);
const generator = torchGenerator(7);
const scheduler = new RePaintScheduler({ eta: 1 });
scheduler.setTimesteps({ numInferenceSteps: 50, jumpLength: 5, jumpNSample: 3 });
let x = await tensor(generator.normal(originalImage.shape), originalImage.shape).realize();
let [last, steps] = [Infinity, 0];
for (const t of scheduler.timesteps) {
  if (t > last) x = await scheduler.undoStep(x, last, { generator });
  else {
    ({ prevSample: x } = await scheduler.step(await model.noise(x, t), t, x, { originalImage, mask, generator }));
    steps++;
  }
  last = t;
}

const painted = await picturesOf(x, 28);
const half = (picture: Float32Array, left: boolean) => picture.filter((_, i) => i % 28 < 14 === left);
export const kept = Math.max(...painted.map((one, i) => distance(half(one, true), half(originals[i]!, true))));
export const made = Math.min(...painted.map((one, i) => distance(half(one, false), half(originals[i]!, false))));
console.log(
  `RePaint of ${labels.map((label) => KINDS[label]).join(', ')}: ${steps} steps, ${scheduler.timesteps.length - steps} back.`,
);
console.log(`The kept halves differ from the pictures by ${kept}, the made ones by at least ${made.toFixed(2)}.`);
const hidden = originals.map((picture) => picture.map((value, i) => (i % 28 < 14 ? value : 0)));
await show('repaint', [originals, hidden, painted]);
