// Every scheduler beside upstream: what a sampling loop costs besides the model, in alternating runs of this process and Python's. A step is
// scaleModelInput, step and giving the old tensors back.

import { type Generator, setDefaultBackend, type SchedulerMixin, type Tensor, torchGenerator } from '@unnoise/core';

import { pathMean, QUICK, type Timing } from './measure.ts';
import { inMemory, onArrays, onNothing, type Source } from './sources.ts';
import { schedulerOf, type Subject, SUBJECTS, titleOf } from './subjects.ts';
import type { Upstream, Versions } from './upstream.ts';

/** Times per step: of every step of the schedule the fastest and the median of all runs, averaged over the schedule. */
export interface RaceTimes {
  readonly shape: readonly number[];
  readonly arrays: Timing;
  readonly inPlace: Timing;
  readonly host: Timing;
  /** One for each number of threads. */
  readonly upstream: readonly Timing[];
}

/** What one step asks of the backend and of the generator, at most. */
export interface Work {
  /** Kernels of the step, and those of scaleModelInput. */
  readonly kernels: number;
  readonly scaling: number;
  /** Normal or uniform numbers drawn, for each element of the sample. */
  readonly draws: number;
}

export interface RaceRow {
  readonly name: string;
  readonly of: Subject['of'];
  readonly work: Work;
  readonly times: readonly RaceTimes[];
}

export interface Race {
  readonly versions: Versions | string;
  readonly threads: readonly number[];
  readonly rows: readonly RaceRow[];
}

export const SHAPES: readonly (readonly number[])[] = QUICK
  ? [[1, 4, 8, 8]]
  : [
      [1, 4, 64, 64],
      [1, 4, 128, 128],
      [1, 16, 128, 128],
    ];

/** Milliseconds for one scheduler at one size, and how many rounds that buys at most. */
const BUDGET = QUICK ? 0 : 800;
const WARM = QUICK ? 0 : 3;
const MOST = 40;
const LEAST = QUICK ? 1 : 5;

export async function benchRace(upstream: Upstream | string): Promise<Race> {
  const rows: RaceRow[] = [];
  for (const subject of SUBJECTS) {
    rows.push(await raceSubject(subject, upstream));
    console.error(`${titleOf(subject)}: ${rows.length} of ${SUBJECTS.length}`);
  }
  const none = typeof upstream === 'string';
  return { versions: none ? upstream : upstream.versions, threads: none ? [] : upstream.threads, rows };
}

async function raceSubject(subject: Subject, upstream: Upstream | string): Promise<RaceRow> {
  const times: RaceTimes[] = [];
  for (const shape of SHAPES) times.push(await raceSize(subject, shape, upstream));
  return { name: titleOf(subject), of: subject.of, work: await workOf(subject), times };
}

type Runner = () => Promise<readonly number[]>;

async function raceSize(subject: Subject, shape: readonly number[], upstream: Upstream | string): Promise<RaceTimes> {
  const scheduler = await schedulerOf(subject);
  const { config, steps, of } = subject;
  const calls = callsOf(scheduler, steps).length;
  const asked = { of, class: subject.className, config, steps, calls, shape };
  const ours = [onArrays, inMemory, onNothing].map((source) => loopOf(subject, scheduler, source(shape), shape));
  const theirs = typeof upstream === 'string' ? [] : upstream.threads.map((n) => () => upstream.run(asked, n));
  if (!QUICK) await warmUp(ours.at(-1)!);
  const [arrays, inPlace, host, ...rest] = await alternate([...ours, ...theirs]);
  return { shape, arrays: arrays!, inPlace: inPlace!, host: host!, upstream: rest };
}

/** The engine compiles what has run some thousand times: as in a program that makes more than one picture. */
async function warmUp(host: Runner): Promise<void> {
  const end = performance.now() + BUDGET / 4;
  for (let run = 0; run < 150 && performance.now() < end; run++) await host();
}

