"""Golden cases of from_config: the config of one class loaded into another, in memory (defaults do not travel) or
through JSON (they do), with overrides, unknown keys and the keys that stay hidden for the way back.

Fields: `from` and `from_config` (its constructor's arguments; for via "raw" the content of a scheduler_config.json),
`through` (classes in between, in order), `to`, `via`, `overrides`; then `result` (the whole config of the new object,
with `_class_name` only where upstream keeps it), `defaults` (its sorted _use_default_values), `unused` (the keys that
upstream warns about), or `error`.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import json
from math import inf, nan

import diffusers
from diffusers import configuration_utils

import store
from recording import Failure, stage
from swap_configs import HUB_DEIS, HUB_EULER, HUB_FLUX, HUB_PNDM, HUB_UNIPC, NEEDED, SD, SPECIAL
from tape import replaced

DIRECT = ("DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler", "DPMSolverMultistepScheduler")
# The first four are compatible with each other; these two only with themselves.
ALONE = ("FlowMatchEulerDiscreteScheduler", "VQDiffusionScheduler")


def short(name):
    return (
        name.removesuffix("Scheduler")
        .removesuffix("Discrete")
        .removesuffix("Multistep")
        .lower()
        .removesuffix("discrete")
    )


class Swaps:
    """The list of swap cases; the same interface as common.Recipe."""

    def __init__(self):
        self.cases = []

    def swap(self, name, source, config, target, via, code=None, **fields):
        case = {
            "id": f"swap/{name}",
            "class": target,
            "kind": "swap",
            "from": source,
            "from_config": config,
            "to": target,
            "via": via,
        }
        self.cases.append(
            {**case, "through": [], "overrides": {}, **fields, **({"error": {"code": code}} if code else {})}
        )

    def write(self, folder):
        assert len({case["id"] for case in self.cases}) == len(self.cases), "two cases of one name"
        for case in self.cases:
            store.write_case(folder, record(case), {})


class Warnings:
    """Upstream's logger, asked only for the keys it names as unexpected."""

    def __init__(self):
        self.keys = []

    def warning(self, text):
        if text.startswith("The config attributes "):
            values = text.removeprefix("The config attributes ").split(" were passed to ")[0]
            self.keys += sorted(eval(values, {"inf": inf, "nan": nan}))

    def info(self, text):
        pass

    debug = info


def handed_over(scheduler, via):
    return json.loads(scheduler.to_json_string()) if via == "json" else scheduler.config


def load(case, logger):
    """Walks from class to class. Returns the last object; the logger keeps what was said about that one."""
    classes = [getattr(diffusers, name) for name in (*case["through"], case["to"])]
    config = case["from_config"]
    if case["via"] != "raw":
        with stage("constructor"):
            config = handed_over(getattr(diffusers, case["from"])(**config), case["via"])
    for target in classes[:-1]:
        config = handed_over(target.from_config(config), case["via"])
    logger.keys.clear()
    with stage("from_config"):
        return classes[-1].from_config(config, **case["overrides"])


def record(case):
    logger = Warnings()
    try:
        with replaced(configuration_utils, logger=logger):
            scheduler = load(case, logger)
    except Failure as failure:
        assert "error" in case, f"{case['id']}: {failure}"
        return {**case, "error": {**case["error"], **failure.found}}
    assert "error" not in case, f"{case['id']}: upstream does not fail"
    config = dict(scheduler.config)
    defaults = sorted(config.pop("_use_default_values", []))
    config.pop("_diffusers_version", None)
    return {**case, "result": config, "defaults": defaults, "unused": logger.keys}


recipe = Swaps()
swap = recipe.swap

# ---- every ordered pair, with defaults and with values of its own ----
for source in (*DIRECT, *ALONE):
    for target in (*DIRECT, *ALONE):
        for via in ("memory", "json"):
            both = source in DIRECT and target in DIRECT
            name = f"{short(source)}-to-{short(target)}-{via}"
            needed = {} if source == target else NEEDED.get(target, {})
            swap(name, source, SPECIAL[source], target, via, overrides=needed)
            if both:
                swap(f"{name}-defaults", source, {}, target, via)

# ---- there and back: hidden keys return ----
for middle in DIRECT[1:]:
    for via in ("memory", "json"):
        swap(
            f"ddim-{short(middle)}-ddim-{via}",
            "DDIMScheduler",
            SPECIAL["DDIMScheduler"],
            "DDIMScheduler",
            via,
            through=[middle],
        )
        swap(
            f"{short(middle)}-ddim-{short(middle)}-{via}",
            middle,
            SPECIAL[middle],
            middle,
            via,
            through=["DDIMScheduler"],
        )
for via in ("memory", "json"):
    swap(
        f"euler-ddim-dpmsolver-euler-{via}",
        "EulerDiscreteScheduler",
        SPECIAL["EulerDiscreteScheduler"],
        "EulerDiscreteScheduler",
        via,
        through=["DDIMScheduler", "DPMSolverMultistepScheduler"],
    )
    swap(
        f"flowmatch-ddim-flowmatch-{via}",
        "FlowMatchEulerDiscreteScheduler",
        SPECIAL["FlowMatchEulerDiscreteScheduler"],
        "FlowMatchEulerDiscreteScheduler",
        via,
        through=["DDIMScheduler"],
    )

