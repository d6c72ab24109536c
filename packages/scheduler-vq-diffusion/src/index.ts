// VQ-Diffusion: discrete diffusion of token ids with a mask class; samples are int32 ids, model outputs log-probabilities.

import type { ConfigSchema, Plan, PlanRequest, StepContext, StepResult, Tensor } from '@unnoise/core';
import {
  DiffusionError,
  SchedulerMixin,
  concat,
  field,
  iota,
  logAddExp,
  logSumExp,
  requireSteps,
  where,
} from '@unnoise/core';
import type { LogTransition, LogTransitions } from './transitions.ts';
import { logTransitions } from './transitions.ts';

export interface VQDiffusionConfig {
  /** Number of token classes, the mask class (the last id) included. */
  readonly num_vec_classes: number;
  /** Number of noise levels the model was trained with. */
  readonly num_train_timesteps: number;
  /** Probability of keeping a token after the first level. */
  readonly alpha_cum_start: number;
  /** Probability of keeping a token after the last level. */
  readonly alpha_cum_end: number;
  /** Probability of being masked after the first level. */
  readonly gamma_cum_start: number;
  /** Probability of being masked after the last level. */
  readonly gamma_cum_end: number;
}

/** One step: the transition of this timestep, those accumulated up to it, and up to the one before; none at timestep 0. */
export interface VQRow {
  readonly now: LogTransition;
  readonly cumulative: LogTransition;
  readonly before: LogTransition | undefined;
}

/** As upstream, the logarithm of a zero probability is that of the float32 1e-30. */
const LOG_ZERO: number = Math.fround(Math.log(Math.fround(1e-30)));

/**
 * VQ-Diffusion: a draw from the posterior of one noising step of token ids, summed over the model's guess of the clean ids.
 *
 *     q(prev | x) = sum over x0 of q(x | prev) q(prev | x0) / q(x | x0) p(x0 | x)        in log space
 *     prev = argmax(log q(prev | x) - log(-log u)),  u uniform: the Gumbel way of drawing from it
 *
 * At timestep 0 the draw is from p(x0 | x) itself. Gu et al. (2022), arXiv 2111.14822, equations 5 to 11.
 */
export class VQDiffusionScheduler extends SchedulerMixin<VQDiffusionConfig, VQRow> {
  static override readonly className = 'VQDiffusionScheduler';
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<VQDiffusionConfig> = {
    num_vec_classes: field.requiredNumber('Number of token classes, the mask class (the last id) included.'),
    num_train_timesteps: field.number(100),
    alpha_cum_start: field.number(0.99999),
    alpha_cum_end: field.number(0.000009),
    gamma_cum_start: field.number(0.000009),
    gamma_cum_end: field.number(0.99999),
  };

  readonly #log: LogTransitions = logTransitions(this.config, this.precision);

  /** Log-probabilities of the impossible are -Infinity. */
  protected override get finite(): boolean {
    return false;
  }

  protected override plan(request?: PlanRequest): Plan<VQRow> {
    const steps = request?.numInferenceSteps;
    if (request) requireSteps(steps ?? 0, this.config.num_train_timesteps);
    const count = steps ?? this.config.num_train_timesteps;
    return {
      timesteps: Array.from({ length: count }, (_, i) => count - 1 - i),
      initNoiseSigma: 1,
      ...(steps && { numInferenceSteps: steps }),
      row: (_, timestep) => ({
        now: this.#log.at(timestep),
        cumulative: this.#log.cumulative(timestep),
        before: timestep === 0 ? undefined : this.#log.cumulative(timestep - 1),
      }),
    };
  }

  protected override rule(context: StepContext<VQRow>): StepResult | Promise<StepResult> {
    const classes = this.config.num_vec_classes;
    checkShapes(context.x, context.out, classes);
    return context.index === 0 ? checkIds(context, classes).then(() => this.#update(context)) : this.#update(context);
  }

  #update({ k, x, out, uniform }: StepContext<VQRow>): StepResult {
    const logP = k.before ? posterior(x, out, k.now, k.cumulative, k.before, this.config.num_vec_classes - 1) : out;
    return { prev: logP.add(gumbel(uniform(logP.shape))).argmax(1) };
  }
}

/** log q(prev | x), shape [batch, classes, length], from log p(x0 | x) of shape [batch, classes - 1, length]. */
function posterior(
  x: Tensor,
  logP0: Tensor,
  now: LogTransition,
  cumulative: LogTransition,
  before: LogTransition,
  maskClass: number,
): Tensor {
  const ids = x.unsqueeze(1);
  const masked = ids.eq(maskClass);
  const oneHot = where(iota(logP0.shape, 1).eq(ids), 0, LOG_ZERO);
  const towards = ({ a, b, c }: LogTransition): Tensor => where(masked, c, logAddExp(oneHot.add(a), b));
  const q = logP0.sub(towards(cumulative));
  const total = logSumExp(q, 1).unsqueeze(1);
  const unmasked = logAddExp(q.sub(total).add(before.a), before.b).add(towards(now));
  const toMask = where(masked, before.c, before.c + LOG_ZERO);
  return concat([unmasked, toMask], 1).add(total);
}

/** Gumbel noise of uniform u, with upstream's guards against the logarithm of 0. */
function gumbel(u: Tensor): Tensor {
  return u.add(1e-30).log().neg().add(1e-30).log().neg();
}

function checkShapes(x: Tensor, out: Tensor, classes: number): void {
  const [batch, length] = x.shape;
  if (x.dtype === 'int32' && x.shape.length === 2 && out.shape.join() === [batch, classes - 1, length].join()) return;
  throw new DiffusionError(
    'SHAPE_MISMATCH',
    `VQDiffusionScheduler needs an int32 sample [batch, length] and a model output [batch, ${classes - 1}, length]; ` +
      `got ${x.dtype} [${x.shape}] and [${out.shape}].`,
    { sample: x.shape, modelOutput: out.shape, classes },
  );
}

/** The ids that a run starts from; later ones are our own. Reads them back once. */
async function checkIds({ x, host }: StepContext<VQRow>, classes: number): Promise<void> {
  const foreign = (await host(x)).find((id) => id < 0 || id >= classes);
  if (foreign === undefined) return;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `The sample holds token id ${foreign}; ids run from 0 to ${classes - 1}, the mask.`,
    { id: foreign },
  );
}
