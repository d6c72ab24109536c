"""Golden cases of the samplers that k-diffusion has and diffusers has not. A case is one call of k-diffusion's function with a model
that answers from the tape; every call of the model is one step of ours. The schedule is that of diffusers' LMSDiscreteScheduler, and
timesteps are what its `_sigma_to_t` says of the levels that the model is called at."""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import sys
import zlib
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType

import numpy
import torch
from diffusers import LMSDiscreteScheduler

import store
from common import SHAPE
from distance import ROUNDING, noteworthy
from rounding import nearest, rounded
from tape import model_output, normal, source


def import_sampling():
    """k_diffusion.sampling alone: the package imports what only training needs."""
    package, utils, odes = (ModuleType(name) for name in ("k_diffusion", "k_diffusion.utils", "torchdiffeq"))
    package.__path__ = list(find_spec("k_diffusion").submodule_search_locations)
    package.utils = utils
    utils.append_dims = lambda x, ndim: x[(...,) + (None,) * (ndim - x.ndim)]
    odes.odeint = None
    sys.modules.update({"k_diffusion": package, "k_diffusion.utils": utils, "torchdiffeq": odes})
    from k_diffusion import sampling

    return sampling


sampling = import_sampling()
BETAS = dict(beta_start=0.00085, beta_end=0.012)


@contextmanager
def exact(wide=False):
    """rounding.py, and expm1, whose last bit is the processor's as well; `wide` leaves its results in float64."""
    kept = torch.Tensor.expm1
    torch.Tensor.expm1 = (lambda x: kept(x.double())) if wide else nearest(kept)
    try:
        with rounded():
            yield
    finally:
        torch.Tensor.expm1 = kept


class Noise:
    """The noise of one recording: drawn from the tape, or from k-diffusion's Brownian tree, and heard again in float64."""

    def __init__(self, case, brownian=False):
        self.generator, self.brownian, self.heard, self.draws = source(case, "noise"), brownian, [], []
        self.case = case

    def sampler(self, x, sigmas):
        if not self.brownian:
            return lambda *_: self.drawn(x)
        low, high = sigmas[sigmas > 0].min(), sigmas.max()
        tree = sampling.BrownianTreeNoiseSampler(x, low, high, seed=self.case["config"]["noise_sampler_seed"])
        return lambda sigma, sigma_next: self.kept(tree(sigma, sigma_next))

    def drawn(self, x):
        self.draws[-1].append(torch.randn(x.shape, generator=self.generator))
        return self.kept(self.draws[-1][-1].to(x.dtype))

    def kept(self, noise):
        self.heard.append(noise)
        return noise

    def replay(self, change):
        rest = iter(self.heard)
        return lambda *_: change(next(rest))


class Model:
    """Answers from the tape and keeps what it saw."""

    def __init__(self, case, noise):
        self.case, self.noise = case, noise
        self.samples, self.outs, self.clean, self.levels = [], [], [], []

    def __call__(self, x, sigma):
        sigma = sigma[0]
        if x.dtype == torch.float64:  # what is recorded is what is computed with
            x.copy_(x.float())
        self.levels.append(float(sigma))
        self.samples.append(x.clone())
        self.noise.draws.append([])
        alpha = 1 / (sigma**2 + 1) ** 0.5
        answer = smooth if self.case["class"] in SMOOTH else model_output
        self.outs.append(answer(Space, self.case, len(self.outs), x, alpha, sigma * alpha).float().to(x.dtype))
        self.clean.append(denoised(self.case, x, sigma, self.outs[-1]))
        return self.clean[-1]


# Whose steps follow from how smooth the model is: white noise would make them tiny.
SMOOTH = ("DPMAdaptiveScheduler",)


