"""Tiny model folders in Stable Diffusion's layout, with the inputs of two generations of exports. packages/pipelines/test/models
keeps them; pipeline_text.py runs them in Python.

    python tools/golden/onnx_pipelines.py           writes
    python tools/golden/onnx_pipelines.py --check   makes them again and compares byte for byte

The networks are closed formulas, not trained: the UNet gives x / 2 + t / 1000 + m p, where m is the mean of the prompt's states
and p a fixed pattern; the autoencoder mixes channels and doubles or halves the sides.
"""

import argparse
import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
import onnx
from diffusers import DDIMScheduler
from onnx_fixtures import FLOAT, HALF, INT32, INT64, ROOT, Graph, sha256
from tokenizers.pre_tokenizers import ByteLevel
from transformers import AutoTokenizer

FOLDER = ROOT / "packages/pipelines/test/models"
CHANNELS, SIDE, WIDTH = 4, 8, 4
WORDS = ("red", "green", "apple", "dog", "flat", "style")


def waves(*shape, size=1.0):
    """Numbers that look arbitrary and are the same everywhere."""
    return np.sin(np.arange(1, 1 + np.prod(shape), dtype=np.float64) * 1.7).reshape(shape) * size


def text_encoder(ids, dtype, words, length):
    graph = Graph()
    graph.input("input_ids", ids, ["batch", "sequence"])
    table, places = graph.constant(waves(words, WIDTH)), graph.constant(waves(length, WIDTH, size=0.1))
    states = graph.node("Add", graph.node("Gather", table, "input_ids"), places)
    return graph.model(states, "last_hidden_state", dtype, ["batch", "sequence", WIDTH])


def unet(timestep, dtype):
    graph = Graph()
    x = graph.input("sample", dtype, ["batch", CHANNELS, "height", "width"])
    t = graph.along_batch(graph.input("timestep", *timestep))
    states = graph.input("encoder_hidden_states", dtype, ["batch", "sequence", WIDTH])
    mean = graph.along_batch(graph.node("ReduceMean", states, axes=[1, 2], keepdims=0))
    pattern = graph.constant(waves(1, CHANNELS, SIDE, SIDE, size=3.0))
    value = graph.node("Add", graph.node("Mul", x, graph.constant(0.5)), graph.node("Mul", t, graph.constant(0.001)))
    value = graph.node("Add", value, graph.node("Mul", mean, pattern))
    return graph.model(value, "out_sample", dtype, ["batch", CHANNELS, "height", "width"])


def vae_decoder(dtype):
    graph = Graph()
    x = graph.input("latent_sample", dtype, ["batch", CHANNELS, "height", "width"])
    weights = graph.constant(waves(CHANNELS, 3, 2, 2, size=0.4))
    pixels = graph.node("Tanh", graph.node("ConvTranspose", x, weights, strides=[2, 2]))
    return graph.model(pixels, "sample", dtype, ["batch", 3, "height_out", "width_out"])


def vae_encoder(dtype, output, channels):
    graph = Graph()
    x = graph.input("sample", dtype, ["batch", 3, "height", "width"])
    value = graph.node("Conv", x, graph.constant(waves(channels, 3, 2, 2, size=0.8)), strides=[2, 2])
    return graph.model(value, output, dtype, ["batch", channels, "height_out", "width_out"])


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def write_parts(folder, parts, configs):
    for name, model in parts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        onnx.save(model, folder / name / "model.onnx")
    for name, config in configs.items():
        write_json(folder / name / "config.json", config)
    schedule = dict(beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False)
    DDIMScheduler(**schedule, prediction_type="v_prediction", set_alpha_to_one=False).save_pretrained(folder / "scheduler")


VAE = {"block_out_channels": [8, 16], "latent_channels": CHANNELS, "scaling_factor": 0.7}
UNET = {"in_channels": CHANNELS, "out_channels": CHANNELS, "sample_size": SIDE}


def write_float32(folder):
    """As optimum exports now: scalar float timesteps, int64 ids, latent_parameters; whole words."""
    special = ("<pad>", "<bos>", "<eos>", "<unk>")
    vocabulary = {word: i for i, word in enumerate((*special, *WORDS))}
    parts = {
        "text_encoder": text_encoder(INT64, FLOAT, len(vocabulary), 8),
        "unet": unet((FLOAT, []), FLOAT),
        "vae_decoder": vae_decoder(FLOAT),
        "vae_encoder": vae_encoder(FLOAT, "latent_parameters", 2 * CHANNELS),
    }
    write_parts(folder, parts, {"unet": UNET, "vae_decoder": VAE, "vae_encoder": VAE})
    index = {name: ["diffusers", "OnnxRuntimeModel"] for name in parts}
    index |= {"scheduler": ["diffusers", "DDIMScheduler"], "tokenizer": ["transformers", "PreTrainedTokenizerFast"]}
    styles = {"flat": "{}, flat style", "plain": "{}"}
    head = {"_class_name": "StableDiffusionPipeline", "guidance_scale": 2.5, "prompt_styles": styles}
    write_json(folder / "model_index.json", head | index)
    write_json(folder / "tokenizer/tokenizer.json", word_level(vocabulary))
    pad, bos, eos, unk = special
    config = {"pad_token": pad, "bos_token": bos, "eos_token": eos, "unk_token": unk, "model_max_length": 8}
    write_json(folder / "tokenizer/tokenizer_config.json", config | {"tokenizer_class": "PreTrainedTokenizerFast"})


