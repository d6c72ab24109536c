// Amused: one digit of each kind, of four grey levels, drawn as tokens of which every step keeps the most certain. The model is exact:
// Bayes' rule over twenty real digits of each kind, each pixel of which may be another level now and then.
import { tensor, torchGenerator } from '@unnoise/core';
import { AmusedScheduler } from '@unnoise/scheduler-amused';
import { digits } from './shared/digits.ts';
import { type Picture, show } from './shared/pictures.ts';

const [LEVELS, PIXELS, KINDS, OF_A_KIND] = [4, 64, 10, 20];
const MASK = LEVELS;
const OTHER = 0.01; // the probability of each other level
const tokens = digits.map((digit) => Array.from(digit, (value) => Math.min(Math.floor((value + 1) * 2), LEVELS - 1)));
const ofKind = (kind: number) => tokens.slice(kind * OF_A_KIND, (kind + 1) * OF_A_KIND);

/** The probability of a level where a digit has another one, or that one. */
const chance = (level: number, own: number): number => (level === own ? 1 - (LEVELS - 1) * OTHER : OTHER);

/** p(pixel = level | the pixels that are known) of one kind: every digit counts as much as it explains them. */
function posterior(known: readonly number[], kind: number): readonly (readonly number[])[] {
  const weights = ofKind(kind).map((digit) =>
    digit.reduce((product, own, i) => (known[i] === MASK ? product : product * chance(known[i]!, own)), 1),
  );
  const total = weights.reduce((a, b) => a + b);
  const mixed = (level: number, i: number): number =>
    ofKind(kind).reduce((sum, digit, k) => sum + (weights[k]! / total) * chance(level, digit[i]!), 0);
  return Array.from({ length: LEVELS }, (_, level) => known.map((_, i) => mixed(level, i)));
}

const itemsOf = (ids: ArrayLike<number>): readonly number[][] =>
  Array.from({ length: KINDS }, (_, kind) => Array.from({ length: PIXELS }, (_, i) => ids[kind * PIXELS + i]!));
const picture = (item: readonly number[]): Picture =>
  Float32Array.from(item, (id) => (id === MASK ? 0 : (2 * id) / (LEVELS - 1) - 1));

const scheduler = new AmusedScheduler({ mask_token_id: MASK });
const run = scheduler.start({ numInferenceSteps: 16, temperature: [2, 0], generator: torchGenerator(4) });
let ids = tensor(new Int32Array(KINDS * PIXELS).fill(MASK), [KINDS, 8, 8]);
const stages: (readonly Picture[])[] = [];
while (!run.done) {
  const logits = itemsOf(await ids.data()).flatMap((known, kind) => posterior(known, kind).flat().map(Math.log));
  ({ prevSample: ids } = await run.step(tensor(Float32Array.from(logits), [KINDS, LEVELS, 8, 8]), ids));
  if (run.remaining.length % 4 === 0) stages.push(itemsOf(await ids.data()).map(picture));
}

/** The largest share of pixels that a drawn digit has in common with a real one of its kind. */
const agreement = (item: readonly number[], kind: number): number =>
  Math.max(...ofKind(kind).map((digit) => digit.filter((own, i) => own === item[i]).length)) / PIXELS;
const agreements = itemsOf(await ids.data()).map(agreement);
export const least = Math.min(...agreements);
const mean = agreements.reduce((a, b) => a + b) / KINDS;
console.log(`Amused: ${run.timesteps.length} steps from masks to one digit of each kind.`);
console.log(
  `A drawn digit has ${(100 * mean).toFixed(1)} % of its pixels in common with the nearest real one of its kind.`,
);
await show('amused', stages);
