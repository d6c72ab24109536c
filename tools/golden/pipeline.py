"""Whole runs of the shipped models in Python: the diffusers scheduler, the ONNX network in onnxruntime, torch's noise. What a
pipeline in another language must reproduce; conformance/golden/pipeline keeps the final samples.

    python tools/golden/pipeline.py            writes
    python tools/golden/pipeline.py --check    runs again and compares; onnxruntime picks its kernels by CPU, so not to the bit

A run: x = randn(shape, generator) * init_noise_sigma; at each timestep the network gets scale_model_input(x), the timestep as
float32 [batch] and the labels; with guidance g, one call on the doubled batch, null label first, and
uncond + g * (cond - uncond). The one generator also gives the scheduler its noise. The sample is kept as it is, not clamped.
"""

import pinned  # noqa: F401  (first: fixes the instruction sets)

import argparse
import hashlib
import json
import sys
from importlib.metadata import version
from pathlib import Path

import diffusers
import numpy as np
import onnxruntime
import torch
from safetensors.torch import load_file, save_file

import store

FOLDER = store.GOLDEN / "pipeline"
MODELS = ("model-digits-8", "model-fashion-28")
STEPS, SEED, LABELS, GUIDANCES = 20, 42, (0, 1, 2, 3), (1.0, 2.0)
# scheduler class, options of step, and what they are called in a case's id
RUNS = (
    ("DDIMScheduler", {"eta": 0.0}, "ddim-eta-0"),
    ("DDIMScheduler", {"eta": 1.0}, "ddim-eta-1"),
    ("DDPMScheduler", {}, "ddpm"),
    ("DPMSolverMultistepScheduler", {}, "dpmsolver-multistep"),
    ("EulerDiscreteScheduler", {}, "euler-discrete"),
)
CLOSE = 1e-5  # largest difference relative to the largest value, between two machines


class Model:
    """The network of a model folder, one thread."""

    def __init__(self, name):
        self.folder = store.ROOT / "packages" / name
        self.index = json.loads((self.folder / "model_index.json").read_text())
        config = json.loads((self.folder / "unet/config.json").read_text())
        self.image_shape = (config["in_channels"], config["sample_size"], config["sample_size"])
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        file = self.folder / "unet/model.onnx"
        self.session = onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])

    def call(self, sample, timestep, labels):
        inputs = {
            "sample": sample.numpy(),
            "timestep": np.full(len(sample), float(timestep), dtype=np.float32),
            "class_labels": labels.numpy(),
        }
        return torch.from_numpy(self.session.run(["out_sample"], inputs)[0])

    def guided(self, sample, timestep, labels, guidance):
        if guidance == 1:
            return self.call(sample, timestep, labels)
        null = torch.full_like(labels, self.index["null_class_label"])
        both = self.call(torch.cat([sample, sample]), timestep, torch.cat([null, labels]))
        uncond, cond = both.chunk(2)
        return uncond + guidance * (cond - uncond)


def run(model, scheduler, options, guidance):
    generator = torch.Generator().manual_seed(SEED)
    labels = torch.tensor(LABELS)
    scheduler.set_timesteps(STEPS)
    x = torch.randn((len(LABELS), *model.image_shape), generator=generator) * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        out = model.guided(scheduler.scale_model_input(x, t), t, labels, guidance)
        x = scheduler.step(out, t, x, generator=generator, **options).prev_sample
    return x


def record(name):
    """The cases of one model, and their final samples by id."""
    model, cases, samples = Model(name), [], {}
    for scheduler_class, options, run_name in RUNS:
        for guidance in GUIDANCES:
            scheduler = getattr(diffusers, scheduler_class).from_pretrained(model.folder / "scheduler")
            case = {"id": f"{run_name}-guidance-{guidance:g}", "model": f"@unnoise/{name}", "scheduler": scheduler_class}
            case |= {"options": options, "guidance": guidance, "seed": SEED, "num_inference_steps": STEPS}
            samples[case["id"]] = run(model, scheduler, options, guidance).contiguous()
            assert samples[case["id"]].isfinite().all(), f"{name} {case['id']}: a sample is not finite"
            shape = list(samples[case["id"]].shape)
            cases.append(case | {"class_labels": LABELS, "shape": shape, "timesteps": scheduler.timesteps.tolist()})
    return cases, samples


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recipe():
    """What made the data: these scripts, these models, these versions."""
    models = [store.ROOT / "packages" / name / "unet/model.onnx" for name in MODELS]
    scripts = [Path(__file__).resolve(), Path(store.__file__), Path(pinned.__file__)]
    return {
        "recipe": "tools/golden/pipeline.py",
        "sha256": {path.name: sha256(path) for path in scripts},
        "models": {str(path.relative_to(store.ROOT)): sha256(path) for path in models},
        "versions": {**store.versions(), "onnxruntime": version("onnxruntime")},
    }


def write():
    FOLDER.mkdir(parents=True, exist_ok=True)
    all_cases = []
    for name in MODELS:
        cases, samples = record(name)
        all_cases += cases
        save_file(samples, FOLDER / f"{name}.safetensors")
    lines = ",\n".join(json.dumps(case) for case in all_cases)
    (FOLDER / "cases.json").write_text(f"[\n{lines}\n]\n")
    (FOLDER / "recipe.json").write_text(json.dumps(recipe(), indent=2, sort_keys=True) + "\n")
    print(f"{len(all_cases)} runs, {sum(file.stat().st_size for file in FOLDER.iterdir()) / 1024:.0f} KiB")
    return 0


def check():
    worst = 0.0
    for name in MODELS:
        kept = load_file(FOLDER / f"{name}.safetensors")
        for id, sample in record(name)[1].items():
            worst = max(worst, float((sample - kept[id]).abs().max() / kept[id].abs().max()))
    stale = json.loads((FOLDER / "recipe.json").read_text()) != recipe()
    print(f"largest relative difference {worst:.1e}" + ("; recipe.json is stale: write again" if stale else ""))
    return 1 if stale or worst > CLOSE else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    sys.exit(check() if parser.parse_args().check else write())
