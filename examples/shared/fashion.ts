// The trained model of this repository as functions of a noise level: it was trained on x = alpha x0 + sigma eps to predict the velocity.
import type { Tensor } from '@unnoise/core';
import { logSigmas, timestepsOfSigmas, trainingSigmas, trainingTables, upstream32 } from '@unnoise/core';
import { folder } from '@unnoise/model-fashion-28';
import { openModel } from '@unnoise/pipelines/node';

export const KINDS = ['t-shirt', 'trousers', 'pullover', 'dress', 'coat', 'sandal', 'shirt', 'sneaker', 'bag', 'boot'];

const betas = { num_train_timesteps: 1000, beta_start: 0.0001, beta_end: 0.02, beta_schedule: 'linear' };
/** For the scheduler_config.json of this model. */
export const trained = {
  ...betas,
  beta_schedule: 'linear',
  prediction_type: 'v_prediction',
  clip_sample: false,
} as const;

const { alphasCumprod } = trainingTables(betas, upstream32);
const logs = logSigmas(trainingSigmas(alphasCumprod));

export interface FashionModel {
  /** The predicted velocity at a timestep, 0 to 999. */
  velocity(x: Tensor, timestep: number): Promise<Tensor>;
  /** The predicted noise of x = alpha x0 + sigma eps. */
  noise(x: Tensor, timestep: number): Promise<Tensor>;
  /** The predicted noise of x = x0 + sigma eps, as variance-exploding samplers hold it. */
  noiseAtSigma(x: Tensor, sigma: number): Promise<Tensor>;
}

/** The model for one label per picture of a batch. */
export async function openFashion(labels: readonly number[]): Promise<FashionModel> {
  const { denoiser } = await openModel(folder, { session: { intraOpNumThreads: 1 } });
  const conditioning = { class_labels: { data: labels, shape: [labels.length] } };
  const velocity = denoiser.bind({ batch: labels.length, conditioning });
  const noise: FashionModel['noise'] = async (x, timestep) => {
    const product = at(timestep);
    const v = await velocity(x, timestep, undefined);
    return v
      .mul(Math.sqrt(product))
      .add(x.mul(Math.sqrt(1 - product)))
      .realize();
  };
  return {
    velocity: async (x, timestep) => velocity(x, timestep, undefined),
    noise,
    noiseAtSigma: async (x, sigma) => {
      const scaled = await x.div(Math.sqrt(sigma ** 2 + 1)).realize();
      return noise(scaled, timestepsOfSigmas(Float32Array.of(sigma), logs)[0]!);
    },
  };
}

/** alpha^2 between trained timesteps too. */
function at(timestep: number): number {
  const low = Math.floor(timestep);
  const [a, b] = [alphasCumprod[low]!, alphasCumprod[low + 1] ?? alphasCumprod[low]!];
  return a + (timestep - low) * (b - a);
}
