// The order in which RePaint visits its noise levels: down, and again and again a stretch back up. Numbers only.

import { DiffusionError } from '@unnoise/core';

export interface Jumps {
  /** Levels of one jump up. */
  readonly length: number;
  /** How often each stretch is run: one time less is jumped back. */
  readonly samples: number;
}

/**
 * The visited levels, counted from 0 (least noise): `steps - 1` down to 0. At each multiple of `length` below
 * `steps - length` the walk goes `length` levels up, `samples - 1` times. Throws REQUEST_INVALID for jumps below 1.
 */
export function visitedLevels(steps: number, { length, samples }: Jumps): readonly number[] {
  requireCount('jumpLength', length);
  requireCount('jumpNSample', samples);
  const left = (level: number): number => (level % length === 0 && level < steps - length ? samples - 1 : 0);
  const jumps = Array.from({ length: steps }, (_, level) => left(level));
  const visited: number[] = [];
  for (let level = steps - 1; level >= 0; level--) {
    visited.push(level);
    if (jumps[level]! > 0) {
      jumps[level]!--;
      for (let up = 0; up < length; up++) visited.push(++level);
    }
  }
  return visited;
}

function requireCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new DiffusionError('REQUEST_INVALID', `${name} is ${value}; give an integer of at least 1.`, { [name]: value });
}
