# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""PyTorch, eager, with its fused attention (SDPA): float32 and bfloat16."""

import contextlib
import logging

import torch
import transformers
from transformers import AutoModel, AutoModelForSequenceClassification

from models import Model

NAME = "PyTorch"
VERSION = torch.__version__.split("+")[0]
PRECISIONS = ("fp32", "bf16")


def variants(precision: str) -> list[str]:
    """Ways to run it; the fastest counts. "weights": the model is converted; "autocast": operation by operation."""
    return {"fp32": ["eager"], "bf16": ["weights", "autocast"]}[precision]


class Runner:
    """One model; batches run one after the other, all threads on each."""

    def __init__(self, model: Model, precision: str, variant: str, threads: int):
        torch.set_num_threads(threads)
        transformers.utils.logging.set_verbosity_error()
        logging.disable(logging.WARNING)
        kind = AutoModelForSequenceClassification if model.cross else AutoModel
        dtype = torch.bfloat16 if variant == "weights" else torch.float32
        options = {} if model.cross else {"add_pooling_layer": False}
        self.model = kind.from_pretrained(str(model.directory), dtype=dtype, attn_implementation="sdpa",
                                          local_files_only=True, **options).eval()
        self.output = "logits" if model.cross else "last_hidden_state"
        self.autocast = variant == "autocast"

    def prepare(self, feeds: dict):
        return {name: torch.from_numpy(array) for name, array in feeds.items()}

    def run(self, inputs: list, sink) -> None:
        """Runs every input and gives sink its number and its output as a float32 array."""
        cast = torch.autocast("cpu", dtype=torch.bfloat16) if self.autocast else contextlib.nullcontext()
        with torch.inference_mode(), cast:
            for i, feeds in enumerate(inputs):
                sink(i, self.model(**feeds)[self.output].float().numpy())
