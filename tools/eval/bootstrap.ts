// How far a figure would move if other pictures had been drawn: the same figure, of pictures drawn again from these.

import { torchGenerator } from '@unnoise/core';
import { mean } from './frechet.ts';

export interface Estimate {
  readonly value: number;
  /** One standard deviation over the resamples. */
  readonly deviation: number;
  /** The figure of each resample. Resample i has the same rows in every estimate of as many pictures. */
  readonly resamples: readonly number[];
}

const RESAMPLES = 100;

/** The figure of all `count` pictures, and its spread over resamples of them; the draws are the same in every call. */
export function bootstrap(count: number, figure: (rows: readonly number[]) => number): Estimate {
  const all = Array.from({ length: count }, (_, i) => i);
  const stream = torchGenerator(0);
  const figures = Array.from({ length: RESAMPLES }, () => {
    const draws = stream.uniform([count]);
    return figure(all.map((_, i) => Math.floor(draws[i]! * count)));
  });
  return { value: figure(all), deviation: spread(figures), resamples: figures };
}

/** a - b where both are of the same noises: what they have in common cancels. */
export function difference(a: Estimate, b: Estimate): Estimate {
  const resamples = a.resamples.map((each, i) => each - b.resamples[i]!);
  return { value: a.value - b.value, deviation: spread(resamples), resamples };
}

function spread(values: readonly number[]): number {
  const centre = mean(values);
  return Math.sqrt(mean(values.map((each) => (each - centre) ** 2)));
}
