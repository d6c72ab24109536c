// Brings a scheduler into the state that a golden case starts from, and runs its recorded steps. What comes out is compared elsewhere.

import type { Backend, DType, Generator, SchedulerMixin, Shape, StepOptions, Tensor } from '@unnoise/core';
import { realize, tensor, torchGenerator } from '@unnoise/core';
import { normals, numbersOf, sizeOf } from '../backend/values.ts';
import type { GoldenError, GoldenNoise, GoldenSteps } from '../golden/format.ts';
import type { GoldenTensors } from '../golden/source.ts';
import { SeededGenerator, TapeGenerator, camelKeys, recorded, stepOptions } from './arguments.ts';
import type { SchedulerSubject } from './subject.ts';

export type Prepared = Pick<
  GoldenSteps | GoldenNoise,
  'config' | 'request' | 'begin_index' | 'earlier' | 'set_shift' | 'shape'
>;

/** Which call is under way; told to `at` before it is made, so that an error knows where it came from. */
export type At = (stage: string, step?: number) => void;

/** Constructor, earlier calls, setTimesteps and setBeginIndex, as the case says. */
export async function prepare(
  { scheduler: Scheduler }: SchedulerSubject,
  golden: Prepared,
  backend: Backend,
  at: At,
): Promise<SchedulerMixin> {
  at('constructor');
  const scheduler = new Scheduler(golden.config, { backend });
  for (const { request, begin_index, stepped = 0 } of golden.earlier ?? []) {
    plan(scheduler, request, begin_index, at);
    await walk(scheduler, golden.shape, backend, stepped);
  }
  if (golden.set_shift !== undefined)
    (scheduler as unknown as { setShift(shift: number): void }).setShift(golden.set_shift);
  plan(scheduler, golden.request, golden.begin_index, at);
  return scheduler;
}

function plan(scheduler: SchedulerMixin, request: GoldenSteps['request'], begin: number | undefined, at: At): void {
  at('set_timesteps');
  if (request !== null) scheduler.setTimesteps(camelKeys(request));
  if (begin !== undefined) scheduler.setBeginIndex(begin);
}

/** Steps whose results nobody looks at. */
export async function walk(scheduler: SchedulerMixin, shape: Shape, backend: Backend, count: number): Promise<void> {
  const first = scheduler.beginIndex ?? 0;
  const options = takesGenerator(scheduler) ? { generator: new SeededGenerator(7) } : {};
  for (const t of scheduler.timesteps.slice(first, first + count)) {
    const x = tensor(normals(3, sizeOf(shape)), shape, { backend });
    const { prevSample, predOriginalSample } = await scheduler.step(x, t, x, options);
    for (const one of [x, prevSample, predOriginalSample]) one?.dispose();
  }
}

const takesGenerator = (scheduler: SchedulerMixin): boolean => scheduler.class.stepOptions.includes('generator');

/** A tensor on the host. */
export interface Seen {
  readonly values: Float64Array;
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What one step did. */
export interface Taken {
  readonly prev: Seen;
  readonly x0: Seen | undefined;
  readonly scaled: Seen;
  readonly stepIndex: number | undefined;
  readonly draws: readonly Shape[];
}

export type RecordedRun = Pick<GoldenSteps, 'options' | 'expect'> | GoldenError;

/**
 * Runs the recorded steps. `teach` feeds each step with upstream's sample; otherwise it gets its own. Whatever a step throws ends up in
 * its place of the list, and later steps are still tried.
 */
export async function runTape(
  scheduler: SchedulerMixin,
  times: readonly number[],
  options: Readonly<Record<string, unknown>>,
  tensors: GoldenTensors,
  backend: Backend,
  teach: boolean,
): Promise<readonly (Taken | Error)[]> {
  const taken: (Taken | Error)[] = [];
  let x = recorded(tensors, 'x.0', backend);
  for (const [i, t] of times.entries()) {
    const made: Tensor[] = [];
    if (teach && i > 0) {
      x.dispose();
      x = recorded(tensors, `prev.${i - 1}`, backend);
    }
    try {
      const given = withGenerator(scheduler, stepOptions(options, i, tensors, backend, made), options, tensors, i);
      const { step, next } = await takeStep(scheduler, t, x, recorded(tensors, `out.${i}`, backend), given);
      x.dispose();
      x = next;
      taken.push(step);
    } catch (error) {
      taken.push(error as Error);
      if (!teach) break;
    } finally {
      for (const one of made) one.dispose();
    }
  }
  x.dispose();
  return taken;
}

interface Given {
  readonly options: StepOptions;
  readonly tape: TapeGenerator;
}

/** As in upstream's runs: a generator goes along unless the noise itself does. Where its seed matters the case has that. */
function withGenerator(
  scheduler: SchedulerMixin,
  options: StepOptions,
  recordedOptions: Readonly<Record<string, unknown>>,
  tensors: GoldenTensors,
  i: number,
): Given {
  const tape = TapeGenerator.ofStep(tensors, i);
  const seeds = recordedOptions['generator_seed'] as number | readonly number[] | undefined;
  if (seeds !== undefined) return { tape, options: { ...options, generator: seeded(seeds) } };
  const wanted = recordedOptions['generator'] === true || options.varianceNoise === undefined;
  return { tape, options: wanted && takesGenerator(scheduler) ? { ...options, generator: tape } : options };
}

function seeded(seeds: number | readonly number[]): Generator | readonly Generator[] {
  return typeof seeds === 'number' ? torchGenerator(seeds) : seeds.map(torchGenerator);
}

async function takeStep(
  scheduler: SchedulerMixin,
  t: number,
  x: Tensor,
  out: Tensor,
  { options, tape }: Given,
): Promise<{ step: Taken; next: Tensor }> {
  await realize(x, out);
  const made: Tensor[] = [out];
  try {
    const input = await scheduler.scaleModelInput(x, t);
    made.push(input);
    const scaled = await seen(input);
    const { prevSample, predOriginalSample } = await scheduler.step(out, t, x, options);
    if (predOriginalSample) made.push(predOriginalSample);
    const step = {
      prev: await seen(prevSample),
      x0: predOriginalSample && (await seen(predOriginalSample)),
      scaled,
      stepIndex: scheduler.stepIndex,
      draws: tape.draws,
    };
    return { step, next: prevSample };
  } finally {
    for (const one of made) one.dispose();
  }
}

export async function seen(x: Tensor): Promise<Seen> {
  return { values: numbersOf(await x.data(), x.dtype), shape: x.shape, dtype: x.dtype };
}