def smooth(space, case, i, x, alpha, sigma):
    """What a perfect model says for data of deviation 1/2 around a point of the tape."""
    level = sigma / alpha
    clean = (x / 4 + level**2 * normal(case, "mean")) / (level**2 + 1 / 4)
    kind = case["config"].get("prediction_type", "epsilon")
    if kind == "sample":
        return clean
    return (x - clean) / level if kind == "epsilon" else (x * alpha**2 - clean) / (level * alpha)


class Space:
    space = "ve"


class Repeat:
    """The same calls in float64, each from the sample that was recorded: k-diffusion's own tensor is overwritten."""

    def __init__(self, model, change):
        self.model, self.change = model, change
        self.samples, self.clean = [], []

    def __call__(self, x, sigma):
        i = len(self.clean)
        self.samples.append(x.clone())
        x.copy_(self.change(self.model.samples[i]))
        self.clean.append(denoised(self.model.case, x, sigma[0], self.change(self.model.outs[i])))
        return self.clean[-1]


def denoised(case, x, sigma, out):
    kind = case["config"].get("prediction_type", "epsilon")
    if kind == "epsilon":
        return x - out * sigma
    return out if kind == "sample" else out * (-sigma / (sigma**2 + 1) ** 0.5) + x / (sigma**2 + 1)


class Schedule:
    """LMS of the same config: its sigmas, and timesteps of any sigma."""

    def __init__(self, case, own):
        config = {key: value for key, value in case["config"].items() if key not in own}
        self.lms = LMSDiscreteScheduler(**{**BETAS, **config})
        products = self.lms.alphas_cumprod
        self.trained = (((1 - products) / products) ** 0.5).numpy()

    def sigmas(self, request):
        if "sigmas" in request:
            return torch.tensor(request["sigmas"], dtype=torch.float32)
        self.lms.set_timesteps(**request)
        return self.lms.sigmas

    def timesteps(self, levels):
        log = numpy.log(self.trained)
        return [float(self.lms._sigma_to_t(numpy.float64(level), log)) for level in levels]


def steps_of(request):
    return len(request["sigmas"]) - 1 if "sigmas" in request else request["num_inference_steps"]


