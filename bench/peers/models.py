# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The models compared: two real checkpoints, and random ones of other shapes, made once into the cache directory."""

import dataclasses
import functools
import json
import math
import shutil
import struct
from pathlib import Path

SEED = 20260101
# name -> layers, width, heads, intermediate width
SHAPES = {"2x128": (2, 128, 2, 512), "12x384": (12, 384, 12, 1536), "12x768": (12, 768, 12, 3072)}


@dataclasses.dataclass(frozen=True)
class Model:
    """A checkpoint and the directory for what is made of it; cross says that it scores pairs."""

    name: str
    directory: Path
    cache: Path
    cross: bool

    @functools.cached_property
    def config(self) -> dict:
        return json.loads((self.directory / "config.json").read_text(encoding="utf-8"))

    def file(self, name: str) -> Path:
        return self.cache / self.name / name

    def flops(self, lengths: list[int]) -> int:
        """Floating-point operations of the matrix products for texts of these lengths, without padding.

        A layer of width H and inner width I spends on n tokens 8nH² on the projections (query, key, value, output),
        4nHI on the feed-forward part and 4n²H on attention: a multiplication and an addition count as two.
        """
        layers, h, i = (self.config[k] for k in ("num_hidden_layers", "hidden_size", "intermediate_size"))
        return sum(layers * (8 * n * h * h + 4 * n * h * i + 4 * n * n * h) for n in lengths)

    def weight_bytes(self, precision: str) -> int:
        """Size of the weights at run time: products' weights in the precision, word embeddings as stored, the rest float32."""
        c = self.config
        layers, h, i = c["num_hidden_layers"], c["hidden_size"], c["intermediate_size"]
        width = {"fp32": 4, "int16": 2, "bf16": 2, "int8": 1}[precision]
        words = c["vocab_size"] * h * stored_width(self.directory / "model.safetensors", "word_embeddings.weight")
        rest = (c["max_position_embeddings"] + c["type_vocab_size"] + 2) * h + layers * (9 * h + i)
        return words + layers * (4 * h * h + 2 * h * i) * width + 4 * rest


def stored_width(path: Path, suffix: str) -> int:
    """Bytes of an element of the tensor whose name ends so."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    kind = next(entry["dtype"] for name, entry in header.items() if name.endswith(suffix))
    return {"F32": 4, "F16": 2, "BF16": 2, "I8": 1, "U8": 1}[kind]


def random_reranker(shape: str, tokenizer: Path, out: Path) -> None:
    """Writes a BERT cross-encoder with random weights and the tokenizer of another; always the same one for a shape."""
    if (out / "model.safetensors").exists():
        return
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    layers, hidden, heads, intermediate = SHAPES[shape]
    vocabulary = json.loads((tokenizer / "config.json").read_text(encoding="utf-8"))["vocab_size"]
    # Weights of variance 1/width keep a vector's size through a product, so that scores differ from pair to pair.
    config = BertConfig(vocab_size=vocabulary, hidden_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
                        intermediate_size=intermediate, initializer_range=1 / math.sqrt(hidden), num_labels=1)
    torch.manual_seed(SEED)
    out.mkdir(parents=True, exist_ok=True)
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (tokenizer / name).exists():
            shutil.copyfile(tokenizer / name, out / name)
    BertForSequenceClassification(config).eval().save_pretrained(out)
