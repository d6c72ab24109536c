// Cases from recorded runs of upstream: tables, teacher-forced steps, free runs, noising, refusals. One id for each thing that can be
// wrong, so that a failure names it.

import type { Backend, SchedulerMixin, Tensor } from '@unnoise/core';
import { isDiffusionError } from '@unnoise/core';
import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import { ConformanceError } from '../check.ts';
import type { GoldenCase, GoldenError, GoldenNoise, GoldenSteps } from '../golden/format.ts';
import type { GoldenSource, GoldenTensors } from '../golden/source.ts';
import { needed, recorded } from './arguments.ts';
import { callCase } from './call-cases.ts';
import { described, near, noisingBound, sameTable, stepBound, withinUlp } from './compare.ts';
import { freeRunBound } from './free-run-bound.ts';
import type { Seen, Taken } from './drive.ts';
import { prepare, runTape, seen, walk } from './drive.ts';
import type { SchedulerSubject } from './subject.ts';
import { backendFor, backendOf } from './subject.ts';
import { swapCase } from './swap.ts';

type SchedulerCase = Case<SchedulerSubject>;

const ignore = (): void => {};

/** Where a case's id lies: 'scheduler/DDIMScheduler/teacher:case=clip;step=4'. */
export function goldenId(golden: { readonly id: string; readonly class: string }, kind: string, step?: number): string {
  const name = golden.id.split('/').slice(1).join('/');
  return caseId(`scheduler/${golden.class}/${kind}`, { case: name, ...(step !== undefined && { step }) });
}

/** All cases of one recorded run. */
export function* goldenCases(golden: GoldenCase, source: GoldenSource): Iterable<SchedulerCase> {
  if (golden.kind === 'swap') yield swapCase(golden);
  else if (golden.kind === 'call') yield callCase(golden, source);
  else if (golden.kind === 'error') yield errorCase(golden, source);
  else if (golden.kind === 'steps') yield* stepCases(golden, source);
  else yield noiseCase(golden, source);
}

function* stepCases(golden: GoldenSteps, source: GoldenSource): Iterable<SchedulerCase> {
  yield tablesCase(golden);
  const lesson = teacher(golden, source);
  for (const step of golden.expect.steps.keys()) yield teacherCase(golden, source, step, lesson);
  if (golden.expect.steps.length > 1 && golden.free_run !== false) yield freeRunCase(golden, source);
}

// ---- tables

function tablesCase(golden: GoldenSteps): SchedulerCase {
  const { expect } = golden;
  return {
    id: goldenId(golden, 'tables'),
    needs: [],
    spec: "timesteps, sigmas, initNoiseSigma, numInferenceSteps and order are upstream's",
    async run(subject, check) {
      const scheduler = await prepare(subject, golden, await backendFor(golden, subject), ignore);
      try {
        await sameTable(check, scheduler.timesteps, expect.timesteps, 'timesteps');
        if (expect.sigmas) await sameTable(check, scheduler.sigmas, expect.sigmas, 'sigmas');
        if (expect.init_noise_sigma !== null)
          withinUlp(check, scheduler.initNoiseSigma, expect.init_noise_sigma, 'initNoiseSigma');
        check.equal(scheduler.numInferenceSteps, expect.num_inference_steps ?? undefined, 'numInferenceSteps');
        check.equal(scheduler.order, expect.order, 'order');
      } finally {
        scheduler.dispose();
      }
    },
  };
}

// ---- steps

type Lesson = (subject: SchedulerSubject) => Promise<readonly (Taken | Error)[]>;

/** The whole teacher-forced run, done once and kept until another subject asks. */
function teacher(golden: GoldenSteps, source: GoldenSource): Lesson {
  let last: { readonly subject: SchedulerSubject; readonly taken: ReturnType<Lesson> } | undefined;
  return (subject) => {
    if (last?.subject !== subject) last = { subject, taken: replay(golden, source, subject, true) };
    return last.taken;
  };
}

