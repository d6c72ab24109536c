// The public face of the conformance suite: cases as data, ways to run them, and helpers to state laws of one's own.

export { backendCases } from './backend/index.ts';
export { exactCases } from './backend/exact-cases.ts';
export { claiming, eager, tracing } from './backend/wrappers.ts';
export { matches } from './case.ts';
export type { Capability, Case, Expectations, Outcome, Result } from './case.ts';
export { ConformanceError, Declined } from './check.ts';
export type { Bound, Check } from './check.ts';
export type {
  GoldenCall,
  GoldenCase,
  GoldenError,
  GoldenNoise,
  GoldenStep,
  GoldenSteps,
  GoldenSwap,
  GoldenTable,
} from './golden/format.ts';
export { readSafetensors } from './golden/safetensors.ts';
export type { GoldenTensor } from './golden/safetensors.ts';
export { fileGoldens, noGoldens, urlGoldens } from './golden/source.ts';
export type { GoldenSource, GoldenTensors } from './golden/source.ts';
export * from './laws/index.ts';
export { toJUnit } from './report/junit.ts';
export { toMarkdown } from './report/markdown.ts';
export { runCases, summary } from './report/report.ts';
export type { Report, RunOptions } from './report/report.ts';
export { SeededGenerator, TapeGenerator } from './scheduler/arguments.ts';
export { schedulerCases } from './scheduler/index.ts';
export type { SchedulerSubject } from './scheduler/subject.ts';
export type { Runner, RunnerTest } from './runner.ts';
export { casesOf, schedulerSubject, testBackend, testScheduler } from './suite.ts';
export type { BackendSubject } from './suite.ts';
export * as tolerances from './tolerances.ts';
