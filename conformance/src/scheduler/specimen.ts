// What laws are tested on: a config, a request and inputs that fit the scheduler. From recorded runs where there are any, else made up.

import type {
  Backend,
  ConfigObject,
  PlanRequest,
  Run,
  SchedulerClass,
  SchedulerMixin,
  StepOptions,
  Tensor,
} from '@unnoise/core';
import { realize, tensor } from '@unnoise/core';
import { normals, sizeOf } from '../backend/values.ts';
import type { GoldenSteps } from '../golden/format.ts';
import type { GoldenSource, GoldenTensors } from '../golden/source.ts';
import { SeededGenerator, camelKeys, needed, recorded } from './arguments.ts';
import type { Seen } from './drive.ts';
import { seen } from './drive.ts';
import type { SchedulerSubject } from './subject.ts';

/** Sample, model output, and tensors among the options, of one step. The caller disposes of them. */
export interface Inputs {
  readonly x: Tensor;
  readonly out: Tensor;
  readonly options: StepOptions;
}

export interface Specimen {
  /** In the id of every law: 'case=clip' or 'config=0'. */
  readonly parameter: Readonly<Record<string, string | number>>;
  readonly config: ConfigObject;
  readonly request: PlanRequest;
  /** Where the recorded inputs fit: the first step. */
  readonly first: number;
  /** Whether the first step draws noise; undefined where nothing is recorded. */
  readonly draws: boolean | undefined;
  /** Distinct inputs for distinct seeds, of one shape. */
  inputs(backend: Backend, seed: number): Promise<Inputs>;
}

const FLOAT_SHAPE = [2, 3, 4, 4];

/** A config without recorded runs. */
export function plainSpecimen(config: ConfigObject, number: number): Specimen {
  const { length } = FLOAT_SHAPE;
  const made = (seed: number, backend: Backend): Tensor =>
    tensor(normals(seed, sizeOf(FLOAT_SHAPE)), FLOAT_SHAPE.slice(0, length), { backend });
  return {
    parameter: { config: number },
    config,
    request: { numInferenceSteps: 5 },
    first: 0,
    draws: undefined,
    inputs: async (backend, seed) => ({ x: made(2 * seed, backend), out: made(2 * seed + 1, backend), options: {} }),
  };
}

/** Whether one model output fits every step of a run: not where samples grow from scale to scale, as their draws then tell. */
const keepsItsShape = ({ expect, shape }: GoldenSteps): boolean =>
  expect.steps.every(({ draws }) => draws.every((drawn) => drawn.length !== shape.length || `${drawn}` === `${shape}`));

/**
 * The recorded runs that differ in config, kind of request or options; those in float16, those whose samples change their shape, and those
 * the run API cannot start, are left out.
 */
export function goldenSpecimens(source: GoldenSource, className: string): readonly Specimen[] {
  const runs = source.cases(className).filter((one): one is GoldenSteps => one.kind === 'steps');
  const usable = runs.filter(
    (run) =>
      run.request && run.dtype === 'float32' && !run.earlier && run.set_shift === undefined && keepsItsShape(run),
  );
  const distinct = new Map<string, GoldenSteps>();
  for (const run of usable) {
    const key = JSON.stringify([run.config, Object.keys(run.request!), run.options ?? {}]);
    if (!distinct.has(key)) distinct.set(key, run);
  }
  return [...distinct.values()].map((golden) => goldenSpecimen(golden, source));
}

function goldenSpecimen(golden: GoldenSteps, source: GoldenSource): Specimen {
  const { expect, config } = golden;
  const t = expect.steps[0]!.t;
  const { timesteps } = expect;
  const listed = 'head' in timesteps ? timesteps.head : timesteps;
  return {
    parameter: { case: golden.id.split('/').slice(1).join('/') },
    config,
    request: camelKeys(golden.request!),
    first: golden.begin_index ?? Math.max(0, listed.indexOf(t)),
    draws: expect.steps[0]!.draws.length > 0,
    async inputs(backend, seed) {
      const tensors = await source.tensors(golden.id);
      const x = varied(tensors, 'x.0', seed, backend);
      const out = recorded(tensors, 'out.0', backend);
      const { generator: _, generatorSeed: __, ...rest } = camelKeys(golden.options ?? {});
      const options = Object.entries(rest).map(([key, value]) => [
        key,
        typeof value === 'string' ? recorded(tensors, `${value}.0`, backend) : value,
      ]);
      const inputs = { x, out, options: Object.fromEntries(options) as StepOptions };
      await realize(inputs.x, inputs.out);
      return inputs;
    },
  };
}

/** The recorded sample backwards for odd seeds, so that two runs differ. */
function varied(tensors: GoldenTensors, name: string, seed: number, backend: Backend): Tensor {
  const { data, shape } = needed(tensors, name);
  return tensor(seed % 2 === 0 ? data : data.toReversed(), shape, { backend });
}

export function disposeInputs({ x, out, options }: Inputs): void {
  x.dispose();
  out.dispose();
  for (const value of Object.values(options))
    if (value instanceof Object && 'dispose' in value) (value as Tensor).dispose();
}

/** A scheduler of the specimen's config. */
export function make(
  { scheduler: Scheduler }: SchedulerSubject,
  { config }: Specimen,
  backend: Backend,
): SchedulerMixin {
  return new Scheduler(config, { backend });
}

/** A run of its own from the specimen's first step, with made-up noise. */
export function startRun(scheduler: SchedulerMixin, specimen: Specimen, seed: number): Run {
  const noise = noiseOption(scheduler.class, seed);
  const begin = specimen.first > 0 ? { beginIndex: specimen.first } : {};
  return scheduler.start({ ...specimen.request, ...begin, ...noise });
}

export function noiseOption({ stepOptions }: SchedulerClass, seed: number): StepOptions {
  return stepOptions.includes('generator') ? { generator: new SeededGenerator(1000 * seed) } : {};
}

/** Options of a step; a given noise excludes a generator. */
function optionsOf(options: StepOptions): StepOptions {
  return options.varianceNoise ? { ...options, generator: undefined as never } : options;
}

/** One step of a run, its result on the host; the sample that follows is a new tensor. */
export async function stepRun(
  run: Run,
  x: Tensor,
  { out, options }: Inputs,
): Promise<{ readonly next: Tensor; readonly seen: Seen }> {
  const { prevSample, predOriginalSample } = await run.step(out, x, optionsOf(options));
  predOriginalSample?.dispose();
  return { next: prevSample, seen: await seen(prevSample) };
}
