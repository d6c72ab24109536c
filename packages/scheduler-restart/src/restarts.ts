// Where a run restarts: the list of a config, AUTOMATIC1111's rule for it, and the stretches that it makes of a schedule. Numbers only.

import type { Table } from '@unnoise/core';
import { DiffusionError, karrasCurve, precisionOf, torchLinspace } from '@unnoise/core';

/**
 * By sigma_min, the level to restart from: how many levels a way down has, both ends counted; how often it is gone; and sigma_max,
 * where it begins. AUTOMATIC1111's form, and that of the authors for Stable Diffusion.
 */
export type RestartList = Readonly<Record<number, readonly [levels: number, times: number, sigmaMax: number]>>;

/** A restart on a schedule: `bottom` and `top` are positions of its levels. */
interface Placed {
  readonly bottom: number;
  readonly top: number;
  readonly levels: number;
  readonly times: number;
}

/** Throws CONFIG_INVALID for a list that is not of that form. */
export function requireRestarts(list: unknown): asserts list is RestartList {
  const bad = isRecord(list) ? Object.entries(list).find((entry) => !isRestart(entry)) : [list];
  if (!bad) return;
  const message = `restart_list has ${JSON.stringify(bad)}. Give { sigma_min: [levels, times, sigma_max] } with 0 <= sigma_min < sigma_max, 2 or more levels, once or more often.`;
  throw new DiffusionError('CONFIG_INVALID', message, { restart_list: list });
}

function isRecord(list: unknown): list is Readonly<Record<string, unknown>> {
  return typeof list === 'object' && list !== null && !Array.isArray(list);
}

function isRestart([key, value]: readonly [string, unknown]): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [levels, times, top] = value as readonly unknown[];
  const whole = (count: unknown, least: number): boolean => Number.isInteger(count) && (count as number) >= least;
  const bottom = Number(key);
  return whole(levels, 2) && whole(times, 1) && Number.isFinite(top) && bottom >= 0 && bottom < (top as number);
}

/** AUTOMATIC1111's restarts for this many steps. */
export function usualRestarts(steps: number): RestartList {
  if (steps < 20) return {};
  const [way, times] = steps < 36 ? [9, 1] : [Math.floor(steps / 4), 2];
  return { 0.1: [way + 1, times, 2] };
}

/** The steps that the restarts of a list take, if each has its place. */
export function stepsOf(list: RestartList): number {
  return Object.values(list).reduce((sum, [levels, times]) => sum + (levels - 1) * times, 0);
}

/**
 * The ways down that a run goes, one after the other: the first begins at the first level, and where one begins above the end of that
 * before it noise leads up. Restarts are placed on the levels nearest to their ends, and left out where that is the same level for both.
 * Throws REQUEST_INVALID where two begin at one level.
 */
export function waysDown(sigmas: Table, list: RestartList): readonly Table[] {
  const restarts = placed(sigmas, list);
  const ends = restarts.map(({ bottom }) => bottom);
  const ways = restarts.flatMap((restart, i) => [
    sigmas.subarray(ends[i - 1] ?? 0, restart.bottom + 1),
    ...Array<Table>(restart.times).fill(wayOf(restart, sigmas)),
  ]);
  return [...ways, sigmas.subarray(ends.at(-1) ?? 0)];
}

function placed(sigmas: Table, list: RestartList): readonly Placed[] {
  const all = Object.entries(list).map(([sigmaMin, [levels, times, sigmaMax]]) => {
    const [bottom, top] = [nearest(sigmas, Number(sigmaMin)), nearest(sigmas, sigmaMax)];
    return { bottom, top, levels, times };
  });
  const restarts = all.filter(({ bottom, top }) => top < bottom).sort((a, b) => a.bottom - b.bottom);
  const twice = restarts.find(({ bottom }, i) => bottom === restarts[i + 1]?.bottom);
  if (!twice) return restarts;
  const level = sigmas[twice.bottom];
  const message = `Two restarts of restart_list begin at sigma ${level}, the level nearest to both. Take more steps, or leave one out.`;
  throw new DiffusionError('REQUEST_INVALID', message, { level, restart_list: list });
}

/** Position of the nearest level, the first of two. */
function nearest(sigmas: Table, sigma: number): number {
  const { round } = precisionOf(sigmas);
  const distances = sigmas.map((level) => Math.abs(round(level - round(sigma))));
  return distances.indexOf(Math.min(...distances));
}

/** Karras levels whose ends are those of the schedule to the last bit: k-diffusion's miss them by rounding. */
function wayOf({ bottom, top, levels }: Placed, sigmas: Table): Table {
  const ends = { max: sigmas[top]!, min: sigmas[bottom]! };
  const way = karrasCurve(ends, torchLinspace(0, 1, levels, precisionOf(sigmas)));
  way[0] = ends.max;
  way[levels - 1] = ends.min;
  return way;
}
