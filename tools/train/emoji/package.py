"""Makes the package of emoji-ldm-64: `python -m tools.train.emoji.package --out packages/model-emoji-ldm-64`.

With `--student` it is the few-step student's, under its own name. The model files, manifest, source, tests, NOTICE, a sample grid and the model card, whose figures are measured here. Afterwards
`python tools/golden/pipeline_text.py` records the runs that its pictures are tested against.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import onnx
import torch
from PIL import Image

from ..data import WORK
from ..export import PACKAGES, write_hashes, write_json
from ..sample import grid
from .export import GUIDANCE, PARTS, export
from .memorise import COPY, measure
from .pictures import STYLES, Pictures, load_pictures, prompt_of
from .sample import PROMPTS, sample_latents, student_latents, trained_painter, trained_student
from .train import encode_pictures, prompt_vocabulary, psnr, scaling_factor, trained_vae
from .words import SPECIAL, encode_all

CARD = Path(__file__).parent / "card"
NAMES = {False: "model-emoji-ldm-64", True: "model-emoji-ldm-64-lcm"}  # by whether it is the student
DESCRIPTIONS = {
    False: "A small text-to-image latent diffusion model of 64x64 emoji, as ONNX in Stable Diffusion's folder layout",
    True: "The few-step student of emoji-ldm-64: 64x64 emoji from text in one to eight steps, as ONNX",
}
PICTURE = ("red apple", "fluent")  # what its tests start from and paint in
STEPS, SEED = 20, 0
STUDENT_STEPS = (1, 2, 4, 8)
ONNX_PARTS = {
    "text_encoder": "`input_ids` int64 [b, 12] → `last_hidden_state` [b, 12, 64]",
    "unet": "`sample` [b, 8, 16, 16], `timestep` [b], `encoder_hidden_states` [b, 12, 64] → `out_sample` (v)",
    "vae_decoder": "`latent_sample` [b, 8, 16, 16] → `sample` [b, 3, 64, 64]",
    "vae_encoder": "`sample` [b, 3, 64, 64] → `latent_parameters` [b, 16, 16, 16]: means, then log variances",
}


def parts_in(folder: Path) -> tuple[str, ...]:
    """The judge's files belong to the package where `judge.py` has written them."""
    return (*PARTS, *(["classifier"] if (folder / "classifier").exists() else []))


def manifest(parts: tuple[str, ...], student: bool) -> dict[str, Any]:
    """fashion-28's, with what differs."""
    found = json.loads((PACKAGES / "model-fashion-28/package.json").read_text())
    text = json.dumps(found).replace("model-fashion-28", NAMES[student])
    found = json.loads(text) | {"description": DESCRIPTIONS[student]}
    found["keywords"] = ["diffusion", "onnx", "model", "text-to-image", "emoji", "unnoise"]
    kept = ["dist", "!dist/.tsbuildinfo", "src", "NOTICE", "model_index.json", "sha256.json", *parts]
    found["files"] = [*kept[:4], *sorted(kept[4:])]
    entry = {key: found["exports"][key] for key in (".", "./package.json", "./*.json")}
    found["exports"] = entry | {f"./{part}/*": f"./{part}/*" for part in sorted(parts)}
    return found


def write_source(folder: Path) -> None:
    """fashion-28's too: what a package of data needs is the same."""
    fashion = PACKAGES / "model-fashion-28"
    source = (fashion / "src/index.ts").read_text()
    parts = ", ".join(f"`{part}/`" for part in PARTS)
    write_text(folder / "src/index.ts", source.replace("`scheduler/`, `unet/`", parts))


def write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_picture(folder: Path, pictures: Pictures) -> None:
    pairs = list(zip(pictures.names, pictures.styles))
    pixels = pictures.pixels[pairs.index(PICTURE)].permute(1, 2, 0).numpy()
    (folder / "test").mkdir(exist_ok=True)
    Image.fromarray(pixels).save(folder / "test/picture.png", optimize=True)


