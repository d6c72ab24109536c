"""The compatibility matrix: the config of every class loaded into every other, in memory and through JSON, with all
defaults and with a value of its own at every key; and every value of a choice loaded into every class.

`compatibility/sources.json` has what is loaded: the `class` and its constructor's `config` (class null: the config
itself), `via`, and so the config that `arrives` with the keys in it that are `defaults`. `compatibility/<class>.json`
has, for the class that loads, the config `defaults` that it has of itself, and a row for each source that does
something beside the rule: values that were not defaults travel, all other keys of the class have its defaults, and a
`_class_name` becomes its own.
Such a row has `changed` (values of the result that differ from the rule's), `given` (the class's keys that are no
defaults afterwards, where these are not those that travelled), `unused` (the keys that upstream warns about), or `error`.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import inspect

import diffusers
from diffusers import configuration_utils

import store
from compatibility_configs import CHOICES, OWN, OWN_OF, REQUIRED
from recording import Failure, stage
from swap import Warnings, handed_over
from tape import replaced

FOLDER = "compatibility"
# Every class that `diffusers` exports and that has a package here.
CLASSES = """AmusedScheduler CMStochasticIterativeScheduler CogVideoXDDIMScheduler CogVideoXDPMScheduler
CosineDPMSolverMultistepScheduler DDIMInverseScheduler DDIMParallelScheduler DDIMScheduler DDPMParallelScheduler
DDPMScheduler DDPMWuerstchenScheduler DEISMultistepScheduler DPMSolverMultistepInverseScheduler
DPMSolverMultistepScheduler DPMSolverSDEScheduler DPMSolverSinglestepScheduler EDMDPMSolverMultistepScheduler
EDMEulerScheduler EulerAncestralDiscreteScheduler EulerDiscreteScheduler FlowMatchEulerDiscreteScheduler
FlowMatchHeunDiscreteScheduler FlowMatchLCMScheduler HeunDiscreteScheduler IPNDMScheduler
KDPM2AncestralDiscreteScheduler KDPM2DiscreteScheduler KarrasVeScheduler LCMScheduler LMSDiscreteScheduler
LTXEulerAncestralRFScheduler PNDMScheduler RePaintScheduler SASolverScheduler SCMScheduler ScoreSdeVeScheduler
TCDScheduler UnCLIPScheduler UniPCMultistepScheduler VQDiffusionScheduler""".split()


def own_config(name):
    """A value other than the default at every key that can have one."""
    keys = inspect.signature(getattr(diffusers, name).__init__).parameters
    table = {**OWN, **REQUIRED.get(name, {}), **OWN_OF.get(name, {})}
    return {key: table[key] for key in keys if key in table}


def sources():
    """The configs that rows start from, by name: the class's defaults and its own values, or a lone choice."""
    for name in CLASSES:
        yield f"{name}/defaults", name, REQUIRED.get(name, {})
        yield f"{name}/own", name, own_config(name)
    for key, values in CHOICES.items():
        for value in values:
            yield f"{key}/{value}", None, {key: value}


def arrived(class_name, config, via):
    """A source, with the config object that is loaded; made once, since loading does not change it."""
    start = config
    if class_name:
        start = handed_over(getattr(diffusers, class_name)(**config), via)
    arrives = {key: value for key, value in dict(start).items() if key not in ("_use_default_values", "_diffusers_version")}
    defaults = sorted(start.get("_use_default_values", []))
    return start, {"class": class_name, "config": config, "via": via, "arrives": arrives, "defaults": defaults}


def starts():
    for name, class_name, config in sources():
        for via in ("memory", "json") if class_name else ("raw",):
            yield f"{name}/{via}", *arrived(class_name, config, via)


def loaded(target, config):
    logger = Warnings()
    overrides = {key: value for key, value in REQUIRED.get(target.__name__, {}).items() if key not in config}
    with replaced(configuration_utils, logger=logger), stage("from_config"):
        scheduler = target.from_config(dict(config), **overrides)
    return dict(scheduler.config), sorted(logger.keys)


def code_of(failure):
    """What we call upstream's refusals."""
    return "CONFIG_CONFLICT" if any(word in failure["text"] for word in ("Only one of", "is not supported for", "is only supported when")) else "CONFIG_INVALID"


def row(target, defaults, start, source):
    """What upstream does beside the rule; empty where it does nothing."""
    try:
        result, unused = loaded(target, start)
    except Failure as failure:
        return {"error": {**failure.found, "code": code_of(failure.found)}}
    travelled = {key: value for key, value in source["arrives"].items() if key not in source["defaults"]}
    rule = {**defaults, **travelled, **({"_class_name": target.__name__} if "_class_name" in travelled else {})}
    given = sorted(set(defaults) - set(result.pop("_use_default_values", [])))
    result.pop("_diffusers_version", None)
    assert set(rule) == set(result), target
    found = {
        "changed": {key: value for key, value in result.items() if differs(value, rule[key])},
        "given": given if given != sorted(set(defaults) & set(travelled)) else [],
        "unused": unused,
    }
    return {key: value for key, value in found.items() if value}


def differs(value, other):
    return type(value) is not type(other) or value != other


def defaults_of(target):
    config = dict(target(**REQUIRED.get(target.__name__, {})).config)
    return {key: value for key, value in config.items() if not key.startswith("_")}


def write_lines(path, entries):
    """An object with one line per key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(store.block({key: store.inline(store.plain(value)) for key, value in entries.items()}, 0) + "\n")


class Matrix:
    """The same interface as common.Recipe."""

    def write(self, folder):
        begun = {name: (start, source) for name, start, source in starts()}
        write_lines(folder / FOLDER / "sources.json", {name: source for name, (_, source) in begun.items()})
        for name in CLASSES:
            target = getattr(diffusers, name)
            defaults = defaults_of(target)
            rows = {start: row(target, defaults, *loaded_from) for start, loaded_from in begun.items()}
            beside = {start: found for start, found in rows.items() if found}
            write_lines(folder / FOLDER / f"{name}.json", {"defaults": defaults, **beside})


recipe = Matrix()
