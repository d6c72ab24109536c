// How many tokens stay masked, and which: the least certain ones. On the host, since sorting is no operation of backends.

import type { Generator, Precision, Table } from '@unnoise/core';
import { DiffusionError, randTensor, torchLinspace } from '@unnoise/core';
import type { Draw } from './tokens.ts';

export type MaskingSchedule = 'cosine' | 'linear';
export const MASKING_SCHEDULES: readonly MaskingSchedule[] = ['cosine', 'linear'];

/** The share of masked tokens after `done` of `steps` steps, rounded where upstream rounds: a count is cut from it. */
export function maskRatio(schedule: MaskingSchedule, done: number, steps: number, { round }: Precision): number {
  const ratio = round(done / steps);
  return schedule === 'linear' ? round(1 - ratio) : round(Math.cos(round(ratio * round(Math.PI)) / 2));
}

/** The temperature of each step: along a line between two, or from one down to 0.01. */
export function temperaturesOf(
  temperature: number | readonly [number, number],
  steps: number,
  precision: Precision,
): Table {
  const [first, last] = typeof temperature === 'number' ? [temperature, 0.01] : temperature;
  return torchLinspace(first, last, steps, precision);
}

export interface Remasking {
  readonly maskId: number;
  /** Share of all tokens to mask. */
  readonly share: number;
  readonly temperature: number;
  readonly generator: Generator | readonly Generator[] | undefined;
}

/** As upstream: the smallest numbers whose logarithm is taken. */
const SMALLEST: number = 1e-20;
/** Tokens that were given are more certain than any that was drawn: the largest float32. */
const LARGEST: number = 3.4028234663852886e38;

/** The ids with the least certain tokens of each item masked. */
export function remasked(draw: Draw, { maskId, share, temperature, generator }: Remasking): Int32Array {
  const { ids, probabilities, unknown, shape } = draw;
  const [batch, length] = shape;
  const uniform = randTensor(shape, generator as Generator);
  const certainty = Float32Array.from(ids, (_, i) => {
    const p = unknown[i] ? Math.max(probabilities[i]!, SMALLEST) : LARGEST;
    return Math.fround(Math.log(p)) + Math.fround(temperature * gumbel(uniform[i]!));
  });
  const prev = Int32Array.from(ids);
  for (let item = 0; item < batch; item++) {
    const [from, to] = [item * length, (item + 1) * length];
    const masked = unknown.subarray(from, to).reduce((sum, one) => sum + one, 0);
    const count = maskCount(Math.floor(Math.fround(length * share)), masked);
    const cut = certainty.slice(from, to).sort()[count]!;
    for (let i = from; i < to; i++) if (certainty[i]! < cut) prev[i] = maskId;
  }
  return prev;
}

/** As upstream: fewer than were masked before, and at least one. */
function maskCount(wanted: number, masked: number): number {
  return Math.max(1, Math.min(masked - 1, wanted));
}

/** -log(-log u) in float32, with upstream's guards. */
function gumbel(u: number): number {
  const inner = Math.fround(-Math.log(Math.max(u, SMALLEST)));
  return Math.fround(-Math.log(Math.max(inner, SMALLEST)));
}

/**
 * What a step that masks demands of the ids [batch, length] that it is given. Throws SHAPE_MISMATCH for a single token, of which none could
 * stay, and REQUEST_INVALID for ids that the model does not know.
 */
export function checkGiven(given: Int32Array, length: number, maskId: number, codebook: number): void {
  if (length < 2) {
    const message = `AmusedScheduler masks at least one token of each sample and keeps at least one; the samples have ${length}. Give longer ones.`;
    throw new DiffusionError('SHAPE_MISMATCH', message, { length });
  }
  const foreign = given.find((id) => id !== maskId && (id < 0 || id >= codebook));
  if (foreign === undefined) return;
  const message = `The sample holds token id ${foreign}, but the model has logits for 0 to ${codebook - 1}. Check the ids and mask_token_id.`;
  throw new DiffusionError('REQUEST_INVALID', message, { id: foreign, codebook });
}