@torch.no_grad()
def write_samples(folder: Path, pictures: Pictures, student: bool) -> str:
    """Every prompt in every style, or the student's in 1, 2, 4 and 8 steps; tells how long the model was trained."""
    vocabulary = prompt_vocabulary(pictures)
    painter, progress = (trained_student if student else trained_painter)(vocabulary)
    nothing = encode_all([""], vocabulary)
    if student:
        ids = encode_all([prompt_of(prompt, "fluent") for prompt in PROMPTS], vocabulary)
        latents = torch.cat([student_latents(painter, ids, steps, SEED) for steps in STUDENT_STEPS])
    else:
        prompts = [prompt_of(prompt, style) for style in STYLES.values() for prompt in PROMPTS]
        latents = sample_latents(painter, encode_all(prompts, vocabulary), nothing, GUIDANCE, STEPS, SEED)
    images = trained_vae().decoder(latents / scaling_factor(encode_pictures(pictures)))
    grid(images, columns=len(PROMPTS), zoom=2).quantize(256).save(folder / "samples.png", optimize=True)
    return str(progress)


def parameters(folder: Path) -> dict[str, int]:
    floats = (onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16)
    models = {part: onnx.load(folder / part / "model.onnx") for part in ONNX_PARTS}
    return {
        part: sum(torch.Size(w.dims).numel() for w in model.graph.initializer if w.data_type in floats and w.dims)
        for part, model in models.items()
    }


def write_card(folder: Path, pictures: Pictures, progress: str, count: int, student: bool) -> None:
    counts, files = parameters(folder), json.loads((folder / "sha256.json").read_text())
    size = sum((folder / name).stat().st_size for name in files)
    if size > 7e6:
        raise SystemExit(f"the model has {size} bytes; 7 MB is the most")
    rows = [
        f"| `{part}` | {counts[part]:,} | {(folder / part / 'model.onnx').stat().st_size:,} | {about} |"
        for part, about in ONNX_PARTS.items()
    ]
    values = {
        "parameters": f"{sum(counts.values()):,}",
        "megabytes": f"{size / 1e6:.1f}",
        "columns": len(PROMPTS),
        "prompts": ", ".join(PROMPTS).capitalize(),
        "guidance": GUIDANCE,
        "words": f"{len(prompt_vocabulary(pictures)) - len(SPECIAL):,}",
        "parts": "\n".join(rows),
        "progress": progress,
        "psnr": psnr(trained_vae(), pictures.images(pictures.held_out)),
        "runs": "18 whole runs of eight schedulers, image-to-image and inpainting among them: at most 2 of 255 apart",
        "trained": f"{int((~pictures.held_out).sum()):,}",
        "copy": COPY,
    }
    found = measure(pictures, count, student)
    write_json(folder / "memorisation.json", {key: round(value, 4) for key, value in found.items()})
    write_text(folder / "README.md", (CARD / ("student.md" if student else "README.md")).read_text().format(**values, **found))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.package", description=__doc__)
    parser.add_argument("--out", type=Path, default=WORK / "model-emoji-package")
    parser.add_argument("--count", type=int, default=128, help="name-style pairs of each kind for the memorisation figures")
    parser.add_argument("--student", action="store_true", help="the few-step student's package")
    options = parser.parse_args()
    folder, pictures, student = options.out, load_pictures(), options.student
    export(folder, student)
    write_hashes(folder, parts_in(folder))
    write_json(folder / "package.json", manifest(parts_in(folder), student))
    write_source(folder)
    write_text(folder / "NOTICE", (CARD / "NOTICE").read_text())
    if not student:
        write_picture(folder, pictures)
    write_card(folder, pictures, write_samples(folder, pictures, student), options.count, student)
    print(f"{folder}: next, its dependents and recorded runs: see docs/models.md")


if __name__ == "__main__":
    main()
