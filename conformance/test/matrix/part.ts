// The part of the cases that columns on software GPUs run, and that npm test runs on every backend: the recorded runs that part.json
// lists. Chosen by rule and not by hand: the first run of each class, and every later one that launches a kernel no chosen one launches.

import type { Backend } from '@unnoise/core';
import PART from './part.json' with { type: 'json' };

export const RULE =
  'of the recorded runs of each scheduler the first, and every later one that launches a kernel that none before it launches: ' +
  'all their steps from upstream’s samples, their free runs, and the laws on their configs; of all other kinds of cases every one';

/** By class, the names of the chosen recorded runs. */
export const PART_RUNS: Readonly<Record<string, readonly string[] | undefined>> = PART;

/** Cases about one recorded run: a step of it, the whole, a law on its config. */
const RECORDED = /^scheduler\/(\w+)\/(?:teacher|free-run|law\/[\w-]+):case=(.*?)(?:;step=\d+)?$/;

export function inSchedulerPart(id: string): boolean {
  const [, className = '', run = ''] = RECORDED.exec(id) ?? [];
  return className === '' || (PART_RUNS[className]?.includes(run) ?? false);
}

const RUN = /\/(teacher|free-run):/;

/** The steps and whole runs of the part: what `npm test` holds every backend to. */
export const inPartRuns = (id: string): boolean => RUN.test(id) && inSchedulerPart(id);

/** Without the repetitions one operation at a time and with every handle watched. */
export const inBackendPart = (id: string): boolean => id.startsWith('backend/');

/** Chooses while all cases of a class run, in their order, on the backend that it watches. */
export class Chooser {
  readonly chosen: string[] = [];
  readonly #seen = new Set<string>();
  #launched: string[] = [];

  watch(backend: Backend): Backend {
    const run: Backend['run'] = (kernel, inputs, params, sizes) => {
      this.#launched.push(kernel.key);
      return backend.run(kernel, inputs, params, sizes);
    };
    return new Proxy(backend, {
      get: (target, key) => {
        const value: unknown = key === 'run' ? run : Reflect.get(target, key, target);
        return typeof value === 'function' && key !== 'run' ? value.bind(target) : value;
      },
    });
  }

  /** To be told of every case after it ran. The first step of a recorded run runs all of it. */
  ran(id: string): void {
    const launched = this.#launched.splice(0);
    const run = /\/teacher:case=(.*);step=0$/.exec(id)?.[1];
    if (run === undefined) return;
    const fresh = launched.filter((key) => !this.#seen.has(key));
    for (const key of fresh) this.#seen.add(key);
    if (fresh.length > 0 || this.chosen.length === 0) this.chosen.push(run);
  }
}
