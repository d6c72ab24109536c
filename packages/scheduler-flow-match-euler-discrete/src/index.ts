// Euler's method for flow matching models (Stable Diffusion 3, FLUX and most models since).

import type {
  ConfigSchema,
  FlowMatchConfig,
  FlowRow,
  Plan,
  PlanRequest,
  StepContext,
  StepResult,
  Table,
  Tensor,
} from '@unnoise/core';
import { CHURN_OPTIONS, FlowMatchMixin, field, flowMatchFields, mapTable, tensor, warn } from '@unnoise/core';
import { tokenLevels } from './tokens.ts';

export interface FlowMatchEulerDiscreteConfig extends FlowMatchConfig {
  /** Noise the predicted x0 anew at every step. */
  readonly stochastic_sampling: boolean;
}

/**
 * Euler's method on the straight flow x = (1 - sigma) x0 + sigma noise, whose velocity v = noise - x0 the model predicts.
 *
 *     prev = x + (sigmaNext - sigma) v
 *     prev = (1 - sigmaNext) (x - sigma v) + sigmaNext z     with stochastic_sampling
 *
 * Equals EulerDiscrete on y = x / (1 - sigma) at the noise level sigma / (1 - sigma).
 * Lipman et al. (2023), arXiv 2210.02747; Esser et al. (2024), arXiv 2403.03206, for the shifts.
 */
export class FlowMatchEulerDiscreteScheduler extends FlowMatchMixin<FlowMatchEulerDiscreteConfig> {
  static override readonly className = 'FlowMatchEulerDiscreteScheduler';
  // as upstream: churn options are taken, so that samplers can be swapped, and have no effect
  static override readonly stepOptions: readonly string[] = [...CHURN_OPTIONS, 'perTokenTimesteps'];
  static override readonly schema: ConfigSchema<FlowMatchEulerDiscreteConfig> = {
    ...flowMatchFields,
    stochastic_sampling: field.boolean(false),
  };

  protected override plan(request?: PlanRequest): Plan<FlowRow> {
    if (request?.timesteps && !request.sigmas) {
      warn(
        'FlowMatchEulerDiscreteScheduler: timesteps are used as given, but the sigmas made from them are shifted; pass sigmas too.',
      );
    }
    return super.plan(request);
  }

  protected override rule(context: StepContext<FlowRow>): StepResult | Promise<StepResult> {
    if (context.options.perTokenTimesteps) return this.#perToken(context, context.options.perTokenTimesteps);
    const { k, x, out, normal } = context;
    const { round } = this.precision;
    const x0 = x.add(out.mul(k.end - k.sigma));
    if (!this.config.stochastic_sampling) return { prev: x.add(out.mul(round(k.sigmaNext - k.sigma))), x0 };
    const clean = x.sub(out.mul(k.sigma));
    return { prev: clean.mul(1 - k.sigmaNext).add(normal(x.shape).mul(k.sigmaNext)), x0 };
  }

  /** Every token at a noise level of its own. As upstream, the step is x + (sigma - sigmaNext) v, with the other sign, in float32. */
  async #perToken({ k, x, out, host, normal }: StepContext<FlowRow>, timesteps: Tensor): Promise<StepResult> {
    const { sigma, sigmaNext } = tokenLevels(
      await host(timesteps),
      k.schedule,
      this.config.num_train_timesteps,
      this.precision,
    );
    const column = (values: Table): Tensor => tensor(values, [...timesteps.shape, 1]);
    if (!this.config.stochastic_sampling) {
      const dt = mapTable(sigma, (level, i) => level - (sigmaNext[i] ?? 0));
      return { prev: x.add(out.mul(column(dt))), prevDtype: 'float32' };
    }
    const clean = x.sub(out.mul(column(sigma)));
    const [next, rest] = [column(sigmaNext), column(mapTable(sigmaNext, (level) => 1 - level))];
    return { prev: clean.mul(rest).add(normal(x.shape).mul(next)), prevDtype: 'float32' };
  }
}
