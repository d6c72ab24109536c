// Laws that need no recorded numbers: what every scheduler must do, whatever it computes.

import type { Backend, ConfigObject, Run, SchedulerMixin, Tensor } from '@unnoise/core';
import { SchedulerMixin as Base, defaultedKeys, parseConfig } from '@unnoise/core';
import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import { largest, STEP } from '../tolerances.ts';
import type { Seen } from './drive.ts';
import { seen } from './drive.ts';
import type { Inputs, Specimen } from './specimen.ts';
import { disposeInputs, make, startRun, stepRun } from './specimen.ts';
import type { SchedulerSubject } from './subject.ts';
import { backendOf } from './subject.ts';

interface Given {
  readonly subject: SchedulerSubject;
  readonly specimen: Specimen;
  readonly backend: Backend;
  readonly scheduler: SchedulerMixin;
}

interface Law {
  readonly name: string;
  readonly spec: string;
  /** Whether the law says anything about this specimen; default yes. */
  applies?(specimen: Specimen): boolean;
  check(given: Given, check: Check): Promise<void> | void;
}

/** Steps of a law's run: enough for the history of a third-order method, and few enough for the schedule. */
const STEPS = 4;

const LAWS: readonly Law[] = [
  { name: 'same-plan', spec: 'the same request gives the same schedule, and asking for another in between changes nothing', check: samePlan },
  { name: 'interleaved', spec: 'two runs that take turns give what they give one after the other, bit for bit', check: interleaved },
  { name: 'finite', spec: 'finite samples and model outputs give finite samples', check: finite },
  { name: 'exhausted', spec: 'a step past the end is RUN_EXHAUSTED', check: exhausted },
  { name: 'disposed', spec: 'a step of a disposed run is DISPOSED', check: disposed },
  { name: 'inputs', spec: 'a step neither changes nor disposes of what it is given, and what it returns is the caller\'s', check: inputsStay },
  { name: 'generator-required', spec: 'noise without a source is GENERATOR_REQUIRED', applies: ({ draws }) => draws === true, check: generatorRequired },
  { name: 'config-json', spec: 'a config survives its file', check: configThroughJson },
  { name: 'config-from', spec: 'a config survives fromConfig in memory, defaults included', check: configThroughMemory },
  { name: 'unknown', spec: 'unknown config keys, request keys and step options are refused, not ignored', check: unknownKeys },
  { name: 'add-noise', spec: 'noising is linear in the sample and in the noise, and at sigma 0 gives the sample back', check: addNoise },
  { name: 'compiles', spec: 'a second run of the same request compiles nothing', check: compilesOnce },
];

/** Every law on every specimen. */
export function* lawCases(className: string, specimens: readonly Specimen[]): Iterable<Case<SchedulerSubject>> {
  for (const specimen of specimens) {
    for (const law of LAWS) {
      if (law.applies && !law.applies(specimen)) continue;
      yield {
        id: caseId(`scheduler/${className}/law/${law.name}`, specimen.parameter),
        needs: [],
        spec: law.spec,
        run: (subject, check) => runLaw(law, specimen, subject, check),
      };
    }
  }
}

async function runLaw(law: Law, specimen: Specimen, subject: SchedulerSubject, check: Check): Promise<void> {
  const backend = await backendOf(subject);
  const scheduler = make(subject, specimen, backend);
  try {
    await law.check({ subject, specimen, backend, scheduler }, check);
  } finally {
    scheduler.dispose();
  }
}

// ---- plans

function samePlan({ subject, specimen, backend, scheduler }: Given, check: Check): void {
  const first = numbers(startRun(scheduler, specimen, 1));
  scheduler.start({ ...specimen.request, beginIndex: 0 });
  check.equal(numbers(startRun(scheduler, specimen, 1)), first, 'the second plan of one scheduler');
  check.equal(numbers(startRun(make(subject, specimen, backend), specimen, 1)), first, 'the plan of another scheduler of this config');
}

