// Config keys of upstream's schedulers, so that a config loads in silence when the class that wrote it is not installed. Without a
// registry this file is loaded for the first config that has keys of another class.

import { KARRAS_COMPATIBLES } from './karras.ts';
import { knownSchedulers } from './names.ts';

/** Every constructor key of the 15 classes of KarrasDiffusionSchedulers (diffusers 0.42). */
export const KARRAS_KEYS: readonly string[] =
  `algorithm_type beta_end beta_schedule beta_start clip_sample clip_sample_range disable_corrector
dynamic_thresholding_ratio euler_at_final final_sigmas_type flow_shift interpolation_type lambda_min_clipped
lower_order_final noise_sampler_seed num_train_timesteps predict_x0 prediction_type rescale_betas_zero_snr rho
sample_max_value set_alpha_to_one shift_terminal sigma_data sigma_max sigma_min sigma_schedule skip_prk_steps
solver_order solver_p solver_type steps_offset thresholding time_shift_type timestep_spacing timestep_type
trained_betas use_beta_sigmas use_dynamic_shifting use_exponential_sigmas use_flow_sigmas use_karras_sigmas
use_lu_lambdas variance_type`.split(/\s+/);

/** Those of KARRAS_KEYS and the keys of upstream's other schedulers. */
export const UPSTREAM_KEYS: readonly string[] = [
  ...KARRAS_KEYS,
  ...`alpha_cum_end alpha_cum_start base_image_seq_len base_shift beta_max beta_min block_length clip_denoised
correct_steps corrector_k corrector_order corrector_selection corrector_selection_tau corrector_steps editing_threshold
entropy_bound eps eta final_step_size_scale gamma gamma_cum_end gamma_cum_start invert_sigmas mask_token_id
masking_schedule max_image_seq_len max_shift minimal_topk n_grid noise_mode num_inference_steps num_policy_substeps
num_vec_classes original_inference_steps predictor_order s s_churn s_max s_min s_noise sampling_eps scale_factors scaler
schedule_mode scheduler_type shift snr snr_shift_scale stage_range stages stochastic_sampling t_lim_ode t_lim_ode_below
t_max t_min tail_step_multiplier tail_steps tau_func threshold timestep_scaling tsr_k tsr_sigma upscale_mode`.split(
    /\s+/,
  ),
];

/** The keys that a class of upstream may have; none for a name that upstream does not have. */
export function upstreamKeys(className: string): readonly string[] {
  if (KARRAS_COMPATIBLES.some((name) => name === className)) return KARRAS_KEYS;
  return knownSchedulers().includes(className) ? UPSTREAM_KEYS : [];
}
