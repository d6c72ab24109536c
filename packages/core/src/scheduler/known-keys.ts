// Config keys of upstream's schedulers, so that a config loads in silence when the class that wrote it is not installed.

import { KARRAS_KEYS } from './karras.ts';

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
