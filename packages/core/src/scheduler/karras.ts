// The 15 schedulers of upstream that share a config format: their enum, and the config keys that any of them has.

/** Upstream's enum of the schedulers that share a config format, with its numbers. */
export const KarrasDiffusionSchedulers: {
  readonly DDIMScheduler: 1;
  readonly DDPMScheduler: 2;
  readonly PNDMScheduler: 3;
  readonly LMSDiscreteScheduler: 4;
  readonly EulerDiscreteScheduler: 5;
  readonly HeunDiscreteScheduler: 6;
  readonly EulerAncestralDiscreteScheduler: 7;
  readonly DPMSolverMultistepScheduler: 8;
  readonly DPMSolverSinglestepScheduler: 9;
  readonly KDPM2DiscreteScheduler: 10;
  readonly KDPM2AncestralDiscreteScheduler: 11;
  readonly DEISMultistepScheduler: 12;
  readonly UniPCMultistepScheduler: 13;
  readonly DPMSolverSDEScheduler: 14;
  readonly EDMEulerScheduler: 15;
} = Object.freeze({
  DDIMScheduler: 1,
  DDPMScheduler: 2,
  PNDMScheduler: 3,
  LMSDiscreteScheduler: 4,
  EulerDiscreteScheduler: 5,
  HeunDiscreteScheduler: 6,
  EulerAncestralDiscreteScheduler: 7,
  DPMSolverMultistepScheduler: 8,
  DPMSolverSinglestepScheduler: 9,
  KDPM2DiscreteScheduler: 10,
  KDPM2AncestralDiscreteScheduler: 11,
  DEISMultistepScheduler: 12,
  UniPCMultistepScheduler: 13,
  DPMSolverSDEScheduler: 14,
  EDMEulerScheduler: 15,
});

export type KarrasDiffusionSchedulerName = keyof typeof KarrasDiffusionSchedulers;

/** The 15 names, in upstream's order: the `compatibles` of most schedulers. */
export const KARRAS_COMPATIBLES: readonly KarrasDiffusionSchedulerName[] = Object.freeze(
  Object.keys(KarrasDiffusionSchedulers) as KarrasDiffusionSchedulerName[],
);

/** Every constructor key of the 15 classes of KarrasDiffusionSchedulers (diffusers 0.42). */
export const KARRAS_KEYS: readonly string[] =
  `algorithm_type beta_end beta_schedule beta_start clip_sample clip_sample_range disable_corrector
dynamic_thresholding_ratio euler_at_final final_sigmas_type flow_shift interpolation_type lambda_min_clipped
lower_order_final noise_sampler_seed num_train_timesteps predict_x0 prediction_type rescale_betas_zero_snr rho
sample_max_value set_alpha_to_one shift_terminal sigma_data sigma_max sigma_min sigma_schedule skip_prk_steps
solver_order solver_p solver_type steps_offset thresholding time_shift_type timestep_spacing timestep_type
trained_betas use_beta_sigmas use_dynamic_shifting use_exponential_sigmas use_flow_sigmas use_karras_sigmas
use_lu_lambdas variance_type`.split(/\s+/);
