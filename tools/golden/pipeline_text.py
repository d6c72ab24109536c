"""Whole runs of text-to-image models in Python: the diffusers scheduler, the ONNX parts in onnxruntime, transformers' tokenizer,
torch's noise. What StableDiffusionPipeline must reproduce; conformance/golden/pipeline-text keeps pictures and final latents.

    python tools/golden/pipeline_text.py            writes: the fixtures, and every text-to-image package there is
    python tools/golden/pipeline_text.py --check    runs again and compares; onnxruntime picks its kernels by CPU, so not to the bit
    python tools/golden/pipeline_text.py --model folder --out folder     one model that lies elsewhere

The loops are those of diffusers' StableDiffusionPipeline, its Img2Img and its Inpaint sibling (for networks without mask channels):
the picture's latents are drawn first, then the noise, then (unused) the latents of the masked picture, then the noise of the steps.
Samples are float32, whatever the network takes.
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
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoTokenizer

import store

FOLDER = store.GOLDEN / "pipeline-text"
FIXTURES = ("sd-float32", "sd-float16")
PROMPT = {"default": "red apple, flat style", "sd-float16": "Red café apple's dog!"}
OTHER = "dog"

# id, scheduler class, and what differs from: 10 steps, seed 7, guidance 2.5, one picture from the prompt
RUNS = (
    ("ddim", "DDIMScheduler", {}),
    ("ddim-negative", "DDIMScheduler", dict(negative=OTHER)),
    ("ddim-rescaled", "DDIMScheduler", dict(guidance=6.0, guidance_rescale=0.7)),
    ("dpmsolver", "DPMSolverMultistepScheduler", {}),
    ("dpmsolver-two", "DPMSolverMultistepScheduler", dict(pictures=2)),
    ("unipc", "UniPCMultistepScheduler", {}),
    ("euler", "EulerDiscreteScheduler", {}),
    ("euler-ancestral", "EulerAncestralDiscreteScheduler", {}),
    ("heun", "HeunDiscreteScheduler", dict(steps=6)),
    ("pndm", "PNDMScheduler", {}),
    ("lcm", "LCMScheduler", dict(steps=4, guidance=1.0)),
    ("dpmsolver-image", "DPMSolverMultistepScheduler", dict(image=True, strength=0.6)),
    ("euler-ancestral-image", "EulerAncestralDiscreteScheduler", dict(image=True, strength=0.5)),
    ("heun-image", "HeunDiscreteScheduler", dict(image=True, strength=0.5, steps=6)),
    ("ddim-mask", "DDIMScheduler", dict(image=True, mask=True, strength=1.0)),
    ("dpmsolver-mask", "DPMSolverMultistepScheduler", dict(image=True, mask=True, strength=0.7)),
    ("heun-mask", "HeunDiscreteScheduler", dict(image=True, mask=True, strength=0.5, steps=6)),
    ("euler-ancestral-mask", "EulerAncestralDiscreteScheduler", dict(image=True, mask=True, strength=1.0)),
)
USUAL = dict(steps=10, seed=7, guidance=2.5, guidance_rescale=0.0, negative="", pictures=1, strength=None)
KINDS = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(int32)": np.int32,
    "tensor(int64)": np.int64,
}
CLOSE = 1  # largest difference of a byte, between two machines


class Model:
    """The parts of a model folder, one thread."""

    def __init__(self, folder):
        self.folder = Path(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        names = ("text_encoder", "unet", "vae_decoder", "vae_encoder")
        files = {name: self.folder / name / "model.onnx" for name in names}
        self.parts = {
            name: onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
            for name, file in files.items()
        }
        self.tokenizer = AutoTokenizer.from_pretrained(self.folder / "tokenizer")
        configs = [self.folder / part / "config.json" for part in ("unet", "vae_decoder")]
        self.unet, self.vae = (json.loads(file.read_text()) for file in configs)
        self.scale = 2 ** (len(self.vae["block_out_channels"]) - 1)
        self.processor = VaeImageProcessor(vae_scale_factor=self.scale)

    def run(self, part, **values):
        """Each value in the type and rank that the graph declares."""
        session, feeds = self.parts[part], {}
        for declared in session.get_inputs():
            value = np.asarray(values[declared.name]).astype(KINDS[declared.type])
            if declared.name == "timestep" and len(declared.shape) == 1:
                value = np.full(len(values["sample"]), value)
            feeds[declared.name] = value
        return torch.from_numpy(session.run(None, feeds)[0].astype(np.float32))

    def states(self, prompts):
        length = self.tokenizer.model_max_length
        options = dict(padding="max_length", max_length=length, truncation=True, return_tensors="np")
        return self.run("text_encoder", input_ids=self.tokenizer(prompts, **options).input_ids)

    def encode(self, picture, generator):
        """The latents of a picture, as AutoencoderKL draws them."""
        given = self.run("vae_encoder", sample=picture.numpy())
        if self.parts["vae_encoder"].get_outputs()[0].name == "latent_sample":
            return given * self.vae["scaling_factor"]
        law = diffusers.models.autoencoders.vae.DiagonalGaussianDistribution(given)
        return law.sample(generator) * self.vae["scaling_factor"]

    def predict(self, x, t, states, guidance, rescale):
        if guidance <= 1:
            return self.run("unet", sample=x.numpy(), timestep=t, encoder_hidden_states=states[-1].numpy())
        both = {"sample": torch.cat([x, x]).numpy(), "encoder_hidden_states": torch.cat(states).numpy()}
        free, told = self.run("unet", timestep=t, **both).chunk(2)
        out = free + guidance * (told - free)
        return rescale_noise_cfg(out, told, rescale) if rescale > 0 else out


def prompts_of(name, pictures):
    return [PROMPT.get(name, PROMPT["default"]), OTHER][:pictures]


def sample(model, name, scheduler, options, inputs):
    """Final latents and the bytes of the pictures."""
    how = USUAL | options
    generator, count = torch.Generator().manual_seed(how["seed"]), how["pictures"]
    states = [model.states([how["negative"]] * count), model.states(prompts_of(name, count))]
    scheduler.set_timesteps(how["steps"])
    side = model.unet["sample_size"]
    shape = (count, model.unet["in_channels"], side, side)
    begin = 0
    if how["strength"] is not None:
        begin = (how["steps"] - min(int(how["steps"] * how["strength"]), how["steps"])) * scheduler.order
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(begin)
    timesteps = scheduler.timesteps[begin:]
    picture = torch.from_numpy(inputs["picture"]).permute(2, 0, 1)[None].float() / 255 * 2 - 1
    image = model.encode(picture, generator) if how.get("image") else None
    noise = torch.randn(shape, generator=generator)
    if image is not None and not (how.get("mask") and how["strength"] == 1):
        x = scheduler.add_noise(image, noise, timesteps[:1])
    else:
        x = noise * scheduler.init_noise_sigma
    if how.get("mask"):
        mask = torch.nn.functional.interpolate(torch.from_numpy(inputs["mask"])[None, None].float(), size=(side, side))
        model.encode(picture * (torch.from_numpy(inputs["mask"]) < 0.5), generator)
    more = {"generator": generator} if "generator" in scheduler.step.__code__.co_varnames else {}
    for i, t in enumerate(timesteps):
        out = model.predict(scheduler.scale_model_input(x, t), t, states, how["guidance"], how["guidance_rescale"])
        x = scheduler.step(out, t, x, **more).prev_sample
        if how.get("mask"):
            last = i == len(timesteps) - 1
            kept = image if last else scheduler.add_noise(image, noise, timesteps[i + 1 : i + 2])
            x = (1 - mask) * kept + mask * x
    decoded = model.run("vae_decoder", latent_sample=(x / model.vae["scaling_factor"]).numpy())
    assert decoded.isfinite().all(), f"{name}: a picture is not finite"
    pixels = (model.processor.postprocess(decoded, output_type="np") * 255).round().astype("uint8")
    return {"latents": x.contiguous(), "pixels": torch.from_numpy(pixels).contiguous()}


def inputs_of(model):
    """The picture and the mask of a model: its package's, else made up. The mask leaves the left half."""
    side = model.unet["sample_size"] * model.scale
    file = model.folder / "test/picture.png"
    if file.exists():
        picture = np.asarray(Image.open(file).convert("RGB"))
    else:
        y, x = np.mgrid[0:side, 0:side]
        picture = np.stack([(x * 13 + y * 5) % 256, (x * y * 3) % 256, 255 - (x * 7) % 256], axis=-1).astype("uint8")
    mask = np.zeros((side, side), dtype="uint8")
    mask[:, side // 2 :] = 1
    return {"picture": np.ascontiguousarray(picture), "mask": mask}


def record(name, folder):
    """The cases of one model, and their tensors by id."""
    model, cases = Model(folder), []
    inputs = inputs_of(model)
    tensors = {key: torch.from_numpy(value) for key, value in inputs.items()}
    for id, scheduler_class, options in RUNS:
        scheduler = getattr(diffusers, scheduler_class).from_pretrained(model.folder / "scheduler")
        result = sample(model, name, scheduler, options, inputs)
        tensors |= {f"{id}.{key}": value for key, value in result.items()}
        how = USUAL | options
        prompts = prompts_of(name, how.pop("pictures"))
        cases.append({"id": id, "model": name, "scheduler": scheduler_class, "prompts": prompts, **how})
    return cases, tensors


def models():
    """Folders by name: the fixtures, and the packages that draw from prompts."""
    fixtures = {name: store.ROOT / "packages/pipelines/test/models" / name for name in FIXTURES}
    found = sorted((store.ROOT / "packages").glob("model-*/model_index.json"))
    texts = [file for file in found if "StableDiffusion" in json.loads(file.read_text())["_class_name"]]
    return fixtures | {file.parent.name: file.parent for file in texts}


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def recipe():
    """What made the data: these scripts, these models, these versions."""
    parts = sorted(path for folder in models().values() for path in folder.glob("*/*.onnx"))
    scripts = [Path(__file__).resolve(), Path(store.__file__), Path(pinned.__file__)]
    versions = {**store.versions(), **{name: version(name) for name in ("onnxruntime", "transformers")}}
    return {
        "sha256": {path.name: sha256(path) for path in scripts},
        "models": {str(path.relative_to(store.ROOT)): sha256(path) for path in parts},
        "versions": versions,
    }


def write_model(folder, name, source):
    cases, tensors = record(name, source)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / f"{name}.safetensors")
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
    (folder / f"{name}.json").write_text(f"[\n{lines}\n]\n")
    print(f"{name}: {len(cases)} runs, {(folder / f'{name}.safetensors').stat().st_size / 1024:.0f} KiB")


def write():
    for name, source in models().items():
        write_model(FOLDER, name, source)
    (FOLDER / "recipe.json").write_text(json.dumps(recipe(), indent=2, sort_keys=True) + "\n")
    return 0


def check():
    worst = 0
    for name, source in models().items():
        kept = load_file(FOLDER / f"{name}.safetensors")
        for id, value in record(name, source)[1].items():
            if id.endswith("pixels"):
                worst = max(worst, int((value.int() - kept[id].int()).abs().max()))
    stale = json.loads((FOLDER / "recipe.json").read_text()) != recipe()
    print(f"largest difference of a byte {worst}" + ("; recipe.json is stale: write again" if stale else ""))
    return 1 if stale or worst > CLOSE else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    parser.add_argument("--model", type=Path, help="a model folder that is not in packages")
    parser.add_argument("--out", type=Path, help="where to write the runs of --model")
    given = parser.parse_args()
    if given.model:
        write_model(given.out or given.model, given.model.name, given.model)
        sys.exit(0)
    sys.exit(check() if given.check else write())
