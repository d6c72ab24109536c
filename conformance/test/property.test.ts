// Laws on configs that nobody wrote down: choices and switches at random, 1 to 1000 steps, runs that take turns in any order.

import type { AnySchema, ConfigObject, PlanRequest, Run, SchedulerClass, SchedulerMixin, Tensor } from '@unnoise/core';
import { defaultedKeys, isDiffusionError, parseConfig, setWarningHandler } from '@unnoise/core';
import { createReferenceBackend } from '@unnoise/core/reference';
import { noGoldens, schedulerSubject } from '@unnoise/conformance';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Specimen } from '../src/scheduler/specimen.ts';
import { disposeInputs, goldenSpecimens, noiseOption, plainSpecimen, stepRun } from '../src/scheduler/specimen.ts';
import { SCHEDULERS } from './subjects.ts';

const backend = createReferenceBackend({ precision: 'float32' });
const RUNS = { numRuns: 200, seed: 20_261_121 };

/** Schedulers that refuse most counts: those that they take, of which most trials have one. */
const FEW_COUNTS: Readonly<Record<string, readonly number[]>> = {
  ConsistencyDecoderScheduler: [2],
  SCMScheduler: [2],
};

/** A config and inputs that some recorded run had, with some of its choices and switches thrown anew. */
function trials(scheduler: SchedulerClass): fc.Arbitrary<{ specimen: Specimen; config: ConfigObject; steps: number }> {
  const known = goldenSpecimens(schedulerSubject(scheduler).golden ?? noGoldens, scheduler.className);
  const specimens = known.length > 0 ? known : [plainSpecimen({}, 0)];
  const few = FEW_COUNTS[scheduler.className];
  const any = fc.oneof(
    fc.integer({ min: 1, max: 30 }),
    fc.integer({ min: 1, max: 1000 }),
    fc.constantFrom(1, 2, 3, 999, 1000),
  );
  const steps = few ? fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...few) }, { weight: 1, arbitrary: any }) : any;
  return fc
    .record({ specimen: fc.constantFrom(...specimens), changes: changes(scheduler.schema), steps })
    .map(({ specimen, changes, steps }) => ({ specimen, config: { ...specimen.config, ...changes }, steps }));
}

/** Each switch and each choice of a schema, one time in four. */
function changes(schema: AnySchema): fc.Arbitrary<ConfigObject> {
  const fields = Object.entries(schema).map(([key, { kind, choices }]): [string, fc.Arbitrary<unknown>] => {
    const values: fc.Arbitrary<unknown> = choices
      ? fc.constantFrom(...choices)
      : kind === 'boolean'
        ? fc.boolean()
        : fc.constant(undefined);
    return [key, fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: values })];
  });
  const given = (all: ConfigObject): ConfigObject =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return fc.record(Object.fromEntries(fields)).map(given);
}

/** The value, or undefined where a DiffusionError was thrown; anything else that is thrown is a failure. */
async function orRefused<T>(action: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isDiffusionError(error)) return undefined;
    throw error;
  }
}

function make(scheduler: SchedulerClass, config: ConfigObject): Promise<SchedulerMixin | undefined> {
  return orRefused(() => new scheduler(config, { backend }));
}

/** The request of the specimen, with its count of steps replaced where it has one. */
function requestOf({ request }: Specimen, steps: number): PlanRequest {
  return request.numInferenceSteps === undefined ? request : { ...request, numInferenceSteps: steps };
}

function startAt(
  scheduler: SchedulerMixin,
  request: PlanRequest,
  index: number,
  seed: number,
): Promise<Run | undefined> {
  return orRefused(() =>
    scheduler.start({ ...request, ...noiseOption(scheduler.class, seed), ...(index > 0 && { beginIndex: index }) }),
  );
}

interface RangeKeys {
  readonly num_train_timesteps?: number;
  readonly trained_betas?: readonly number[] | null;
  readonly steps_offset?: number;
  readonly sigma_max?: number;
}

/** Timesteps of consistency models are 250 ln sigma, whatever num_train_timesteps is. */
const logarithmic = (scheduler: SchedulerClass): boolean => scheduler.className === 'CMStochasticIterativeScheduler';

/** The end of the trained range, or of what was asked for. */
function largestTimestep(
  { num_train_timesteps: trained = 1000, trained_betas, steps_offset = 0 }: RangeKeys,
  { timesteps = [] }: PlanRequest,
): number {
  return Math.max(trained, trained_betas?.length ?? 0, ...timesteps) + steps_offset;
}

const finite = (values: ArrayLike<number>): boolean => Array.from(values).every(Number.isFinite);

let handler: ReturnType<typeof setWarningHandler>;
beforeAll(() => {
  handler = setWarningHandler(() => {});
});
afterAll(() => {
  setWarningHandler(handler);
});