# ---- overrides ----
for via in ("memory", "json"):
    swap(
        f"override-{via}",
        "DDIMScheduler",
        SD,
        "DPMSolverMultistepScheduler",
        via,
        overrides=dict(use_karras_sigmas=True, algorithm_type="sde-dpmsolver++"),
    )
    swap(
        f"override-wins-{via}",
        "DDIMScheduler",
        dict(SD, timestep_spacing="trailing"),
        "EulerDiscreteScheduler",
        via,
        overrides=dict(timestep_spacing="linspace"),
    )
    swap(f"override-unknown-{via}", "DDIMScheduler", SD, "EulerDiscreteScheduler", via, overrides=dict(no_such_key=1))
    swap(
        f"trained-betas-{via}",
        "DDIMScheduler",
        dict(num_train_timesteps=3, trained_betas=[0.1, 0.2, 0.3]),
        "DDPMScheduler",
        via,
    )
    swap(
        f"solver-type-rewritten-{via}",
        "DPMSolverMultistepScheduler",
        dict(solver_type="bh2"),
        "DPMSolverMultistepScheduler",
        via,
    )
    swap(
        f"algorithm-rewritten-{via}",
        "DPMSolverMultistepScheduler",
        dict(algorithm_type="deis", final_sigmas_type="sigma_min"),
        "DPMSolverMultistepScheduler",
        via,
    )
    swap(
        f"lambda-minus-infinity-{via}",
        "DPMSolverMultistepScheduler",
        dict(lambda_min_clipped=-inf),
        "DPMSolverMultistepScheduler",
        via,
    )

# ---- files from the Hub, unknown keys ----
for target in DIRECT:
    swap(f"hub-pndm-to-{short(target)}", "PNDMScheduler", HUB_PNDM, target, "raw")
    swap(f"hub-euler-to-{short(target)}", "EulerDiscreteScheduler", HUB_EULER, target, "raw")
    swap(f"hub-flux-to-{short(target)}", "FlowMatchEulerDiscreteScheduler", HUB_FLUX, target, "raw")
swap("hub-unipc-to-dpmsolver", "UniPCMultistepScheduler", HUB_UNIPC, "DPMSolverMultistepScheduler", "raw")
swap("hub-deis-to-ddim", "DEISMultistepScheduler", HUB_DEIS, "DDIMScheduler", "raw")
swap("hub-flux", "FlowMatchEulerDiscreteScheduler", HUB_FLUX, "FlowMatchEulerDiscreteScheduler", "raw")
for target in ("DDIMScheduler", "FlowMatchEulerDiscreteScheduler"):
    swap(f"unknown-key-{short(target)}", None, dict(num_train_timesteps=500, no_such_key=7, other=[1]), target, "raw")
swap(
    "unknown-key-with-class",
    "DDIMScheduler",
    {"_class_name": "DDIMScheduler", "no_such_key": 7},
    "DDIMScheduler",
    "raw",
)
swap(
    "unknown-class",
    "NoSuchScheduler",
    {"_class_name": "NoSuchScheduler", "num_train_timesteps": 500, "no_such_key": 7},
    "DDIMScheduler",
    "raw",
)
swap(
    "class-name-list",
    None,
    {"_class_name": ["DDIMScheduler", "EulerDiscreteScheduler"], "num_train_timesteps": 500},
    "DDIMScheduler",
    "raw",
)
swap(
    "private-keys",
    None,
    {"_private": 1, "quantization_config": {"bits": 4}, "num_train_timesteps": 500},
    "DDIMScheduler",
    "raw",
)
swap("empty", None, {}, "EulerDiscreteScheduler", "raw")
swap(
    "listed-defaults-are-dropped",
    None,
    {"num_train_timesteps": 500, "beta_end": 0.5, "_use_default_values": ["beta_end"]},
    "DDIMScheduler",
    "raw",
)

# ---- failures ----
swap(
    "hub-deis-to-dpmsolver", "DEISMultistepScheduler", HUB_DEIS, "DPMSolverMultistepScheduler", "raw", "CONFIG_CONFLICT"
)
swap(
    "class-name-number", None, {"_class_name": 7, "num_train_timesteps": 500}, "DDIMScheduler", "raw", "CONFIG_INVALID"
)
swap("nothing", None, None, "DDIMScheduler", "raw", "CONFIG_INVALID")
swap("required-key-missing", "DDIMScheduler", SD, "VQDiffusionScheduler", "memory", "CONFIG_INVALID")
swap(
    "karras-and-beta",
    "EulerDiscreteScheduler",
    dict(use_karras_sigmas=True),
    "DPMSolverMultistepScheduler",
    "memory",
    "CONFIG_CONFLICT",
    overrides=dict(use_beta_sigmas=True),
)
