// What start and setTimesteps were asked, sorted into plan, step options and starting point. Each part is a closed list.

import { requireKnown } from '../config/known.ts';
import { DiffusionError } from '../errors.ts';
import { requireSteps } from '../schedule/index.ts';
import type { PlanRequest, RunRequest, StepOptions } from './types.ts';

/** Where a run begins. A strength that the plan takes picks no place. */
export interface StartRequest {
  readonly beginIndex: number | undefined;
  readonly strength: number | undefined;
}

interface Accepts {
  readonly className: string;
  readonly requestKeys: readonly string[];
  readonly stepOptions: readonly string[];
}

/** What start takes. Throws REQUEST_INVALID for a key that the scheduler does not take and for what is no count or no place. */
export function splitRequest(
  { className, requestKeys, stepOptions }: Accepts,
  request: number | RunRequest,
): { plan: PlanRequest; options: StepOptions; start: StartRequest } {
  const all = given(request);
  checkKeys(`${className}.start`, [...new Set([...requestKeys, 'beginIndex', 'strength', ...stepOptions])], all);
  const { beginIndex } = all;
  const strength = requestKeys.includes('strength') ? undefined : all.strength;
  if (beginIndex !== undefined) checkBegin(className, beginIndex, strength);
  return { plan: only(all, requestKeys), options: only(all, stepOptions), start: { beginIndex, strength } };
}

/** What setTimesteps takes: a plan and nothing else. Throws as splitRequest. */
export function planRequest({ className, requestKeys }: Accepts, request: number | PlanRequest): PlanRequest {
  const plan = given(request);
  checkKeys(`${className}.setTimesteps`, requestKeys, plan);
  return plan;
}

/** Throws REQUEST_INVALID for an index that is no place in any schedule, or beside a strength, which gives an index too. */
export function checkBegin(className: string, index: number, strength?: number): void {
  if (strength !== undefined) {
    const message = `${className}: beginIndex is ${index} and strength ${strength}, but both say where to begin. Give one.`;
    throw new DiffusionError('REQUEST_INVALID', message, { index, strength });
  }
  if (Number.isInteger(index) && index >= 0) return;
  const message = `${className}: the begin index is ${index}. Give a whole number of at least 0.`;
  throw new DiffusionError('REQUEST_INVALID', message, { index });
}

/** The request without what is undefined: that is not given. */
function given(request: number | RunRequest): RunRequest {
  if (typeof request === 'number') return { numInferenceSteps: request };
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

function only(request: RunRequest, keys: readonly string[]): RunRequest {
  return Object.fromEntries(Object.entries(request).filter(([key]) => keys.includes(key)));
}

function checkKeys(method: string, known: readonly string[], request: RunRequest): void {
  requireKnown(method, 'option', request, known);
  const { numInferenceSteps: steps } = request;
  if (steps !== undefined) requireSteps(steps);
}
