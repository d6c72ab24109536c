// A scheduler for unnoise that is not part of it: gradient estimation, which steers by the last two noise predictions. The schedule is that
// of the authors' own package, whose recorded runs lie in ./golden.

import {
  SchedulerMixin,
  betaFields,
  field,
  indexForTimestep,
  mapTable,
  predictAtSigma,
  requireSteps,
  roundHalfEven,
  scaleAtSigma,
  trainingTables,
} from '@unnoise/core';

/** @import { Plan, PlanRequest, StepContext, StepResult, Table } from '@unnoise/core' */

const PREDICTION_TYPES = ['epsilon', 'sample'];

/**
 * DDIM's step along the noise that is nearer to the gradient of the distance to the data than the one just predicted:
 *
 *     eps   = (x - x0) / sigma
 *     eps'  = gamma eps + (1 - gamma) epsBefore;  at the first step eps
 *     prev  = x + (sigmaNext - sigma) eps'
 *
 * With gamma 1 it is DDIM with eta 0. Permenter and Yuan (2024), Interpreting and Improving Diffusion Models from an Optimization
 * Perspective, arXiv 2306.04848, algorithm 2.
 */
export class GradientEstimationScheduler extends SchedulerMixin {
  static className = 'GradientEstimationScheduler';
  static requestKeys = ['numInferenceSteps'];
  static schema = {
    ...betaFields,
    prediction_type: field.choice('epsilon', PREDICTION_TYPES),
    gamma: field.number(2),
  };

  /** @type {Table} */
  #trained = trainedSigmas(trainingTables(this.config, this.precision).alphasCumprod);

  /** @param {PlanRequest} [request] @returns {Plan<{ sigma: number, sigmaNext: number }>} */
  plan(request) {
    const { num_train_timesteps: trained } = this.config;
    const steps = request?.numInferenceSteps ?? trained;
    requireSteps(steps, trained);
    const timesteps = Array.from({ length: steps }, (_, i) => roundHalfEven(trained * (1 - i / steps)) - 1);
    const sigmas = [...timesteps, 0].map((t) => this.#trained[t]); // as upstream: the smallest level is the end, not 0
    return {
      timesteps,
      sigmas,
      numInferenceSteps: steps,
      initNoiseSigma: sigmas[0],
      indexOf: (timestep) => indexForTimestep(timesteps, timestep),
      inputScale: (index) => scaleAtSigma(sigmas[index]),
      noiseLevel: (index) => ({ signal: 1, noise: sigmas[index] }),
      row: (index) => ({ sigma: sigmas[index], sigmaNext: sigmas[index + 1] }),
    };
  }

  /** @param {StepContext<{ sigma: number, sigmaNext: number }>} context @returns {StepResult} */
  rule({ k: { sigma, sigmaNext }, x, out, carry: [before] }) {
    const { gamma, prediction_type: type } = this.config;
    const x0 = predictAtSigma(type, sigma, x, out, PREDICTION_TYPES);
    const eps = x.sub(x0).div(sigma);
    const direction = before ? eps.mul(gamma).add(before.mul(1 - gamma)) : eps;
    return { prev: x.add(direction.mul(sigmaNext - sigma)), x0, carry: [eps] };
  }
}

/** sqrt(1 / alphasCumprod - 1) of every trained timestep, rounded where upstream rounds. @param {Table} alphasCumprod */
function trainedSigmas(alphasCumprod) {
  const inverse = mapTable(alphasCumprod, (alpha) => 1 / alpha);
  return mapTable(
    mapTable(inverse, (x) => x - 1),
    Math.sqrt,
  );
}
