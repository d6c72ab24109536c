// The 15 schedulers of upstream that share a config format, and the config keys that any of them has.

const NAMES = [
  'DDIMScheduler',
  'DDPMScheduler',
  'PNDMScheduler',
  'LMSDiscreteScheduler',
  'EulerDiscreteScheduler',
  'HeunDiscreteScheduler',
  'EulerAncestralDiscreteScheduler',
  'DPMSolverMultistepScheduler',
  'DPMSolverSinglestepScheduler',
  'KDPM2DiscreteScheduler',
  'KDPM2AncestralDiscreteScheduler',
  'DEISMultistepScheduler',
  'UniPCMultistepScheduler',
  'DPMSolverSDEScheduler',
  'EDMEulerScheduler',
] as const;

export type KarrasDiffusionSchedulerName = (typeof NAMES)[number];

/** The 15 names, in upstream's order: the `compatibles` of most schedulers. */
export const KARRAS_COMPATIBLES: readonly KarrasDiffusionSchedulerName[] = /* @__PURE__ */ Object.freeze(NAMES);

/** Every constructor key of the 15 classes of KarrasDiffusionSchedulers (diffusers 0.42). */
export const KARRAS_KEYS: readonly string[] =
  `algorithm_type beta_end beta_schedule beta_start clip_sample clip_sample_range disable_corrector
dynamic_thresholding_ratio euler_at_final final_sigmas_type flow_shift interpolation_type lambda_min_clipped
lower_order_final noise_sampler_seed num_train_timesteps predict_x0 prediction_type rescale_betas_zero_snr rho
sample_max_value set_alpha_to_one shift_terminal sigma_data sigma_max sigma_min sigma_schedule skip_prk_steps
solver_order solver_p solver_type steps_offset thresholding time_shift_type timestep_spacing timestep_type
trained_betas use_beta_sigmas use_dynamic_shifting use_exponential_sigmas use_flow_sigmas use_karras_sigmas
use_lu_lambdas variance_type`.split(/\s+/);