describe.each(SCHEDULERS.map((scheduler) => ({ scheduler, name: scheduler.className })))('$name', ({ scheduler }) => {
  it('plans any config and count, or refuses with a DiffusionError; a plan is finite and within the trained range', async () => {
    let planned = 0;
    await fc.assert(
      fc.asyncProperty(trials(scheduler), async ({ specimen, config, steps }) => {
        const made = await make(scheduler, config);
        const run = made && (await orRefused(() => made.start(requestOf(specimen, steps))));
        if (!run) return;
        planned++;
        const { timesteps, sigmas = [], initNoiseSigma } = run.plan;
        expect(timesteps.length).toBeGreaterThan(0);
        expect(finite(timesteps)).toBe(true);
        expect(finite(sigmas)).toBe(true);
        expect(Number.isFinite(initNoiseSigma)).toBe(true);
        const { sigma_max = 1 }: RangeKeys = made.config;
        const largest = logarithmic(scheduler)
          ? Math.max(250 * Math.log(sigma_max), ...(specimen.request.timesteps ?? []))
          : largestTimestep(made.config, specimen.request);
        expect(Math.max(...timesteps)).toBeLessThanOrEqual(largest * (1 + 1e-6));
        expect(Math.min(0, ...Array.from(sigmas))).toBe(0);
      }),
      RUNS,
    );
    expect(planned, 'most configs can be planned, or the law says nothing').toBeGreaterThan(RUNS.numRuns / 3);
  });

  it('never turns finite numbers into NaN or infinities: a step is finite, or a DiffusionError', async () => {
    const anywhere = fc.record({ trial: trials(scheduler), at: fc.double({ min: 0, max: 1, noNaN: true }) });
    await fc.assert(
      fc.asyncProperty(anywhere, async ({ trial: { specimen, config, steps }, at }) => {
        const made = await make(scheduler, config);
        const request = requestOf(specimen, steps);
        const whole = made && (await orRefused(() => made.start(request)));
        if (!made || !whole) return;
        const run = await startAt(made, request, Math.floor(at * (whole.timesteps.length - 1)), 1);
        const inputs = await specimen.inputs(backend, 0);
        let x: Tensor = inputs.x.clone();
        for (let i = 0; i < 3; i++) {
          if (!run || run.done) break;
          const step = await orRefused(() => stepRun(run, x, inputs));
          if (!step) break;
          expect(finite(step.seen.values), `after step ${i}`).toBe(true);
          x.dispose();
          x = step.next;
        }
        for (const one of [x, run, made]) one?.dispose();
        disposeInputs(inputs);
      }),
      RUNS,
    );
  });

  it('keeps any config through a file and through fromConfig', async () => {
    await fc.assert(
      fc.asyncProperty(trials(scheduler), async ({ config }) => {
        const made = await make(scheduler, config);
        if (!made) return;
        const from = (source: ConfigObject | SchedulerMixin): SchedulerMixin =>
          (scheduler as unknown as { fromConfig(source: ConfigObject | SchedulerMixin): SchedulerMixin }).fromConfig(
            source,
          );
        const {
          _class_name: _,
          _diffusers_version: __,
          ...read
        } = from(parseConfig(made.saveConfig())).config as ConfigObject;
        expect(read).toEqual({ ...made.config });
        expect(defaultedKeys(from(made).config as ConfigObject)).toEqual(defaultedKeys(made.config as ConfigObject));
        expect({ ...(from(made).config as ConfigObject) }).toEqual({ ...made.config });
      }),
      RUNS,
    );
  });

  it('gives the same samples whatever the order in which three runs take turns', async () => {
    const turns = fc.array(fc.nat(2), { minLength: 6, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(trials(scheduler), turns, async ({ specimen, config, steps }, order) => {
        const made = await make(scheduler, config);
        const request = requestOf(specimen, Math.min(steps, 20));
        const alone =
          made &&
          (await inTurns(
            made,
            specimen,
            request,
            order.toSorted((a, b) => a - b),
          ));
        const mixed = made && (await inTurns(made, specimen, request, order));
        expect(mixed).toEqual(alone);
      }),
      { ...RUNS, numRuns: 60 },
    );
  });
});

/** Three runs of one scheduler, each stepping when it is its turn; the samples of each, as text. */
async function inTurns(
  scheduler: SchedulerMixin,
  specimen: Specimen,
  request: PlanRequest,
  order: readonly number[],
): Promise<readonly string[][] | undefined> {
  const runs = [
    await startAt(scheduler, request, 0, 1),
    await startAt(scheduler, request, 0, 2),
    await startAt(scheduler, request, 0, 3),
  ];
  const inputs = [
    await specimen.inputs(backend, 0),
    await specimen.inputs(backend, 1),
    await specimen.inputs(backend, 2),
  ];
  const samples: Tensor[] = inputs.map(({ x }) => x.clone());
  const seen: string[][] = [[], [], []];
  for (const which of order) {
    const run = runs[which];
    if (!run || run.done) continue;
    const step = await orRefused(() => stepRun(run, samples[which]!, inputs[which]!));
    seen[which]!.push(step ? step.seen.values.join() : 'refused');
    if (!step) continue;
    samples[which]!.dispose();
    samples[which] = step.next;
  }
  for (const one of [...samples, ...runs]) one?.dispose();
  inputs.forEach(disposeInputs);
  return seen;
}
