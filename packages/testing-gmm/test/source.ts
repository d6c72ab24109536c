// A small seeded source, so that the tests of this package need no other.
import type { Source } from '../src/index.ts';

/** Uniform numbers by mulberry32, normal ones by Box and Muller. */
export function seeded(seed: number): Source {
  let state = seed | 0;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const fill = (shape: readonly number[], value: () => number) =>
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value);
  return {
    uniform: (shape) => fill(shape, next),
    normal: (shape) => fill(shape, () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())),
  };
}
