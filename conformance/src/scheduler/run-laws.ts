// Laws of plans and runs: the same each time, apart from each other, finite, and over when they are over.

import type { Run } from '@unnoise/core';
import type { Check } from '../check.ts';
import type { Seen } from './drive.ts';
import { seen } from './drive.ts';
import type { Given } from './law.ts';
import type { Inputs } from './specimen.ts';
import { disposeInputs, make, startRun, stepRun } from './specimen.ts';

/** Steps of a law's run: enough for the history of a third-order method, and few enough for the schedule. */
const STEPS = 4;

export function samePlan({ subject, specimen, backend, scheduler }: Given, check: Check): void {
  const first = numbers(startRun(scheduler, specimen, 1));
  scheduler.start({ ...specimen.request, beginIndex: 0 });
  check.equal(numbers(startRun(scheduler, specimen, 1)), first, 'the second plan of one scheduler');
  check.equal(
    numbers(startRun(make(subject, specimen, backend), specimen, 1)),
    first,
    'the plan of another scheduler of this config',
  );
}

/** A plan as plain data, rows included. */
export function numbers({ plan }: Run): unknown {
  const { timesteps, sigmas, initNoiseSigma } = plan;
  const rows = timesteps.slice(0, 20).map((t, i) => attemptRow(() => plan.row(i, t)));
  return {
    timesteps: timesteps.map(String),
    sigmas: sigmas && Array.from(sigmas, String),
    initNoiseSigma: String(initNoiseSigma),
    rows,
  };
}

/** Some rows cannot be had (they divide by zero): then that is the same each time. */
function attemptRow(row: () => unknown): unknown {
  try {
    return row();
  } catch (error) {
    return String(error);
  }
}

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

export async function interleaved({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const [a, b] = [await specimen.inputs(backend, 0), await specimen.inputs(backend, 1)];
  try {
    const alone = [
      await samples(startRun(scheduler, specimen, 1), a),
      await samples(startRun(scheduler, specimen, 2), b),
    ];
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

export async function finite({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
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

export async function exhausted({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
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

export async function disposed({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const run = startRun(scheduler, specimen, 1);
  run.dispose();
  try {
    await check.throws(() => stepRun(run, inputs.x, inputs), ['DISPOSED'], 'a step after dispose');
  } finally {
    disposeInputs(inputs);
  }
}

export async function inputsStay({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
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
      check.close(
        (await seen(one)).values,
        before[i]!.values,
        0,
        `the ${i ? 'model output' : 'sample'} after the step`,
      );
    }
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

export async function generatorRequired({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
  const inputs = await specimen.inputs(backend, 0);
  const run = scheduler.start({ ...specimen.request, ...(specimen.first > 0 && { beginIndex: specimen.first }) });
  try {
    await check.throws(
      () => run.step(inputs.out, inputs.x, inputs.options),
      ['GENERATOR_REQUIRED'],
      'a step that draws noise',
    );
  } finally {
    run.dispose();
    disposeInputs(inputs);
  }
}

export async function compilesOnce({ specimen, backend, scheduler }: Given, check: Check): Promise<void> {
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
