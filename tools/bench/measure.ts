// Times functions in interleaved rounds within one process, so that what disturbs the machine disturbs all of them alike.
// Minima are closest to a quiet machine and give sound ratios; medians say what to expect.

export interface Timing {
  /** Microseconds per call. */
  readonly min: number;
  readonly median: number;
}

/** $BENCH_QUICK: as few rounds as there can be, to see that everything runs. The figures mean nothing. */
export const QUICK: boolean = Boolean(process.env['BENCH_QUICK']);

export type Subject = () => void | Promise<void>;

/** Calls are repeated within one measurement until it lasts about this long, in milliseconds. */
const LEAST = 0.05;

/** Times every subject once per round. */
export async function interleave<K extends string>(
  subjects: Readonly<Record<K, Subject>>,
  rounds: number,
): Promise<Record<K, Timing>> {
  const names = Object.keys(subjects) as K[];
  if (QUICK) rounds = 2;
  const repeats = new Map<K, number>();
  for (const name of names) repeats.set(name, Math.ceil(LEAST / (await warm(subjects[name], rounds))));
  const times = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times.get(name)!.push(await timeOf(subjects[name], repeats.get(name)!));
  }
  return Object.fromEntries(names.map((name) => [name, summary(times.get(name)!)])) as Record<K, Timing>;
}

/** Minimum and median of times in milliseconds. */
export function summary(times: number[]): Timing {
  const sorted = times.toSorted((a, b) => a - b);
  return { min: 1000 * sorted[0]!, median: 1000 * sorted[sorted.length >> 1]! };
}

/**
 * What one step of a path costs, from the microseconds of every step of some runs along it: of each step the fastest and the median run,
 * averaged over the path. A path whose length is not always the same is taken as a whole.
 */
export function pathMean(runs: readonly (readonly number[])[]): Timing {
  const steps = Math.max(...runs.map((run) => run.length));
  const same = runs.every((run) => run.length === steps);
  const columns = same ? runs[0]!.map((_, i) => runs.map((run) => run[i]!)) : [runs.map(mean)];
  const timings = columns.map((column) => summary(column.map((us) => us / 1000)));
  return { min: mean(timings.map(({ min }) => min)), median: mean(timings.map(({ median }) => median)) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The last of a few calls; the engine compiles hot code in the meantime. */
async function warm(subject: Subject, rounds: number): Promise<number> {
  let last = 0;
  for (let i = 0; i < Math.min(rounds, 300); i++) last = await timeOf(subject, 1);
  return Math.max(last, 1e-4);
}

async function timeOf(subject: Subject, repeats: number): Promise<number> {
  const start = performance.now();
  for (let i = 0; i < repeats; i++) {
    const pending = subject();
    if (pending) await pending;
  }
  return (performance.now() - start) / repeats;
}