class Sampler:
    """The cases of one of our classes. `run(model, x, sigmas, config, noise, request)` calls k-diffusion; `own` are the config keys that
    LMS does not have; `planned(case)` says how many calls are known from the start (all, unless steps decide), `end` the last
    level as it comes out."""

    def __init__(self, name, run, own, order=1, brownian=False, planned=None, schedule=None, end=float):
        self.name, self.run, self.own, self.order, self.brownian = name, run, {"s_noise", *own}, order, brownian
        self.planned, self.end, self.cases = planned, end, []
        self.sigmas = schedule or (lambda schedule, case: None)

    def steps(self, name, config=None, n=None, sigmas=None, dtype="float32", shape=SHAPE):
        request = {"num_inference_steps": n} if sigmas is None else {"sigmas": sigmas}
        config = dict(config or {})
        if self.brownian:
            config.setdefault("noise_sampler_seed", zlib.crc32(name.encode()))
        id = f"{self.name}/{name}"
        case = {"id": id, "class": self.name, "kind": "steps", "config": config, "request": request}
        self.cases.append({**case, "dtype": dtype, "shape": list(shape)})

    def error(self, name, at, code, text, config=None, n=None, sigmas=None):
        """A refusal of our own: k-diffusion has no check here, or another."""
        request = {"num_inference_steps": n} if sigmas is None else {"sigmas": sigmas}
        id = f"{self.name}/{name}"
        case = {"id": id, "class": self.name, "kind": "error", "config": config or {}, "request": request}
        error = {"at": at, "code": code, "type": "ours", "text": text}
        self.cases.append({**case, "dtype": "float32", "shape": list(SHAPE), "error": error})

    def write(self, folder):
        ids = [case["id"] for case in self.cases]
        assert len(set(ids)) == len(ids), f"two cases of one name: {sorted({id for id in ids if ids.count(id) > 1})}"
        for case in self.cases:
            with exact(wide=self.planned is not None), torch.no_grad():
                store.write_case(folder, *(self.record(case) if case["kind"] == "steps" else (case, {})))

    def record(self, case):
        schedule = Schedule(case, self.own)
        sigmas = self.sigmas(schedule, case)
        sigmas = schedule.sigmas(case["request"]) if sigmas is None else sigmas
        noise = Noise(case, self.brownian)
        model = Model(case, noise)
        start = normal(case, "x") * (sigmas[0] ** 2 + 1) ** 0.5
        if self.planned:
            start = start.double()
        end = self.run(model, start.clone(), sigmas, case["config"], noise.sampler(start, sigmas), case["request"])
        prev = [*model.samples[1:], end]
        tensors = {"x.0": start.float()}
        for i, (sample, out, x0, level) in enumerate(zip(model.samples, model.outs, model.clean, model.levels)):
            scaled = sample / (torch.tensor(level) ** 2 + 1) ** 0.5
            kept = {f"out.{i}": out, f"scaled.{i}": scaled, f"prev.{i}": prev[i], f"x0.{i}": x0}
            tensors.update({name: tensor.float() for name, tensor in kept.items()})
            tensors.update({f"noise.{i}.{j}": draw for j, draw in enumerate(noise.draws[i])})
        assert all(torch.isfinite(tensor).all() for tensor in tensors.values()), case["id"]
        times = schedule.timesteps(model.levels)
        steps = [
            {"t": t, "draws": [list(draw.shape) for draw in noise.draws[i]], "step_index": i + 1}
            for i, t in enumerate(times)
        ]
        known = self.planned(case) if self.planned else len(times)
        final = [self.end(sigmas[-1])] if known == len(times) else []
        largest = max(model.levels)
        leading = case["config"].get("timestep_spacing") == "leading"
        case["expect"] = {
            "timesteps": store.table(numpy.array(times[:known])),
            "sigmas": store.table(torch.tensor([*model.levels[:known], *final])) if final else None,
            "init_noise_sigma": (largest**2 + 1) ** 0.5 if leading else largest,
            "num_inference_steps": known if self.planned else steps_of(case["request"]),
            "order": self.order,
            "steps": steps,
        }
        case.update(first=0, count=len(steps))
        if self.planned:
            # The size of a step comes from a small difference of samples, which float32 does not have: samples are float64
            # in these runs, on float32 inputs and times. And the last bits of a timestep are the C library's: it cannot always be looked up.
            case.update(begin_index=0, free_run=False, samples="float64")
        elif note := self.distance(case, model, noise, sigmas, prev):
            case["tolerance_note"] = note
        return case, tensors

    def distance(self, case, model, noise, sigmas, prev):
        """See distance.py."""
        rounding = source(case, "rounding")
        sign = lambda x: (2 * torch.rand(x.shape, generator=rounding).double() - 1).sign()
        changes = (lambda x: x.double(), lambda x: x.double() * (1 + ROUNDING["float32"] * sign(x)))
        runs = [self.repeated(case, model, noise, sigmas, change) for change in changes]
        notes = {}
        for i in range(len(prev)):
            for name, found in ((f"prev.{i}", prev[i]), (f"x0.{i}", model.clean[i])):
                exact_one, changed = (run[name] for run in runs)
                if note := noteworthy("float32", found.double(), exact_one, changed):
                    notes[name] = note
        return notes

    def repeated(self, case, model, noise, sigmas, change):
        again = Repeat(model, change)
        start = model.samples[0].double()
        end = self.run(again, start, sigmas.double(), case["config"], noise.replay(change), case["request"])
        results = [*again.samples[1:], end]
        assert len(results) == len(model.samples), f"{case['id']}: float64 takes other steps"
        return {
            **{f"prev.{i}": value for i, value in enumerate(results)},
            **{f"x0.{i}": value for i, value in enumerate(again.clean)},
        }
