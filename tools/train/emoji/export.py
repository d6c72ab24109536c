"""Writes emoji-ldm-64 as a model folder: `python -m tools.train.emoji.export --out packages/model-emoji-ldm-64`.

The parts and their names are those of Stable Diffusion's ONNX exports. A part that disagrees with torch is refused.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers
import onnxruntime
import torch
from diffusers import LCMScheduler
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

from ..data import WORK
from ..export import write_hashes, write_json
from ..onnx_file import write_onnx
from .pictures import SIZE, STYLES, load_pictures, prompt_of
from .sample import trained_painter, trained_student
from .text import PainterShape
from .train import LATENT_SHAPE, encode_pictures, prompt_vocabulary, scaling_factor, scheduler, trained_vae
from .vae import WIDTHS
from .words import BOS, EOS, FLAT, MAX_LENGTH, PAD, SPECIAL, UNK, encode

PARTS = ("scheduler", "text_encoder", "tokenizer", "unet", "vae_decoder", "vae_encoder")
GUIDANCE = 2.5  # sharp, and not yet garish
LARGEST_DIFFERENCE = 1e-2  # float16 weights against float32, of outputs whose values are about 1


@dataclass(frozen=True)
class Part:
    name: str
    model: nn.Module
    inputs: dict[str, Tensor]  # a batch of eight
    output: str
    config: dict[str, Any]


def parts_of(vocabulary: dict[str, int], scale: float, student: bool) -> list[Part]:
    painter, progress = (trained_student if student else trained_painter)(vocabulary)
    vae, shape, draw = trained_vae(), PainterShape(len(vocabulary)), torch.Generator().manual_seed(0)
    print(f"{progress}, scaling_factor {scale:.4f}")
    ids = torch.randint(len(SPECIAL), len(vocabulary), (8, MAX_LENGTH), generator=draw)
    ids[:, 0], ids[:4, 5:] = BOS, PAD
    latents = torch.randn(8, *LATENT_SHAPE, generator=draw)
    images = torch.rand(8, 3, SIZE, SIZE, generator=draw) * 2 - 1
    text = torch.randn(8, MAX_LENGTH, shape.text_width, generator=draw)
    denoised = {"sample": latents, "timestep": torch.rand(8, generator=draw) * 999, "encoder_hidden_states": text}
    return [
        Part("text_encoder", painter.text_encoder, {"input_ids": ids}, "last_hidden_state", text_config(shape)),
        Part("unet", painter.unet, denoised, "out_sample", unet_config(shape)),
        Part("vae_decoder", vae.decoder, {"latent_sample": latents / scale}, "sample", vae_config(scale)),
        Part("vae_encoder", vae.encoder, {"sample": images}, "latent_parameters", vae_config(scale)),
    ]


def text_config(shape: PainterShape) -> dict[str, Any]:
    return {
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "hidden_size": shape.text_width,
        "max_position_embeddings": MAX_LENGTH,
        "num_attention_heads": shape.text_heads,
        "num_hidden_layers": shape.text_layers,
        "pad_token_id": PAD,
        "vocab_size": shape.words,
    }


def unet_config(shape: PainterShape) -> dict[str, Any]:
    return {
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": diffusers.__version__,
        "block_out_channels": list(shape.channels),
        "cross_attention_dim": shape.text_width,
        "in_channels": LATENT_SHAPE[0],
        "norm_num_groups": shape.groups,
        "out_channels": LATENT_SHAPE[0],
        "sample_size": LATENT_SHAPE[1],
    }


def vae_config(scale: float) -> dict[str, Any]:
    return {
        "_class_name": "AutoencoderKL",
        "_diffusers_version": diffusers.__version__,
        "block_out_channels": list(WIDTHS),
        "in_channels": 3,
        "latent_channels": LATENT_SHAPE[0],
        "out_channels": 3,
        "sample_size": SIZE,
        "scaling_factor": scale,
    }


def model_index(scheduler_class: str, student: bool) -> dict[str, Any]:
    """`guidance_scale` is what the model is best at; `prompt_styles` puts the words of a style around a subject."""
    onnx_parts = ("text_encoder", "unet", "vae_decoder", "vae_encoder")
    styles = {style.replace("flat", "fluent flat"): prompt_of("{}", style) for style in STYLES.values()}
    return {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": diffusers.__version__,
        "guidance_scale": 1.0 if student else GUIDANCE,
        "prompt_styles": {**styles, "flat": prompt_of("{}", "flat")},
        "scheduler": ["diffusers", scheduler_class],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        **{name: ["diffusers", "OnnxRuntimeModel"] for name in onnx_parts},
    }


def write_tokenizer(folder: Path, vocabulary: dict[str, int], prompts: list[str]) -> None:
    """`vocab.json` is all that whole words need; `tokenizer.json` says the same to Hugging Face's tokenizers."""
    write_json(folder / "vocab.json", vocabulary)
    pad, bos, eos, unk = SPECIAL
    config = {"pad_token": pad, "bos_token": bos, "eos_token": eos, "unk_token": unk, "model_max_length": MAX_LENGTH}
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", **config})
    tokenizer = fast_tokenizer(vocabulary)
    tokenizer.save(str(folder / "tokenizer.json"))
    for text in (*prompts, "", "Piñata, woman’s!  An UNKNOWN-word", "dog, Fluent-Flat style", "dog " * 20):
        if tokenizer.encode(text).ids != encode(text, vocabulary):
            raise SystemExit(f"tokenizer.json disagrees with words.py about {text!r}")


