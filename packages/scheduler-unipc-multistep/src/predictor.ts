// Another scheduler in the place of UniP (config.solver_p): its plan and rule, stepped inside UniPC's own.

import type { Plan, PlanRequest, SchedulerMixin, StepContext, StepResult, Tensor } from '@unnoise/core';
import { after, tensor } from '@unnoise/core';

/** Plan and rule, which are protected for users, of any scheduler. */
interface Parts {
  plan(request: PlanRequest): Plan<unknown>;
  rule(context: StepContext<unknown>): StepResult | Promise<StepResult>;
}

/** One step of the other scheduler, from a sample and the bare model output: the next sample, and what it carries. */
export type Predictor = (context: StepContext<unknown>, sample: Tensor, carry: readonly Tensor[]) => Predicted;
type Predicted = Pick<StepResult, 'prev' | 'carry'> | Promise<Pick<StepResult, 'prev' | 'carry'>>;

/** The steps of `scheduler` on its own schedule of as many steps; as upstream, found there by UniPC's timesteps. */
export function predictorOf(scheduler: SchedulerMixin, timesteps: readonly number[]): Predictor {
  const parts = scheduler as unknown as Parts;
  const plan = parts.plan({ numInferenceSteps: timesteps.length });
  return (context, x, carry) => {
    const timestep = timesteps[context.index] ?? Number.NaN;
    const same = plan.timesteps[context.index] === timestep;
    const index = same ? context.index : (plan.indexOf?.(timestep) ?? context.index);
    return parts.rule({ ...context, k: plan.row(index, timestep), index, x, carry });
  };
}

/** Two lists of tensors as one; samples are floats, so a whole number can stand between them. */
export function joined(own: readonly Tensor[], other: readonly Tensor[]): readonly Tensor[] {
  return [...own, tensor(new Int32Array(1), [1]), ...other];
}

/** The two lists again. */
export function parted(carry: readonly Tensor[]): { own: readonly Tensor[]; other: readonly Tensor[] } {
  const mark = carry.findIndex(({ dtype }) => dtype === 'int32');
  return mark < 0 ? { own: carry, other: [] } : { own: carry.slice(0, mark), other: carry.slice(mark + 1) };
}

/** `next` with the step's result, and UniPC's carry before the other scheduler's. */
export function withPredictor(
  predicted: Predicted,
  x0: Tensor,
  own: readonly Tensor[],
): StepResult | Promise<StepResult> {
  return after(predicted, ({ prev, carry = [] }) => ({ prev, x0, carry: joined(own, carry) }));
}
