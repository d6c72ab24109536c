// Times functions in interleaved rounds within one process, so that what disturbs the machine disturbs all of them alike.
// Minima are closest to a quiet machine and give sound ratios; medians say what to expect.

export interface Timing {
  /** Microseconds per call. */
  readonly min: number;
  readonly median: number;
}

export type Subject = () => void | Promise<void>;

/** Calls are repeated within one measurement until it lasts about this long, in milliseconds. */
const LEAST = 0.05;

/** Times every subject once per round. */
export async function interleave<K extends string>(
  subjects: Readonly<Record<K, Subject>>,
  rounds: number,
): Promise<Record<K, Timing>> {
  const names = Object.keys(subjects) as K[];
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
