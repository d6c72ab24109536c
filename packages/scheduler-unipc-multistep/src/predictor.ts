// Another scheduler in the place of UniP (config.solver_p): its plan and rule, stepped inside UniPC's own.

import type { Plan, PlanRequest, SchedulerMixin, StepContext, StepResult, Tensor } from '@unnoise/core';
import { DiffusionError, after, tensor } from '@unnoise/core';

/** Plan and rule, which are protected for users, of any scheduler. */
interface Parts {
  plan(request: PlanRequest): Plan<unknown>;
  rule(context: StepContext<unknown>): StepResult | Promise<StepResult>;
}

/** What is carried from step to step: UniPC's own tensors, and the position and the tensors of the other scheduler. */
export interface Shared {
  readonly own: readonly Tensor[];
  /** Undefined before its first step. */
  readonly position: number | undefined;
  readonly other: readonly Tensor[];
}

/** One step of the other scheduler from a sample and the bare model output: the next sample, and what is carried on. */
export type Predictor = (
  context: StepContext<unknown>,
  sample: Tensor,
  shared: Shared,
) => Predicted | Promise<Predicted>;
type Predicted = Required<Pick<StepResult, 'prev' | 'carry'>>;

/**
 * The steps of `scheduler` on its own schedule of as many; as upstream, only the first is found there by its timestep.
 * @throws DiffusionError CONFIG_INVALID for anything that is no scheduler.
 */
export function predictorOf(scheduler: SchedulerMixin, timesteps: readonly number[]): Predictor {
  const parts = scheduler as unknown as Parts;
  if (typeof parts.plan !== 'function') throw noScheduler(scheduler);
  const plan = parts.plan({ numInferenceSteps: timesteps.length });
  return (context, x, { own, position, other }) => {
    const timestep = timesteps[context.index] ?? Number.NaN;
    const index = position ?? plan.indexOf?.(timestep) ?? context.index;
    if (plan.indexOf && index >= plan.timesteps.length) throw exhausted(scheduler.class.className, index);
    const step = parts.rule({ ...context, k: plan.row(index, timestep), index, x, carry: other });
    return after(step, ({ prev, carry = [] }) => ({ prev, carry: [...own, marked(index + 1), ...carry] }));
  };
}

function noScheduler(value: unknown): DiffusionError {
  return new DiffusionError('CONFIG_INVALID', `solver_p is ${String(value)}. Give a scheduler, or null.`, { value });
}

/** Samples are floats, so a tensor of whole numbers can stand between two lists of them; its length is the position. */
function marked(position: number): Tensor {
  return tensor(new Int32Array(position), [position]);
}

/** The lists again. */
export function parted(carry: readonly Tensor[]): Shared {
  const mark = carry.findIndex(({ dtype }) => dtype === 'int32');
  if (mark < 0) return { own: carry, position: undefined, other: [] };
  return { own: carry.slice(0, mark), position: carry[mark]?.shape[0], other: carry.slice(mark + 1) };
}

function exhausted(name: string, index: number): DiffusionError {
  return new DiffusionError(
    'RUN_EXHAUSTED',
    `solver_p ${name} has no step ${index}: its schedule is not that of UniPC. Give both the same sigma options.`,
    { index },
  );
}