/** Runs all in turn until the budget is spent. The first rounds warm up and do not count, unless they alone take too long. */
async function alternate(runners: readonly Runner[]): Promise<readonly Timing[]> {
  const rounds: (readonly number[])[][] = [];
  const start = performance.now();
  const left = (): boolean => performance.now() - start < BUDGET;
  while (rounds.length < WARM + MOST && (left() || rounds.length < WARM + LEAST)) {
    const round: (readonly number[])[] = [];
    for (const run of runners) round.push(await run());
    rounds.push(round);
    if (rounds.length > 1 && performance.now() - start > 10 * BUDGET) break;
  }
  const counted = rounds.slice(Math.min(WARM, rounds.length - 1));
  return runners.map((_, i) => pathMean(counted.map((round) => round[i]!)));
}

/** The timesteps that a run steps from. */
function callsOf(scheduler: SchedulerMixin, steps: number): readonly number[] {
  using run = scheduler.start(steps);
  return run.timesteps;
}

/** Runs the schedule once and times its steps. */
function loopOf(subject: Subject, scheduler: SchedulerMixin, source: Source, shape: readonly number[]): Runner {
  const walk = walkOf(subject, scheduler, source, shape, torchGenerator(0));
  return async () => {
    const times: number[] = [];
    setDefaultBackend(source.backend);
    let start = performance.now();
    await walk({
      begin: () => void (start = performance.now()),
      end: () => void times.push(1000 * (performance.now() - start)),
    });
    return times;
  };
}

interface Watcher {
  begin(): void;
  scaled?(): void;
  end(): void;
}

function walkOf(
  subject: Subject,
  scheduler: SchedulerMixin,
  { of }: Source,
  shape: readonly number[],
  generator: Generator,
): (watcher: Watcher) => Promise<void> {
  const size = shape.reduce((product, length) => product * length, 1);
  const wave = Float32Array.from({ length: size }, (_, i) => Math.sin(i));
  const answer = of(wave.map(Math.sin));
  const fed = { generator, image: answer(), mask: of(wave.map((value) => Number(value > 0)))() };
  const begin = of(wave.map((value) => value * sizeOfNoise(scheduler, subject)));
  const { step, steps } = subject;
  return async (watcher) => {
    scheduler.setTimesteps(steps);
    const calls = callsOf(scheduler, steps).length;
    let x: Tensor = begin();
    for (let i = 0; i < Math.max(calls, adaptive(scheduler)); i++) {
      const t = scheduler.timesteps[i]!;
      watcher.begin();
      const input = await scheduler.scaleModelInput(x, t);
      watcher.scaled?.();
      const out = answer();
      const { prevSample, others } = await step(scheduler, out, t, x, fed);
      for (const old of [input, out, x, ...others]) old?.dispose();
      watcher.end();
      x = prevSample;
    }
    x.dispose();
  };
}

/** The calls known so far, where steps decide what comes next. */
const adaptive = (scheduler: SchedulerMixin): number =>
  scheduler.class.className === 'DPMAdaptiveScheduler' ? scheduler.timesteps.length : 0;

function sizeOfNoise(scheduler: SchedulerMixin, { steps }: Subject): number {
  scheduler.setTimesteps(steps);
  return scheduler.initNoiseSigma;
}

/** Counted on a small sample: kernels do not depend on its size. */
async function workOf(subject: Subject): Promise<Work> {
  const shape = [1, 4, 8, 8];
  const source = onArrays(shape);
  const counting = counted();
  setDefaultBackend(source.backend);
  const walk = walkOf(subject, await schedulerOf(subject), source, shape, counting.generator);
  const most = { kernels: 0, scaling: 0, draws: 0 };
  let at = 0;
  const since = (): number => -at + (at = source.backend.stats!().dispatches);
  await walk({
    begin: () => (since(), void (counting.drawn = 0)),
    scaled: () => void (most.scaling = Math.max(most.scaling, since())),
    end: () => {
      most.kernels = Math.max(most.kernels, since());
      most.draws = Math.max(most.draws, counting.drawn / 256);
    },
  });
  return most;
}

/** A generator, and how many normal numbers were drawn from it. */
function counted(): { readonly generator: Generator; drawn: number } {
  const generator = torchGenerator(0);
  const counter = { generator, drawn: 0 };
  const normal = generator.normal.bind(generator) as (shape: readonly number[]) => Float32Array;
  const counting = (shape: readonly number[]): Float32Array => {
    const values = normal(shape);
    counter.drawn += values.length;
    return values;
  };
  Object.assign(generator, { normal: counting });
  return counter;
}
