// What all four runners run, and the counts they must come to: a part of the cases, some of which are declined.
import { createCpuBackend } from '@unnoise/backend-cpu';
import {
  backendCases,
  casesOf,
  matches,
  runCases,
  schedulerSubject,
  testBackend,
  testScheduler,
  tracing,
} from '@unnoise/conformance';
import { DDIMScheduler } from '@unnoise/scheduler-ddim';

const only = (cases, ...queries) => [...cases].filter(({ id }) => queries.some((query) => matches(query, id)));
const ofBackend = only(backendCases(), 'backend/map/linear:dtype=float32;*', 'backend/map/exp:*');
const ofScheduler = only(casesOf(schedulerSubject(DDIMScheduler)), '*/teacher:case=default;*', '*/swap:*');

/** Negates every coefficient: what FAULT plants. */
function wrong(backend) {
  const plain = tracing(backend);
  const negated = (params) => params.map((number) => -number);
  return { ...plain, run: (kernel, inputs, params, sizes) => plain.run(kernel, inputs, negated(params), sizes) };
}

/** Takes longer than jest, mocha and vitest allow a test by default: the suite's own limit must count. */
async function create() {
  await new Promise((resolve) => setTimeout(resolve, 5200));
  return process.env.FAULT ? wrong(createCpuBackend()) : createCpuBackend();
}

export function register(runner) {
  testBackend({ name: 'cpu', create }, runner, ofBackend);
  testScheduler(DDIMScheduler, runner, ofScheduler);
}

/** The outcomes of the same cases without a runner. */
export async function outcomes() {
  const reports = [
    await runCases(ofBackend, await create()),
    await runCases(ofScheduler, schedulerSubject(DDIMScheduler)),
  ];
  return reports.flatMap(({ results }) => results.map(({ outcome }) => outcome));
}
