"""Records the goldens of GradientEstimationScheduler: what the authors' package smalldiffusion does with made-up model outputs.

    pip install smalldiffusion==0.5.0 safetensors
    python golden.py
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from smalldiffusion import ModelMixin, PredX0, Scaled, ScheduleDDPM, ScheduleLDM, samples

# torch's square root may be one unit in the last place off, depending on the processor; numpy's and JavaScript's is IEEE 754's
torch.Tensor.sqrt = lambda x: torch.as_tensor(np.sqrt(x.numpy()))

CLASS, SHAPE = "GradientEstimationScheduler", (2, 3, 4, 4)
FOLDER = Path(__file__).parent / "golden"
LATENT = dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012)


class Tape(torch.nn.Module, ModelMixin):
    """A model that answers with recorded numbers and keeps what it is asked."""

    def __init__(self, outputs):
        super().__init__()
        self.outputs, self.asked = outputs, []
        self.input_dims = SHAPE[1:]

    def forward(self, x, sigma, cond=None):
        self.asked.append(x.clone())
        return self.outputs[len(self.asked) - 1]

    def rand_input(self, batchsize):
        return torch.zeros((batchsize, *SHAPE[1:]))  # is multiplied by 0: mu is 0


def record(name, steps, config):
    schedule = ScheduleLDM(1000) if config.get("beta_schedule") else ScheduleDDPM(1000)
    sigmas = schedule.sample_sigmas(steps)
    random = torch.Generator().manual_seed(sum(map(ord, name)))
    normal = lambda: torch.randn(SHAPE, generator=random)
    model = Scaled(PredX0(Tape) if config.get("prediction_type") == "sample" else Tape)([normal() for _ in range(steps)])
    start = normal() * sigmas[0]
    results = list(samples(model, sigmas, gam=config.get("gamma", 2.0), xt=start, batchsize=SHAPE[0]))
    tensors = {"x.0": start}
    for i, (out, asked, prev) in enumerate(zip(model.outputs, model.asked, results)):
        tensors |= {f"out.{i}": out, f"scaled.{i}": asked, f"prev.{i}": prev}
    timesteps = [int((schedule.sigmas == sigma).nonzero()) for sigma in sigmas[:-1]]
    return tensors, {
        "id": f"{CLASS}/{name}",
        "class": CLASS,
        "kind": "steps",
        "config": config,
        "dtype": "float32",
        "shape": SHAPE,
        "request": {"num_inference_steps": steps},
        "first": 0,
        "expect": {
            "timesteps": timesteps,
            "sigmas": sigmas.tolist(),
            "init_noise_sigma": sigmas[0].item(),
            "num_inference_steps": steps,
            "order": 1,
            "steps": [{"t": t, "draws": [], "step_index": i + 1} for i, t in enumerate(timesteps)],
        },
    }


CASES = {
    "default": (10, {}),
    "latent": (10, LATENT),
    "gamma-1": (10, {"gamma": 1.0}),
    "gamma-1-6": (13, {**LATENT, "gamma": 1.6}),
    "sample": (10, {**LATENT, "prediction_type": "sample"}),
    "n-1": (1, {}),
    "n-2": (2, LATENT),
    "n-48": (48, {}),  # half a timestep is rounded to the even one
}

if __name__ == "__main__":
    (FOLDER / CLASS).mkdir(parents=True, exist_ok=True)
    for name, (steps, config) in CASES.items():
        tensors, case = record(name, steps, config)
        path = FOLDER / CLASS / name
        save_file({key: value.contiguous() for key, value in tensors.items()}, path.with_suffix(".safetensors"))
        path.with_suffix(".json").write_text(json.dumps(case, indent=2) + "\n")
    (FOLDER / "index.json").write_text(json.dumps([f"{CLASS}/{name}" for name in CASES], indent=2) + "\n")
    recipe = {
        "versions": {"smalldiffusion": version("smalldiffusion")},
        "sha256": hashlib.sha256(Path(__file__).read_bytes()).hexdigest(),
    }
    (FOLDER / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