/** A plan as plain data, rows included. */
function numbers({ plan }: Run): unknown {
  const { timesteps, sigmas, initNoiseSigma } = plan;
  const rows = timesteps.slice(0, 20).map((t, i) => attemptRow(() => plan.row(i, t)));
  return { timesteps: timesteps.map(String), sigmas: sigmas && Array.from(sigmas, String), initNoiseSigma: String(initNoiseSigma), rows };
}

/** Some rows cannot be had (they divide by zero): then that is the same each time. */
function attemptRow(row: () => unknown): unknown {
  try {
    return row();
  } catch (error) {
    return String(error);
  }
}

// ---- runs

/** Runs up to STEPS steps and gives every sample; `turn` is called before each step. */
async function samples(run: Run, inputs: Inputs, turn: () => Promise<void> = async () => {}): Promise<readonly Seen[]> {
  const list: Seen[] = [];
  let x = inputs.x.clone();
  try {
    while (!run.done && list.length < STEPS) {
      await turn();
      const { next, seen: sample } = await stepRun(run, x, inputs);
      list.push(sample);
      x.dispose();
      x = next;
    }
    return list;
  } finally {
    x.dispose();
    run.dispose();
  }
}

async function interleaved({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const [a, b] = [await specimen.inputs(backend, 0), await specimen.inputs(backend, 1)];
  try {
    const alone = [await samples(startRun(scheduler, specimen, 1), a), await samples(startRun(scheduler, specimen, 2), b)];
    const [runA, runB] = [startRun(scheduler, specimen, 1), startRun(scheduler, specimen, 2)];
    const pause = () => new Promise<void>((resolve) => void Promise.resolve().then(resolve));
    const together = await Promise.all([samples(runA, a, pause), samples(runB, b, pause)]);
    alone.forEach((list, which) => {
      check.equal(together[which]!.length, list.length, `the steps of run ${which}`);
      list.forEach(({ values }, i) => check.close(together[which]![i]!.values, values, 0, `step ${i} of run ${which}`));
    });
  } finally {
    disposeInputs(a);
    disposeInputs(b);
  }
}

async function finite({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  try {
    for (const [i, { values }] of (await samples(startRun(scheduler, specimen, 1), inputs)).entries()) {
      const bad = values.findIndex((x) => !Number.isFinite(x));
      check.ok(bad < 0, `element ${bad} of the sample after step ${i} is ${values[bad]}.`);
    }
  } finally {
    disposeInputs(inputs);
  }
}

async function exhausted({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const { length } = scheduler.start(specimen.request).timesteps;
  const run = startRun(scheduler, { ...specimen, first: length }, 1);
  try {
    check.ok(run.done, `a run that begins at ${length} of ${length} steps is not done.`);
    await check.throws(() => stepRun(run, inputs.x, inputs), ['RUN_EXHAUSTED'], `step ${length} of ${length}`);
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

async function disposed({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const run = startRun(scheduler, specimen, 1);
  run.dispose();
  try {
    await check.throws(() => stepRun(run, inputs.x, inputs), ['DISPOSED'], 'a step after dispose');
  } finally {
    disposeInputs(inputs);
  }
}

async function inputsStay({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const run = startRun(scheduler, specimen, 1);
  const before = [await seen(inputs.x), await seen(inputs.out)];
  try {
    const { next, seen: sample } = await stepRun(run, inputs.x, inputs);
    run.dispose();
    check.close((await seen(next)).values, sample.values, 0, 'the sample after the run was disposed');
    next.dispose();
    for (const [i, one] of [inputs.x, inputs.out].entries()) {
      check.ok(!one.disposed, `the ${i ? 'model output' : 'sample'} was disposed.`);
      check.close((await seen(one)).values, before[i]!.values, 0, `the ${i ? 'model output' : 'sample'} after the step`);
    }
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

async function generatorRequired({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const run = scheduler.start({ ...specimen.request, ...(specimen.first > 0 && { beginIndex: specimen.first }) });
  try {
    await check.throws(() => run.step(inputs.out, inputs.x, inputs.options), ['GENERATOR_REQUIRED'], 'a step that draws noise');
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

// ---- configs

function plainConfig(scheduler: SchedulerMixin): ConfigObject {
  const { _class_name: _, _diffusers_version: __, ...config } = scheduler.config as ConfigObject;
  return Object.fromEntries(Object.entries(config).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function configThroughJson({ subject, specimen, backend, scheduler }: Given, check: Check): void {
  const loaded = Base.fromConfig.call(subject.scheduler, parseConfig(scheduler.saveConfig()), {}, { backend });
  check.equal(plainConfig(loaded), plainConfig(scheduler), 'the config read back');
  check.equal(numbers(loaded.start(specimen.request)), numbers(scheduler.start(specimen.request)), 'the plan of the config read back');
}

function configThroughMemory({ subject, scheduler }: Given, check: Check): void {
  const loaded = Base.fromConfig.call(subject.scheduler, scheduler);
  check.equal(plainConfig(loaded), plainConfig(scheduler), 'the config');
  check.equal(defaultedKeys(loaded.config), defaultedKeys(scheduler.config), 'the keys that are defaults');
}

async function unknownKeys({ subject, specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const Scheduler = subject.scheduler;
  await check.throws(() => new Scheduler({ ...specimen.config, no_such_key: 1 }), ['CONFIG_INVALID'], 'an unknown config key');
  await check.throws(() => scheduler.start({ ...specimen.request, noSuchKey: 1 } as never), ['REQUEST_INVALID'], 'an unknown key of start');
  const inputs = await specimen.inputs(backend, 0);
  const run = startRun(scheduler, specimen, 1);
  try {
    const step = () => run.step(inputs.out, inputs.x, { noSuchOption: 1 } as never);
    await check.throws(step, ['REQUEST_INVALID'], 'an unknown step option');
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

// ---- noising and cost

async function addNoise({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  scheduler.setTimesteps(specimen.request);
  const { plan } = startRun(scheduler, specimen, 1);
  const inputs = await specimen.inputs(backend, 0);
  try {
    const { x } = inputs;
    const t = plan.timesteps[specimen.first] ?? 0;
    if (!plan.noiseLevel || x.dtype !== 'float32') {
      await check.throws(() => scheduler.addNoise(x, x, t), ['OP_UNSUPPORTED', 'DTYPE_UNSUPPORTED'], 'addNoise');
      return;
    }
    await linearNoising(scheduler, x, t, check);
    if (plan.indexOf && plan.sigmas && plan.sigmas[plan.timesteps.length] === 0) await noiselessEnd(scheduler, x, t, plan.timesteps.length, check);
  } finally {
    disposeInputs(inputs);
  }
}

/** addNoise(x, n) = addNoise(x, 0) + addNoise(0, n). */
async function linearNoising(scheduler: SchedulerMixin, x: Tensor, t: number, check: Check): Promise<void> {
  const [noise, zero] = [x.mul(-0.7).add(0.1), x.mul(0)];
  await noise.realize();
  await zero.realize();
  const parts = [await scheduler.addNoise(x, noise, t), await scheduler.addNoise(x, zero, t), await scheduler.addNoise(zero, noise, t)];
  const [both, signal, rest] = [await seen(parts[0]!), await seen(parts[1]!), await seen(parts[2]!)];
  for (const one of [...parts, noise, zero]) one.dispose();
  check.close(both.values, signal.values.map((value, i) => value + rest.values[i]!), STEP * largest(both.values), 'addNoise of a sum');
}

async function noiselessEnd(scheduler: SchedulerMixin, x: Tensor, t: number, end: number, check: Check): Promise<void> {
  scheduler.setBeginIndex(end);
  const noised = await scheduler.addNoise(x, x, t);
  const values = (await seen(noised)).values;
  noised.dispose();
  check.close(values, (await seen(x)).values, 0, 'a sample noised to sigma 0');
}

async function compilesOnce({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  if (!backend.stats) return check.decline('the backend has no stats()');
  const inputs = await specimen.inputs(backend, 0);
  try {
    await samples(startRun(scheduler, specimen, 1), inputs);
    const { compiles } = backend.stats();
    await samples(startRun(scheduler, specimen, 1), inputs);
    check.equal(backend.stats().compiles, compiles, 'the number of kernels compiled after a second run');
  } finally {
    disposeInputs(inputs);
  }
}
