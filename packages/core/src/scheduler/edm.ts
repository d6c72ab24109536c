// What the EDM schedulers share: noise levels, preconditioning, and all of a plan but its rows. Karras et al. (2022), arXiv 2206.00364.

import type { EDMConfig } from '../config/edm-fields.ts';
import { requireChoice } from '../config/schema.ts';
import { DiffusionError } from '../errors.ts';
import type { Precision, Table } from '../schedule/index.ts';
import { karrasCurve, mapTable, torchLinspace, withFinalSigma } from '../schedule/index.ts';
import type { Tensor } from '../tensor/index.ts';
import { realizeStep } from '../tensor/index.ts';
import { SchedulerMixin } from './scheduler.ts';
import type { Plan } from './types.ts';

/**
 * The noise levels at positions on the curve from sigma_max (0) to sigma_min (1), in the precision of the ramp. As upstream,
 * the exponential schedule looks at the number of positions only, and a single one is then sigma_min.
 * Throws CONFIG_INVALID for an unknown schedule and a rho of 0, NUMERIC for limits that give no levels, and REQUEST_INVALID
 * for positions past the curve.
 */
export function edmSigmas(config: EDMConfig, ramp: Table, precision: Precision): Table {
  const { sigma_schedule: schedule, sigma_min: min, sigma_max: max, rho } = config;
  requireChoice('sigma_schedule', schedule, ['karras', 'exponential']);
  if (schedule === 'exponential') return exponentialLevels(min, max, ramp.length, precision);
  if (rho === 0) throw new DiffusionError('CONFIG_INVALID', 'rho is 0; the levels are evenly spaced in sigma^(1/rho).');
  return precision.table(checkedLevels(karrasCurve({ max, min }, ramp, rho)));
}

/** In float32, as upstream: evenly spaced logarithms. */
function exponentialLevels(min: number, max: number, count: number, precision: Precision): Table {
  if (!(min > 0 && max > 0 && max < Infinity)) {
    const message = `exponential sigmas cannot run from ${max} to ${min}; give finite positive sigmas.`;
    throw new DiffusionError('NUMERIC', message, { min, max });
  }
  return mapTable(torchLinspace(Math.log(min), Math.log(max), count, precision), Math.exp).reverse();
}

function checkedLevels(sigmas: Table): Table {
  const bad = sigmas.findIndex((sigma) => !(sigma >= 0));
  if (bad < 0) return sigmas;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `Entry ${bad} of sigmas lies past the curve (its level would be ${sigmas[bad]}). They are positions from 0 (sigma_max) to 1 (sigma_min).`,
    { index: bad },
  );
}

/** c_noise = ln(sigma) / 4: what an EDM model is given for the timestep. */
export function edmNoise(sigma: number): number {
  return Math.log(sigma) / 4;
}

/** c_in: brings data of deviation sigmaData with noise of deviation sigma to unit size. */
export function edmInputScale(sigma: number, sigmaData: number): number {
  return 1 / Math.hypot(sigma, sigmaData);
}

/**
 * x0 = c_skip x + c_out F, with c_skip = sigmaData^2 / (sigma^2 + sigmaData^2) and c_out = sigma sigmaData c_in, negative for
 * v_prediction. Throws CONFIG_INVALID for another prediction_type.
 */
export function edmDenoised(
  { sigma_data: data, prediction_type: type }: Pick<EDMConfig, 'sigma_data' | 'prediction_type'>,
  sigma: number,
  x: Tensor,
  out: Tensor,
): Tensor {
  requireChoice('prediction_type', type, ['epsilon', 'v_prediction']);
  const scale = edmInputScale(sigma, data);
  const sign = type === 'epsilon' ? 1 : -1;
  return x.mul((data * scale) ** 2).add(out.mul(sign * sigma * data * scale));
}

/** Base of the schedulers of EDM models. */
export abstract class EDMMixin<C extends EDMConfig, K> extends SchedulerMixin<C, K> {
  /** What the model is given for a sample at this noise level: c_in x. */
  preconditionInputs(sample: Tensor, sigma: number): Promise<Tensor> {
    return realized(sample.mul(edmInputScale(sigma, this.config.sigma_data)));
  }

  /** What the model is given for the timestep: ln(sigma) / 4. */
  preconditionNoise(sigma: number): number {
    return edmNoise(sigma);
  }

  /** The clean sample that the model's output means at this noise level. */
  preconditionOutputs(sample: Tensor, out: Tensor, sigma: number): Promise<Tensor> {
    return realized(edmDenoised(this.config, sigma, sample, out));
  }

  /** A plan on these levels, `last` being the one after the last step; without rows. */
  protected planAt(levels: Table, last: number): Omit<Plan<K>, 'row' | 'indexOf'> & { readonly sigmas: Table } {
    const { sigma_max: max, sigma_data: data } = this.config;
    const { round } = this.precision;
    const sigmas = withFinalSigma(levels, last, this.precision);
    const at = (index: number): number => sigmas[index] ?? Number.NaN;
    return {
      timesteps: Array.from(mapTable(levels, (sigma) => 0.25 * round(Math.log(sigma)))),
      sigmas,
      initNoiseSigma: Math.sqrt(max ** 2 + 1),
      inputScale: (index) => edmInputScale(at(index), data),
      noiseLevel: (index) => ({ signal: 1, noise: at(index) }),
    };
  }

  /** `count` positions evenly from 0 to 1, as torch's linspace has them. */
  protected rampOf(count: number, precision: Precision = this.precision): Table {
    return torchLinspace(0, 1, count, precision);
  }
}

async function realized(tensor: Tensor): Promise<Tensor> {
  await realizeStep([tensor]);
  return tensor;
}
