"""The configs that swap.py loads from class to class."""

SD = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
SPECIAL = {
    "DDIMScheduler": dict(
        SD,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
        timestep_spacing="trailing",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
    ),
    "DDPMScheduler": dict(
        SD,
        variance_type="learned_range",
        clip_sample_range=2.0,
        thresholding=True,
        dynamic_thresholding_ratio=0.9,
        sample_max_value=3.0,
    ),
    "EulerDiscreteScheduler": dict(
        SD,
        use_karras_sigmas=True,
        sigma_min=0.1,
        sigma_max=10.0,
        timestep_type="continuous",
        interpolation_type="log_linear",
        final_sigmas_type="sigma_min",
    ),
    "DPMSolverMultistepScheduler": dict(
        SD,
        algorithm_type="sde-dpmsolver++",
        solver_order=3,
        use_lu_lambdas=True,
        variance_type="learned",
        lambda_min_clipped=-5.1,
        final_sigmas_type="sigma_min",
        euler_at_final=True,
    ),
    "FlowMatchEulerDiscreteScheduler": dict(
        shift=3.0, use_dynamic_shifting=True, base_shift=0.7, use_karras_sigmas=True
    ),
    "VQDiffusionScheduler": dict(num_vec_classes=5, num_train_timesteps=20, alpha_cum_start=0.9),
}
NEEDED = {"VQDiffusionScheduler": dict(num_vec_classes=5)}
# Files as they lie on the Hub.
HUB_PNDM = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    **SD,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
HUB_EULER = {
    "_class_name": "EulerDiscreteScheduler",
    "_diffusers_version": "0.19.0.dev0",
    **SD,
    "clip_sample": False,
    "interpolation_type": "linear",
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "sample_max_value": 1.0,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "timestep_spacing": "leading",
    "trained_betas": None,
    "use_karras_sigmas": False,
}
HUB_DEIS = {
    "_class_name": "DEISMultistepScheduler",
    **SD,
    "algorithm_type": "deis",
    "solver_type": "logrho",
    "solver_order": 2,
}
HUB_UNIPC = {
    "_class_name": "UniPCMultistepScheduler",
    **SD,
    "solver_type": "bh2",
    "predict_x0": True,
    "disable_corrector": [],
    "solver_p": None,
    "final_sigmas_type": "zero",
}
HUB_FLUX = {
    "_class_name": "FlowMatchEulerDiscreteScheduler",
    "_diffusers_version": "0.30.0.dev0",
    "base_image_seq_len": 256,
    "base_shift": 0.5,
    "max_image_seq_len": 4096,
    "max_shift": 1.15,
    "num_train_timesteps": 1000,
    "shift": 3.0,
    "use_dynamic_shifting": True,
}
