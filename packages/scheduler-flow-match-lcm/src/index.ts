// Few-step sampling for flow matching models distilled for it, at one scale or from a small picture to a large one (SwD).

import type {
  ConfigSchema,
  FlowMatchConfig,
  FlowRow,
  SchedulerOptions,
  StepContext,
  StepResult,
  Tensor,
} from '@unnoise/core';
import {
  DiffusionError,
  FlowMatchMixin,
  field,
  flowMatchFields,
  inFloat32,
  roundHalfEven,
  tensor,
} from '@unnoise/core';

export type UpscaleMode = 'nearest' | 'linear' | 'bilinear' | 'bicubic' | 'trilinear' | 'area' | 'nearest-exact';

const MODES: readonly UpscaleMode[] = [
  'nearest',
  'linear',
  'bilinear',
  'bicubic',
  'trilinear',
  'area',
  'nearest-exact',
];

export interface FlowMatchLCMConfig extends FlowMatchConfig {
  /** Sizes of the predicted x0 of every step but the last, relative to the first sample; null keeps the size. */
  readonly scale_factors: readonly number[] | null;
  /** How x0 is resized; as in torch. linear is for one spatial axis, bilinear and bicubic for two, trilinear for three. */
  readonly upscale_mode: UpscaleMode | null;
}

/**
 * A jump to x0 and noise back to the next level, of x = (1 - sigma) x0 + sigma noise whose velocity v = noise - x0 a distilled
 * model predicts. Between the two, x0 may be resized.
 *
 *     x0   = x - sigma v
 *     prev = (1 - sigmaNext) x0 + sigmaNext z
 *
 * Without resizing it is FlowMatchEulerDiscrete with stochastic_sampling, draw for draw.
 * Luo et al. (2023), arXiv 2310.04378; Starodubcev et al. (2025), arXiv 2503.16397, for the scales.
 */
export class FlowMatchLCMScheduler extends FlowMatchMixin<FlowMatchLCMConfig> {
  static override readonly className = 'FlowMatchLCMScheduler';
  static override readonly stepOptions: readonly string[] = ['generator'];
  static override readonly schema: ConfigSchema<FlowMatchLCMConfig> = {
    ...flowMatchFields,
    scale_factors: field.optionalNumbers(),
    upscale_mode: { default: 'bicubic', kind: 'string', choices: MODES, nullable: true },
  };

  #scales: Pick<FlowMatchLCMConfig, 'scale_factors' | 'upscale_mode'>;

  constructor(config: Partial<FlowMatchLCMConfig> = {}, options: SchedulerOptions = {}) {
    super(config, options);
    this.#scales = this.config;
  }

  /** Replaces the scale factors and the mode of the config, from the next step on. */
  setScaleFactors(scaleFactors: readonly number[] | null, upscaleMode: UpscaleMode | null): void {
    this.#scales = { scale_factors: scaleFactors, upscale_mode: upscaleMode };
  }

  protected override rule(context: StepContext<FlowRow>): StepResult | Promise<StepResult> {
    const { k, x, out } = context;
    const x0 = inFloat32(x).sub(out.mul(k.sigma));
    const { scale_factors: factors, upscale_mode: mode } = this.#scales;
    return factors?.length && mode ? scaled(context, x0, factors, mode) : noised(context, x0);
  }
}

function noised({ k, normal }: StepContext<FlowRow>, x0: Tensor): StepResult {
  return { prev: x0.mul(1 - k.sigmaNext).add(normal(x0.shape).mul(k.sigmaNext)), x0 };
}

/** As upstream, factors refer to the first model output of the run, of which a corner is carried along for its size. */
async function scaled(
  context: StepContext<FlowRow>,
  x0: Tensor,
  factors: readonly number[],
  mode: UpscaleMode,
): Promise<StepResult> {
  const { k, index, out, carry, host } = context;
  requireOnePerScale(factors, k.schedule.length - 1);
  const first = carry[0] ?? (out.shape.length > 2 ? out.slice(0, 0, 1).slice(1, 0, 1) : out);
  const size = first.shape.slice(2).map((length) => roundHalfEven((factors[index] ?? 1) * length));
  if (index >= factors.length) return { ...noised(context, x0), carry: [first] };
  const { resize } = await import('./resize.ts');
  const { values, shape } = resize(await host(x0), x0.shape, size, mode);
  return { ...noised(context, tensor(values, shape)), carry: [first] };
}

function requireOnePerScale({ length }: readonly number[], steps: number): void {
  if (length === steps - 1) return;
  throw new DiffusionError(
    'REQUEST_INVALID',
    `scale_factors has ${length} entries for ${steps} steps. Give one for every step but the last, or ask for ${length + 1} steps.`,
    { length, steps },
  );
}
