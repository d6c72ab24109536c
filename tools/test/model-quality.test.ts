// Small sample statistics of the shipped models: what they draw is still what was asked for. The bounds lie three standard deviations of
// so small a sample below what these models had when they were packaged; a broken one is at chance.
import { folder as fashion } from '@unnoise/model-fashion-28';
import { expect, it } from 'vitest';
import { frechetTo, mean, statistics } from '../eval/frechet.ts';
import { PromptYardstick } from '../eval/prompts.ts';
import { DPM_2M } from '../eval/samplers.ts';
import { openYardstick, referenceOf } from '../eval/yardstick.ts';

const PROMPTS = 48;

it('fashion-28 draws the class asked for, near the real pictures', async () => {
  const yardstick = await openYardstick(fashion, 10);
  const { features, right } = await yardstick.judge(await yardstick.draw(DPM_2M, 10, 64));
  expect(mean(right.map(Number))).toBeGreaterThan(0.77); // had 0.89; chance is 0.1
  expect(frechetTo(await referenceOf(fashion))(statistics(features))).toBeLessThan(5); // had 3.1; 512 pictures have less
}, 60_000);

it.each([
  ['emoji-ldm-64', { name: 'DPM++ 2M', steps: 8, guidance: 2.5 }, 0.48],
  ['emoji-ldm-64-lcm', { name: 'LCM student', steps: 4, guidance: 1 }, 0.28],
])(
  '%s draws the kind and style asked for',
  async (_, trial, bound) => {
    const { accuracy } = await (await PromptYardstick.open(PROMPTS)).run(trial);
    expect(accuracy.value).toBeGreaterThan(bound); // they had 0.69 and 0.50; chance is 1 / 24
  },
  60_000,
);
