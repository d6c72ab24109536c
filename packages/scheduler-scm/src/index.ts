// Few-step sampling for sCM models such as Sana-Sprint: consistency models in the angle of TrigFlow.

import type { ConfigSchema, Plan, PlanRequest, Precision, StepContext, StepResult, Table } from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  field,
  indexForTimestep,
  requireChoice,
  requireSteps,
  timestepsNotSet,
  torchLinspace,
} from '@unnoise/core';

export interface SCMConfig {
  /** Most steps that can be asked for. */
  readonly num_train_timesteps: number;
  /** What the model predicts. */
  readonly prediction_type: 'trigflow';
  /** Standard deviation of the data, and of the noise. */
  readonly sigma_data: number;
}

/** One step from angle s to angle t. */
export interface SCMRow {
  readonly s: number;
  readonly t: number;
}

/**
 * A jump to x0 and noise back to the next angle, of x = cos(t) x0 + sin(t) sigmaData z, whose velocity v a model predicts. Angles
 * run from about pi / 2, where there is only noise, to 0.
 *
 *     x0   = cos(s) x - sin(s) v
 *     prev = cos(t) x0 + sin(t) sigmaData z
 *
 * Lu and Song (2024), arXiv 2410.11081, section 2.1; Chen et al. (2025), arXiv 2503.09641 (Sana-Sprint).
 */
export class SCMScheduler extends SchedulerMixin<SCMConfig, SCMRow> {
  static override readonly className = 'SCMScheduler';
  static override readonly requestKeys: readonly string[] = [
    'numInferenceSteps',
    'timesteps',
    'maxTimesteps',
    'intermediateTimesteps',
  ];
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<SCMConfig> = {
    num_train_timesteps: field.number(1000),
    prediction_type: field.choice('trigflow', ['trigflow']),
    sigma_data: field.number(0.5),
  };

  #end: number | undefined;

  /** As upstream, with the angle after the last step, where no step begins; `start` gives runs without it. */
  override get timesteps(): readonly number[] {
    return this.#end === undefined ? super.timesteps : [...super.timesteps, this.#end];
  }

  override setTimesteps(request: number | PlanRequest): void {
    super.setTimesteps(request);
    const given = typeof request === 'number' ? { numInferenceSteps: request } : request;
    this.#end = anglesOf(given, this.config.num_train_timesteps, this.precision).at(-1);
  }

  override dispose(): void {
    super.dispose();
    this.#end = undefined;
  }

  protected override plan(request?: PlanRequest): Plan<SCMRow> {
    const { num_train_timesteps: trainSteps } = this.config;
    const unset = Float64Array.from({ length: trainSteps }, (_, i) => trainSteps - 1 - i);
    const angles = request ? anglesOf(request, trainSteps, this.precision) : unset;
    const steps = request && angles.length - 1;
    return {
      timesteps: Array.from(angles.slice(0, steps)),
      initNoiseSigma: 1,
      ...(steps && { numInferenceSteps: steps }),
      indexOf: (timestep) => indexForTimestep(angles, timestep),
      row: (index) => {
        if (!request) throw timestepsNotSet(this.class.className);
        return { s: angles[index] ?? Number.NaN, t: angles[index + 1] ?? Number.NaN };
      },
    };
  }

  /** As upstream, the step to angle 0 draws too, and float16 becomes float32 with the noise. */
  protected override rule({ k, x, out: v, normal }: StepContext<SCMRow>): StepResult {
    requireChoice('prediction_type', this.config.prediction_type, ['trigflow']);
    const x0 = x.mul(Math.cos(k.s)).sub(v.mul(Math.sin(k.s)));
    const noise = normal().mul(Math.sin(k.t) * this.config.sigma_data);
    return { prev: x0.mul(Math.cos(k.t)).add(noise), prevDtype: 'float32', x0 };
  }
}

/** The n + 1 angles of a run: those given, else from maxTimesteps to 0, by way of intermediateTimesteps or evenly. */
function anglesOf(request: PlanRequest, trainSteps: number, precision: Precision): Table {
  const { numInferenceSteps: steps = 0, timesteps, maxTimesteps: max = 1.5708 } = request;
  const { intermediateTimesteps: middle = 1.3 } = request;
  requireSteps(steps, trainSteps);
  if (timesteps && timesteps.length !== steps + 1)
    throw invalid(
      `timesteps has ${timesteps.length} entries for ${steps} steps. Give one more than steps, the last being where they end.`,
    );
  if (timesteps && max !== null)
    throw invalid('timesteps and maxTimesteps exclude each other. Pass maxTimesteps: null with timesteps.');
  if (!timesteps && max === null) throw invalid('Neither timesteps nor maxTimesteps is given. Give one.');
  if (middle !== null && steps !== 2)
    throw invalid(
      `intermediateTimesteps is ${middle}, but it is for 2 steps, not ${steps}. Pass intermediateTimesteps: null.`,
    );
  if (timesteps) return precision.table(timesteps);
  return middle === null ? torchLinspace(max ?? 0, 0, steps + 1, precision) : precision.table([max ?? 0, middle, 0]);
}

function invalid(message: string): DiffusionError {
  return new DiffusionError('REQUEST_INVALID', `SCMScheduler: ${message}`);
}