async function replay(
  golden: GoldenSteps | GoldenError,
  source: GoldenSource,
  subject: SchedulerSubject,
  teach: boolean,
): Promise<readonly (Taken | Error)[]> {
  const backend = await backendFor(golden, subject);
  const tensors = await source.tensors(golden.id);
  const scheduler = await prepare(subject, golden, backend, ignore);
  try {
    return await runTape(scheduler, timesOf(golden), golden.options ?? {}, tensors, backend, teach);
  } finally {
    scheduler.dispose();
  }
}

function timesOf({ expect }: Pick<GoldenSteps | GoldenError, 'expect'>): readonly number[] {
  return (expect?.steps ?? []).map(({ t }) => t);
}

function teacherCase(golden: GoldenSteps, source: GoldenSource, step: number, lesson: Lesson): SchedulerCase {
  return {
    id: goldenId(golden, 'teacher', step),
    needs: [],
    spec: "from upstream's sample and the recorded model output, the step gives upstream's next sample, x0, draws and position",
    async run(subject, check) {
      const taken = (await lesson(subject))[step];
      if (!taken || taken instanceof Error) throw taken ?? new ConformanceError(`There is no step ${step}.`);
      const tensors = await source.tensors(golden.id);
      sameStep(check, taken, golden, step, tensors);
    },
  };
}

function sameStep(check: Check, taken: Taken, golden: GoldenSteps, step: number, tensors: GoldenTensors): void {
  const { draws, step_index } = golden.expect.steps[step]!;
  check.equal(taken.draws, draws, 'the shapes drawn');
  check.equal(taken.stepIndex, step_index ?? undefined, 'stepIndex');
  const matches = (found: Seen, name: string, what: string): void =>
    near(check, found, needed(tensors, name), stepBound(golden, tensors, name), what);
  const scaled = `scaled.${step}`;
  const sample = step === 0 ? 'x.0' : `prev.${step - 1}`;
  matches(taken.scaled, tensors.has(scaled) ? scaled : sample, 'the scaled model input');
  matches(taken.prev, `prev.${step}`, 'prevSample');
  if (!tensors.has(`x0.${step}`)) return;
  check.ok(taken.x0 !== undefined, 'there is no predOriginalSample.');
  matches(taken.x0!, `x0.${step}`, 'predOriginalSample');
}

function freeRunCase(golden: GoldenSteps, source: GoldenSource): SchedulerCase {
  const last = golden.expect.steps.length - 1;
  return {
    id: goldenId(golden, 'free-run'),
    needs: [],
    spec: "a run fed with its own samples ends where upstream's ends",
    async run(subject, check) {
      const taken = await replay(golden, source, subject, false);
      const end = taken.at(-1);
      if (!end || end instanceof Error) throw end ?? new ConformanceError('The run has no step.');
      const tensors = await source.tensors(golden.id);
      near(
        check,
        end.prev,
        needed(tensors, `prev.${last}`),
        freeRunBound(golden, tensors, subject.scheduler.schema),
        `prevSample after ${last + 1} steps`,
      );
    },
  };
}

// ---- noising

type Noising = (
  scheduler: SchedulerMixin,
  original: Tensor,
  noise: Tensor,
  timesteps: readonly number[],
) => Promise<Tensor>;

const CALLS: Readonly<Record<string, Noising>> = {
  add_noise: (scheduler, original, noise, timesteps) => scheduler.addNoise(original, noise, timesteps),
  velocity: (scheduler, original, noise, timesteps) => scheduler.getVelocity(original, noise, timesteps),
  get_velocity: (scheduler, original, noise, timesteps) => scheduler.getVelocity(original, noise, timesteps),
  scale_noise: (scheduler, original, noise, timesteps) =>
    (scheduler as unknown as ScalesNoise).scaleNoise(original, timesteps, noise),
};

interface ScalesNoise {
  scaleNoise(sample: Tensor, timesteps: readonly number[], noise: Tensor): Promise<Tensor>;
}

