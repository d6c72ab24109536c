// The schedules of the inverse solver, from little noise to much: rising timesteps or re-spaced sigmas. Numbers only.

import type { SolverSchedule, SolverSteps } from '@unnoise/core';
import {
  DiffusionError,
  clippedTimesteps,
  endedBy,
  rangeOf,
  requireSteps,
  respacedSigmas,
  respacingOf,
  risingTimesteps,
  roundTimesteps,
  solverFlowSigmas,
  stepsAtFlowSigmas,
  stepsAtSigmas,
  stepsAtTimesteps,
  trainingLambdas,
  truncateTimesteps,
  SolverSchedules,
} from '@unnoise/core';
import type { DPMSolverMultistepInverseConfig } from './index.ts';

export class InverseSchedules extends SolverSchedules<DPMSolverMultistepInverseConfig> {
  /** Before setTimesteps: every trained timestep. */
  override training(): SolverSchedule {
    const timesteps = Array.from({ length: this.config.num_train_timesteps }, (_, i) => i);
    return { timesteps, sigmas: this.tables.sigmas };
  }

  /** As upstream, repeated timesteps are left out, but not their sigmas. */
  of(count: number): SolverSchedule {
    requireSteps(count);
    const { num_train_timesteps: trainSteps, lambda_min_clipped: lambdaMin } = this.config;
    const top = trainSteps - clippedTimesteps(trainingLambdas(this.tables.alphasCumprod), lambdaMin);
    const steps = this.#steps(count, top);
    // as upstream: spaced timesteps end at the noisiest trained level, re-spaced and flow sigmas repeat their last
    const spaced = !respacingOf(this.config) && !this.config.use_flow_sigmas;
    const last = spaced ? this.#noisiest(top) : steps.sigmas.at(-1);
    return endedBy(last ?? Number.NaN, steps, this.precision);
  }

  #noisiest(top: number): number {
    const { sigmas } = this.tables;
    const sigma = sigmas.at(top - 1);
    if (sigma !== undefined) return sigma;
    const message = `The schedule ends at timestep ${top - 1}, but trained_betas has ${sigmas.length} levels. Set num_train_timesteps to that.`;
    throw new DiffusionError('CONFIG_CONFLICT', message, { timestep: top - 1, levels: sigmas.length });
  }

  /** Re-spaced over the table in its own order, sigmas rise too; flow sigmas fall, as upstream. */
  #steps(count: number, top: number): SolverSteps {
    const { num_train_timesteps: trainSteps, timestep_spacing: spacing, steps_offset: offset } = this.config;
    const timesteps = risingTimesteps({ spacing, steps: count, trainSteps, offset, top });
    const respacing = respacingOf(this.config);
    if (respacing) {
      const sigmas = respacedSigmas(respacing, rangeOf(this.tables.sigmas, this.config), count);
      return stepsAtSigmas(sigmas, this.tables, respacing === 'karras' ? roundedDistinct : cutDistinct);
    }
    if (this.config.use_flow_sigmas) {
      return stepsAtFlowSigmas(solverFlowSigmas(trainSteps, count, this.config.flow_shift), trainSteps);
    }
    return { ...stepsAtTimesteps(timesteps, this.tables), timesteps: distinct(timesteps) };
  }
}

/** Each value once, where it is first. */
function distinct(timesteps: ArrayLike<number>): readonly number[] {
  return [...new Set(Array.from(timesteps))];
}

const roundedDistinct = (timesteps: ArrayLike<number>): Int32Array =>
  Int32Array.from(distinct(roundTimesteps(timesteps)));

/** As upstream, fractions are compared before they are cut. */
const cutDistinct = (timesteps: ArrayLike<number>): Int32Array => truncateTimesteps(distinct(timesteps));