def fast_tokenizer(vocabulary: dict[str, int]) -> Tokenizer:
    pad, bos, eos, unk = SPECIAL
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=unk))
    unmarked = normalizers.Replace(Regex("[\u0300-\u036f'’]"), "")
    flat = normalizers.Replace(Regex(FLAT), "flat")
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.NFD(), unmarked, flat])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("[^a-z0-9]+"), "removed")
    ends = [(bos, BOS), (eos, EOS)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{bos} $A {eos}", special_tokens=ends)
    tokenizer.enable_truncation(MAX_LENGTH)
    tokenizer.enable_padding(pad_id=PAD, pad_token=pad, length=MAX_LENGTH)
    return tokenizer


def write_part(part: Part, folder: Path) -> str:
    file = folder / part.name / "model.onnx"
    write_onnx(part.model, {name: value[:2] for name, value in part.inputs.items()}, [part.output], file, half=False)
    exact = difference(part, file)
    write_onnx(part.model, {name: value[:2] for name, value in part.inputs.items()}, [part.output], file)
    halved = difference(part, file)
    if halved > LARGEST_DIFFERENCE:
        raise SystemExit(f"{file} differs from torch by {halved:.1e}, more than {LARGEST_DIFFERENCE:.0e}")
    write_json(file.with_name("config.json"), part.config)
    count = sum(p.numel() for p in part.model.parameters())
    size = f"{part.name}: {count} parameters, {file.stat().st_size} bytes"
    return f"{size}, |ONNX - torch| {exact:.1e} as float32, {halved:.1e} as shipped"


def difference(part: Part, path: Path) -> float:
    """The largest |ONNX - torch| over batches of 1 to 8."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = part.model(*part.inputs.values())
    worst = 0.0
    for batch in range(1, 9):
        [got] = session.run([part.output], {name: value[:batch].numpy() for name, value in part.inputs.items()})
        worst = max(worst, (torch.from_numpy(got) - wanted[:batch]).abs().max().item())
    return worst


def export(folder: Path, student: bool) -> None:
    pictures = load_pictures()
    vocabulary = prompt_vocabulary(pictures)
    for part in parts_of(vocabulary, scaling_factor(encode_pictures(pictures)), student):
        print(write_part(part, folder))
    write_tokenizer(folder / "tokenizer", vocabulary, [*map(prompt_of, pictures.names, pictures.styles)])
    trained_with = LCMScheduler.from_config(scheduler().config) if student else scheduler()
    trained_with.save_pretrained(folder / "scheduler")
    write_json(folder / "model_index.json", model_index(type(trained_with).__name__, student))
    write_hashes(folder, PARTS)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.train.emoji.export", description=__doc__)
    parser.add_argument("--out", type=Path, default=WORK / "emoji-ldm-64")
    parser.add_argument("--student", action="store_true", help="the few-step student in the place of the UNet")
    options = parser.parse_args()
    export(options.out, options.student)


if __name__ == "__main__":
    main()
