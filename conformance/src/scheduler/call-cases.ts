// Cases of the methods beside `step`: what upstream returned for recorded arguments, or how it failed.

import type { Backend, SchedulerMixin } from '@unnoise/core';
import { Tensor, isDiffusionError } from '@unnoise/core';
import type { Case } from '../case.ts';
import { caseId } from '../case.ts';
import type { Check } from '../check.ts';
import type { Arguments, GoldenCall } from '../golden/format.ts';
import type { GoldenSource, GoldenTensors } from '../golden/source.ts';
import { TapeGenerator, camelKeys, needed, recorded } from './arguments.ts';
import { described, near, stepBound, withinUlp } from './compare.ts';
import { prepare, seen } from './drive.ts';
import type { SchedulerSubject } from './subject.ts';
import { backendOf } from './subject.ts';

export function callCase(golden: GoldenCall, source: GoldenSource): Case<SchedulerSubject> {
  const { error, method } = golden;
  return {
    id: caseId(`scheduler/${golden.class}/call`, { case: golden.id.split('/').slice(1).join('/') }),
    needs: [],
    spec: error
      ? `where upstream's ${method} fails (${error.text}) there is a DiffusionError ${error.code}`
      : `${method} gives what upstream gives for the same arguments, from as many draws`,
    async run(subject, check) {
      const tensors = await source.tensors(golden.id);
      const backend = await backendOf(subject);
      const scheduler = await prepare(subject, golden, backend, () => {});
      try {
        if (error) await refuses(scheduler, golden, tensors, backend, check);
        else await agrees(scheduler, golden, tensors, backend, check);
      } finally {
        scheduler.dispose();
      }
    },
  };
}

/** Some return at once. */
type Method = (...args: readonly unknown[]) => unknown;

/** Calls the method; strings among the arguments are recorded tensors, and a generator goes last, among the options. */
async function called(scheduler: SchedulerMixin, golden: GoldenCall, tensors: GoldenTensors, backend: Backend) {
  const [name] = Object.keys(camelKeys({ [golden.method]: 0 }));
  const tape = TapeGenerator.ofStep(tensors, 0);
  const given = golden.arguments.map((value) => {
    if (typeof value === 'string') return recorded(tensors, value, backend);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? camelKeys(value as Arguments) : value;
  });
  const made = given.filter((value) => value instanceof Tensor);
  try {
    await Promise.all(made.map((one) => one.realize()));
    const method = (scheduler as unknown as Readonly<Record<string, Method>>)[name!]!;
    const result = await method.call(scheduler, ...given, ...(golden.generator ? [{ generator: tape }] : []));
    return { results: resultsOf(result), draws: tape.draws };
  } finally {
    for (const one of made) one.dispose();
  }
}

/** A lone tensor or number is called `result`. */
function resultsOf(result: unknown): Readonly<Record<string, unknown>> {
  return result instanceof Tensor || typeof result === 'number'
    ? { result }
    : (result as Readonly<Record<string, unknown>>);
}

async function agrees(
  scheduler: SchedulerMixin,
  golden: GoldenCall,
  tensors: GoldenTensors,
  backend: Backend,
  check: Check,
): Promise<void> {
  const { results, draws } = await called(scheduler, golden, tensors, backend);
  check.equal(draws, golden.draws, 'the shapes drawn');
  const wanted = camelKeys(golden.results ?? {});
  check.equal(Object.keys(results).sort(), Object.keys(wanted).sort(), 'the names of the results');
  for (const [key, value] of Object.entries(wanted)) {
    const found = results[key];
    if (typeof value === 'number') withinUlp(check, found as number, value, key);
    else {
      const name = value as string;
      near(check, await seen(found as Tensor), needed(tensors, name), stepBound(golden, tensors, name), key);
      (found as Tensor).dispose();
    }
  }
}

async function refuses(
  scheduler: SchedulerMixin,
  golden: GoldenCall,
  tensors: GoldenTensors,
  backend: Backend,
  check: Check,
): Promise<void> {
  const { code } = golden.error!;
  const thrown = await called(scheduler, golden, tensors, backend).then(
    () => undefined,
    (problem: unknown) => problem,
  );
  if (code !== 'OP_UNSUPPORTED' && isDiffusionError(thrown, 'OP_UNSUPPORTED')) throw thrown; // the backend lacks what it takes
  const message = `${golden.method} should throw ${code}, but ${thrown ? `threw ${described(thrown)}` : 'nothing was thrown'}.`;
  check.ok(isDiffusionError(thrown, code), message);
}