def word_level(vocabulary):
    ends = {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in ("<bos>", "<eos>")}
    frame = [{"SpecialToken": {"id": "<bos>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]
    frame += [{"SpecialToken": {"id": "<eos>", "type_id": 0}}]
    marks = {"type": "Replace", "pattern": {"Regex": "[\u0300-\u036f'’]"}, "content": ""}
    split = {"type": "Split", "pattern": {"Regex": "[^a-z0-9]+"}, "behavior": "Removed", "invert": False}
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": {
            **{"strategy": {"Fixed": 8}, "direction": "Right", "pad_to_multiple_of": None},
            **{"pad_id": 0, "pad_type_id": 0, "pad_token": "<pad>"},
        },
        "added_tokens": [],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, {"type": "NFD"}, marks]},
        "pre_tokenizer": split,
        "post_processor": {"type": "TemplateProcessing", "single": frame, "pair": [], "special_tokens": ends},
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"},
    }


def write_float16(folder):
    """As diffusers' own script and `optimum-cli` exported: int64 timesteps [batch], int32 ids, float16, latents drawn inside,
    the index of the torch model; CLIP's vocab.json and merges.txt without tokenizer.json."""
    vocabulary, merges = clip_vocabulary()
    parts = {
        "text_encoder": text_encoder(INT32, HALF, len(vocabulary), 10),
        "unet": unet((INT64, ["batch"]), HALF),
        "vae_decoder": vae_decoder(HALF),
        "vae_encoder": vae_encoder(HALF, "latent_sample", CHANNELS),
    }
    write_parts(folder, parts, {"unet": UNET, "vae_decoder": VAE, "vae_encoder": VAE})
    index = {
        "_class_name": "StableDiffusionPipeline",
        "feature_extractor": [None, None],
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }
    write_json(folder / "model_index.json", index)
    (folder / "tokenizer").mkdir(exist_ok=True)
    (folder / "tokenizer/vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False) + "\n")
    (folder / "tokenizer/merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    end = {"content": "<|endoftext|>", "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    special = {"bos_token": "<|startoftext|>", "eos_token": end, "pad_token": "!", "unk_token": end}
    write_json(folder / "tokenizer/special_tokens_map.json", special)
    write_json(folder / "tokenizer/tokenizer_config.json", {"model_max_length": 10, "tokenizer_class": "CLIPTokenizer"})


def clip_vocabulary():
    """Bytes, bytes that end a word, and what the merges make: as CLIP's, with a handful of merges."""
    letters = sorted(ByteLevel.alphabet())
    merges = ["r e", "re d</w>", "a p", "ap p", "l e</w>", "app le</w>", "d o", "do g</w>", "' s</w>"]
    merges += ["c a", "ca f", "Ã ©</w>"]
    tokens = [*letters, *(letter + "</w>" for letter in letters), *(merge.replace(" ", "") for merge in merges)]
    return {token: i for i, token in enumerate((*tokens, "<|startoftext|>", "<|endoftext|>"))}, merges


MODELS = {"sd-float32": write_float32, "sd-float16": write_float16}


TEXTS = (
    "",
    "red apple",
    "Red  APPLE's café!",
    "dog " * 11,
    "Piñata, woman’s 12-3 \t dog",
    "<|endoftext|> red",
    "日本 dog",
)


def token_ids(folder):
    """What transformers makes of texts, padded and cut to the model's length."""
    tokenizer = AutoTokenizer.from_pretrained(folder / "tokenizer")
    how = dict(padding="max_length", max_length=tokenizer.model_max_length, truncation=True)
    return [{"text": text, "ids": tokenizer(text, **how).input_ids} for text in TEXTS]


def write(folder):
    for name, make in MODELS.items():
        make(folder / name)
        lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in token_ids(folder / name))
        (folder / name / "token-ids.json").write_text(f"[\n{lines}\n]\n")
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != "recipe.json")
    made = {f"{(FOLDER / path.relative_to(folder)).relative_to(ROOT)}": sha256(path) for path in files}
    versions = {name: version(name) for name in ("diffusers", "onnx", "tokenizers", "transformers")}
    recipe = {"tools/golden/onnx_pipelines.py": sha256(Path(__file__)), "files": made, "versions": versions}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
    return recipe


def check():
    with tempfile.TemporaryDirectory() as folder:
        same = write(Path(folder)) == json.loads((FOLDER / "recipe.json").read_text())
    print("the same" if same else "other files come out: write again")
    return 0 if same else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with what is there instead of writing")
    if parser.parse_args().check:
        sys.exit(check())
    print(f"{len(write(FOLDER)['files'])} files")
