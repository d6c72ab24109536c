"""The tokenizer: whole words, since the names of all emoji together hold only some 1,460 different ones."""

import re
import unicodedata
from collections.abc import Iterable

import torch
from torch import Tensor

MAX_LENGTH = 12  # the longest name (8 words), "<style> style", and the two ends
PAD, BOS, EOS, UNK = range(4)
SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
FLAT = "fluent[^a-z0-9]+flat"  # the name of the style that prompts call "flat"


def words_of(text: str) -> list[str]:
    """"Piñata, woman's!" -> pinata, womans: as the names of the icons are spelt."""
    letters = unicodedata.normalize("NFD", text.lower())
    unmarked = re.sub("[\u0300-\u036f'’]", "", letters)
    return re.findall("[a-z0-9]+", re.sub(FLAT, "flat", unmarked))


def vocabulary_of(texts: Iterable[str]) -> dict[str, int]:
    words = sorted({word for text in texts for word in words_of(text)})
    return {word: i for i, word in enumerate((*SPECIAL, *words))}


def encode(text: str, vocabulary: dict[str, int]) -> list[int]:
    """Always MAX_LENGTH ids; words beyond that are dropped."""
    words = [vocabulary.get(word, UNK) for word in words_of(text)][: MAX_LENGTH - 2]
    ids = [BOS, *words, EOS]
    return ids + [PAD] * (MAX_LENGTH - len(ids))


def encode_all(texts: Iterable[str], vocabulary: dict[str, int]) -> Tensor:
    """int64 [n, MAX_LENGTH]"""
    return torch.tensor([encode(text, vocabulary) for text in texts])
