"""Golden cases that LCM and TCD share: the grid of the distillation, strength, custom timesteps, and what fails there."""

from common import dashed

FULL = dict(original_inference_steps=1000)
SHORT = [0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4]
ZERO_SNR_V = dict(rescale_betas_zero_snr=True, prediction_type="v_prediction")


def level(scheduler, t):
    alpha2 = scheduler.alphas_cumprod[int(t)]
    return alpha2**0.5, (1 - alpha2) ** 0.5


def schedule_cases(recipe):
    steps, error = recipe.steps, recipe.error

    # ---- step counts, the grid, strength ----
    for n in (1, 2, 3, 5, 7, 8, 10, 20):
        steps(f"n-{n}", n=n)
    steps("n-50-head", n=50, count=4)
    steps("n-50-tail", n=50, first=46)
    for n in (999, 1000):
        steps(f"n-{n}-head", FULL, n=n, count=4)
        steps(f"n-{n}-tail", FULL, n=n, first=n - 4)
    for original in (5, 33, 64, 200):
        steps(f"request-original-{original}", n=5, request=dict(original_inference_steps=original))
    config = dict(original_inference_steps=10)
    steps("request-original-wins", config, n=12, request=dict(original_inference_steps=60), count=4)
    for strength in (0.1, 0.3, 0.5, 0.75, 0.99):
        steps(dashed("strength", strength), n=4, request=dict(strength=strength))
    steps("strength-one", n=4, request=dict(strength=1.0))
    steps("strength-truncates", n=1, request=dict(strength=0.0399))
    steps("strength-and-original", n=3, request=dict(strength=0.6, original_inference_steps=25))

    # ---- custom timesteps ----
    steps("timesteps", request=dict(timesteps=[999, 759, 499, 259]))
    steps("timesteps-off-grid", request=dict(timesteps=[900, 700, 333, 20]))
    steps("timesteps-one", request=dict(timesteps=[500]))
    steps("timesteps-ending-in-zero", request=dict(timesteps=[999, 1, 0]))
    steps("timesteps-longer-than-grid", dict(original_inference_steps=2), request=dict(timesteps=[999, 499, 100, 50]))
    # The count stays that of the whole list, so that even the last step draws.
    for strength in (0.3, 0.5, 0.75):
        steps(dashed("timesteps-strength", strength), request=dict(timesteps=[999, 759, 499, 259], strength=strength))

    # ---- where a run starts, and what is called twice ----
    steps("begin-index-2", n=4, begin_index=2)
    steps("begin-index-last", n=4, begin_index=3)
    steps("img2img-without-begin-index", n=8, first=5)
    steps("begin-index-wins-over-timestep", n=4, begin_index=1, times=[999, 500])
    steps("timestep-argument-counts", n=4, times=[999, 500, 333])
    steps("set-timesteps-twice", n=3, earlier=[dict(request=dict(num_inference_steps=5), stepped=2)])
    steps("set-timesteps-after-custom", n=3, earlier=[dict(request=dict(timesteps=[900, 20]), stepped=1)])
    steps("begin-index-forgotten", n=3, earlier=[dict(request=dict(num_inference_steps=5), begin_index=2, stepped=1)])

    # ---- shapes and dtypes ----
    shapes = {"1x4x8x8": [1, 4, 8, 8], "1d": [5], "2d": [3, 5], "3d": [1, 16, 7], "5d": [2, 4, 3, 5, 5]}
    for name, shape in shapes.items():
        steps(f"shape-{name}", n=3, shape=shape)
    for name, config in (
        ("epsilon", {}),
        ("v", dict(prediction_type="v_prediction")),
        ("zero-snr-v", ZERO_SNR_V),
    ):
        steps(f"float16-{name}", config, n=4, dtype="float16")

    # ---- add_noise and get_velocity: by the timestep itself, whatever the schedule ----
    for call in (recipe.add_noise, recipe.velocity):
        kind = call.__name__.replace("_", "-")
        call(f"{kind}-batch", timesteps=[0, 10, 500, 999])
        call(f"{kind}-squaredcos", dict(beta_schedule="squaredcos_cap_v2"), timesteps=[999, 400])
        call(f"{kind}-zero-snr", ZERO_SNR_V, timesteps=[999, 0])
        call(f"{kind}-in-schedule", n=4, timesteps=[759, 259])
        call(f"{kind}-after-steps", n=4, stepped=2, timesteps=[801, 3])
        call(f"{kind}-begin-index", n=4, begin_index=1, timesteps=[801, 3])
        call(f"{kind}-begin-index-after-steps", n=4, begin_index=1, stepped=2, timesteps=[999, 3])
        call(f"{kind}-float16", timesteps=[20, 700], dtype="float16")
        call(f"{kind}-5d", timesteps=[20, 700], shape=[2, 4, 3, 5, 5])
        call(f"{kind}-negative-timestep", timesteps=[-1, -1000])

    # ---- failures ----
    error("beta-schedule-unknown", "constructor", "CONFIG_INVALID", dict(beta_schedule="sigmoid"))
    error("request-empty", "set_timesteps", "REQUEST_INVALID", request={})
    error("n-and-timesteps", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(timesteps=[9, 1]))
    error("n-zero", "set_timesteps", "REQUEST_INVALID", n=0)
    error("n-over-original", "set_timesteps", "REQUEST_INVALID", n=51)
    error("n-over-train", "set_timesteps", "REQUEST_INVALID", FULL, n=1001)
    error("n-over-strength", "set_timesteps", "REQUEST_INVALID", n=6, request=dict(strength=0.1))
    error("strength-zero", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(strength=0.0))
    error("strength-negative", "set_timesteps", "REQUEST_INVALID", n=2, request=dict(strength=-0.5))
    error("strength-over-one", "step", "REQUEST_INVALID", n=2, request=dict(strength=1.5))
    error("original-over-train", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=1001), n=4)
    error("original-zero", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=0), n=4)
    error("original-negative", "set_timesteps", "REQUEST_INVALID", dict(original_inference_steps=-3), n=4)
    error("timesteps-ascending", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[10, 20]))
    error("timesteps-equal", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[20, 20]))
    error("timesteps-past-table", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[1000, 20]))
    error("timesteps-none-in-list", "set_timesteps", "REQUEST_INVALID", request=dict(timesteps=[]))
    error("sigmas-not-accepted", "set_timesteps", "REQUEST_INVALID", request=dict(sigmas=[10.0, 1.0, 0.0]))
    error("step-without-set-timesteps", "step", "TIMESTEPS_NOT_SET", request=None)
    error("timestep-foreign", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[500])
    error("timestep-untrained", "step", "TIMESTEP_NOT_IN_PLAN", n=4, times=[999, 1000])
    error("trained-betas-too-few", "step", "TIMESTEP_NOT_IN_PLAN", dict(trained_betas=SHORT), n=4)
    error("prediction-type-unknown", "step", "CONFIG_INVALID", dict(prediction_type="flow_prediction"), n=4)
    error("zero-snr-epsilon", "step", "NUMERIC", dict(rescale_betas_zero_snr=True), n=4)
    for call in ("add_noise", "get_velocity"):
        error(dashed(call, "past-table"), call, "TIMESTEP_NOT_IN_PLAN", call=call, timesteps=[1000, 3])
