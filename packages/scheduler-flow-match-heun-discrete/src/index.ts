// Heun's second-order method for flow matching models: two model calls per step.

import type {
  ChurnRow,
  ConfigSchema,
  FlowMatchConfig,
  HeunRow,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Table,
  Tensor,
} from '@unnoise/core';
import {
  CHURN_OPTIONS,
  DiffusionError,
  SchedulerMixin,
  churned,
  flowMatchFields,
  flowNoise,
  flowSigmas,
  flowTrainingSigmas,
  heunRow,
  inFloat32,
  mapTable,
  ofFirstCall,
  repeatAfterFirst,
  repeatInner,
  requireShift,
  shiftSigmas,
  timestepsNotSet,
  withFinalSigma,
} from '@unnoise/core';

export interface FlowMatchHeunDiscreteConfig extends Pick<FlowMatchConfig, 'num_train_timesteps' | 'shift'> {}

/** One of the two model calls of a step. */
export type FlowHeunRow = HeunRow & ChurnRow;

/**
 * Heun's method on dx/dsigma = v, the velocity noise - x0 that the model predicts at x = (1 - sigma) x0 + sigma noise. The two
 * model calls of a step are two calls of step:
 *
 *     first:  xNext = x + (sigmaNext - sigma) v(x, sigma)
 *     second: prev  = x + (sigmaNext - sigma) (v(x, sigma) + v(xNext, sigmaNext)) / 2
 *
 * The step to sigma 0 is its first half alone: n steps are 2 n - 1 calls. Churn raises sigma to sigmaHat before the first half,
 * which then steps by sigmaNext - sigmaHat with v sigma / sigmaHat.
 * Karras, Aittala, Aila and Laine (2022), arXiv 2206.00364, algorithms 1 and 2; Esser et al. (2024), arXiv 2403.03206.
 */
export class FlowMatchHeunDiscreteScheduler extends SchedulerMixin<FlowMatchHeunDiscreteConfig, FlowHeunRow> {
  static override readonly className = 'FlowMatchHeunDiscreteScheduler';
  static override readonly stepOptions: readonly string[] = CHURN_OPTIONS;
  static override readonly schema: ConfigSchema<FlowMatchHeunDiscreteConfig> = {
    num_train_timesteps: flowMatchFields.num_train_timesteps,
    shift: flowMatchFields.shift,
  };

  override readonly order: number = 2;
  readonly #trainingSigmas: Table = this.#training();

  #training(): Table {
    const { num_train_timesteps: trainSteps, shift } = this.config;
    requireShift(shift);
    return flowTrainingSigmas(trainSteps, shift, this.precision);
  }

  /**
   * Noises a sample: sigma noise + (1 - sigma) sample. As upstream, the level is that of the run where it stands or was set to
   * begin, whatever the timestep; else that of the timestep, where the run then begins.
   */
  scaleNoise(sample: Tensor, timestep: number | readonly number[], noise: Tensor): Promise<Tensor> {
    if (this.beginIndex === undefined) this.setBeginIndex(this.stepIndex ?? this.indexForTimestep(only(timestep)));
    return this.addNoise(sample, noise, timestep);
  }

  protected override plan(request?: PlanRequest): Plan<FlowHeunRow> {
    const levels = request ? this.#levels(request.numInferenceSteps ?? 0) : this.#trainingSigmas;
    const times = mapTable(levels, (sigma) => sigma * this.config.num_train_timesteps);
    const timesteps = Array.from(request ? repeatAfterFirst(times) : times);
    const sigmas = request ? repeatInner(withFinalSigma(levels, 0, this.precision)) : levels;
    return {
      timesteps,
      sigmas,
      ...(request && { numInferenceSteps: levels.length }),
      ...flowNoise({ timesteps, sigmas }),
      row: (index) => {
        if (!request) throw timestepsNotSet(this.class.className);
        return { ...heunRow(sigmas, index), steps: sigmas.length - 1 };
      },
    };
  }

  /** As upstream, the ends come from the shifted training table and are shifted again (upstream issue 13243). */
  #levels(steps: number): Table {
    const { num_train_timesteps: trainSteps, shift } = this.config;
    return this.precision.table(shiftSigmas(flowSigmas(this.#trainingSigmas, trainSteps, steps), shift));
  }

  protected override rule(context: StepContext<FlowHeunRow>): StepResult {
    const { k, index, x, out: v, carry } = context;
    // as upstream: churn draws in the second call too, where the noise cancels
    const { xHat, sigmaHat } = churned(context, inFloat32(x), this.precision);
    const dt = this.precision.round(k.sigmaNext - sigmaHat);
    if (k.corrects) return { prev: ofFirstCall(carry, index).add(v.mul(dt / 2)), x0: xHat.sub(v.mul(k.sigmaNext)) };
    const slope = v.mul(k.sigma / sigmaHat);
    return { prev: xHat.add(slope.mul(dt)), x0: xHat.sub(v.mul(k.sigma)), carry: [xHat.add(slope.mul(dt / 2))] };
  }
}

/** As upstream, scaleNoise takes one timestep for the whole batch. */
function only(timesteps: number | readonly number[]): number {
  const [first = Number.NaN, ...others] = typeof timesteps === 'number' ? [timesteps] : timesteps;
  if (others.length === 0) return first;
  const message = `scaleNoise takes one timestep for the whole batch; got ${others.length + 1}. addNoise takes one per item.`;
  throw new DiffusionError('REQUEST_INVALID', message, { timesteps });
}