function noiseCase(golden: GoldenNoise, source: GoldenSource): SchedulerCase {
  return {
    id: goldenId(golden, golden.kind.replace('_', '-')),
    needs: [],
    spec: 'clean samples and noise are mixed as upstream mixes them at these timesteps',
    async run(subject, check) {
      const backend = await backendOf(subject);
      const tensors = await source.tensors(golden.id);
      const scheduler = await prepare(subject, golden, backend, ignore);
      try {
        await walk(scheduler, golden.shape, backend, golden.stepped ?? 0);
        await withNoise(scheduler, golden.kind, golden.timesteps, tensors, backend, async (mixed) => {
          near(check, await seen(mixed), needed(tensors, 'result'), noisingBound(golden, tensors), golden.kind);
        });
      } finally {
        scheduler.dispose();
      }
    },
  };
}

async function withNoise(
  scheduler: SchedulerMixin,
  call: string,
  timesteps: readonly number[],
  tensors: GoldenTensors,
  backend: Backend,
  use: (mixed: Tensor) => Promise<void>,
): Promise<void> {
  const made = ['original', 'noise'].map((name) => recorded(tensors, name, backend));
  try {
    made.push(await CALLS[call]!(scheduler, made[0]!, made[1]!, timesteps));
    await use(made[2]!);
  } finally {
    for (const one of made) one.dispose();
  }
}

// ---- refusals

const STAGES: readonly string[] = ['constructor', 'set_timesteps', 'step'];
const rank = (stage: string): number => (STAGES.includes(stage) ? STAGES.indexOf(stage) : STAGES.length);

function errorCase(golden: GoldenError, source: GoldenSource): SchedulerCase {
  const { at: place, step, code, text } = golden.error;
  return {
    id: goldenId(golden, 'error'),
    needs: [],
    spec: `where upstream fails (${text}) there is a DiffusionError ${code}, no later than that`,
    async run(subject, check) {
      const found = await failure(golden, source, subject);
      const where = step === undefined ? place : `${place} ${step}`;
      if (!found) throw new ConformanceError(`${where} should throw ${code}, but nothing was thrown.`);
      check.ok(
        isDiffusionError(found.error, code),
        `${where} should throw ${code}, but threw ${described(found.error)}.`,
      );
      const late = rank(found.stage) > rank(place) || (found.stage === 'step' && found.step > (step ?? Infinity));
      check.ok(!late, `${code} was thrown at ${found.stage} ${found.step}, but upstream fails at ${where}.`);
    },
  };
}

interface Failure {
  readonly stage: string;
  readonly step: number;
  readonly error: unknown;
}

/** Does all that the case does until something throws. */
async function failure(
  golden: GoldenError,
  source: GoldenSource,
  subject: SchedulerSubject,
): Promise<Failure | undefined> {
  const backend = await backendOf(subject);
  let stage = 'constructor';
  let scheduler: SchedulerMixin | undefined;
  try {
    scheduler = await prepare(subject, golden, backend, (now) => (stage = now));
    const tensors = await source.tensors(golden.id);
    stage = golden.error.at;
    if (golden.call) {
      await walk(scheduler, golden.shape, backend, golden.stepped ?? 0);
      await withNoise(scheduler, golden.call, golden.timesteps ?? [], tensors, backend, async () => {});
      return undefined;
    }
    if (stage !== 'step') return undefined;
    const taken = await runTape(scheduler, errorTimes(golden), golden.options ?? {}, tensors, backend, true);
    const step = taken.findIndex((one) => one instanceof Error);
    return step < 0 ? undefined : { stage, step, error: taken[step] };
  } catch (error) {
    return { stage, step: 0, error };
  } finally {
    scheduler?.dispose();
  }
}

/** The timesteps up to the step that fails. */
function errorTimes(golden: GoldenError): readonly number[] {
  const { step = 0, t } = golden.error;
  const times = timesOf(golden).slice(0, step);
  return t === undefined ? times : [...times, t];
}
