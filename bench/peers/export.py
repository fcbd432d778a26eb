# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes a BERT model as ONNX, plain and graph-optimised, and refuses a graph in which a fusion did not happen.

    python bench/peers/export.py MODEL_DIR OUT_DIR [--cross]

plain.onnx is for OpenVINO, which fuses by itself. fused.onnx is what ONNX Runtime is fastest with in float32 on a CPU:
one node for the embedding sum with its layer norm, one Attention node a layer, bias and GELU fused, residual and layer
norm fused.
"""

import argparse
import collections
from pathlib import Path

import onnx
import torch
from onnxruntime.transformers import optimizer
from onnxruntime.transformers.fusion_options import FusionOptions
from transformers import AutoModel, AutoModelForSequenceClassification


class Outputs(torch.nn.Module):
    """The model with one plain output: last hidden states [batch, length, hidden], or logits [batch, labels]."""

    def __init__(self, directory: Path, cross: bool):
        super().__init__()
        kind = AutoModelForSequenceClassification if cross else AutoModel
        options = {"dtype": torch.float32, "attn_implementation": "eager", "local_files_only": True}
        if not cross:
            options["add_pooling_layer"] = False
        self.model = kind.from_pretrained(str(directory), **options).eval()
        self.cross = cross

    def forward(self, input_ids, attention_mask, token_type_ids):
        out = self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        return out.logits if self.cross else out.last_hidden_state


def export(directory: Path, out: Path, cross: bool) -> None:
    module = Outputs(directory, cross)
    config = module.model.config
    names = ["input_ids", "attention_mask", "token_type_ids"]
    example = tuple(torch.ones((2, 9), dtype=torch.int64) for _ in names)
    plain, fused = out / "plain.onnx", out / "fused.onnx"
    axes = {name: {0: "batch", 1: "length"} for name in names}
    output = "logits" if cross else "last_hidden_state"
    axes[output] = {0: "batch"} if cross else {0: "batch", 1: "length"}
    torch.onnx.export(module, example, str(plain), input_names=names, output_names=[output], dynamic_axes=axes,
                      opset_version=17, do_constant_folding=True, dynamo=False)
    options = FusionOptions("bert")
    options.enable_gelu_approximation = False
    optimised = optimizer.optimize_model(str(plain), model_type="bert", num_heads=config.num_attention_heads,
                                         hidden_size=config.hidden_size, opt_level=99, optimization_options=options)
    optimised.save_model_to_file(str(fused))
    check(fused, config.num_hidden_layers)


def check(path: Path, layers: int) -> None:
    """Counts fused nodes; a peer without them would be an easy one."""
    count = collections.Counter(node.op_type for node in onnx.load(str(path)).graph.node)
    print(f"{path.name}: {dict(count)}")
    norms = count["SkipLayerNormalization"]
    wanted = {"Attention": layers, "BiasGelu": layers}
    missing = {op: n for op, n in wanted.items() if count[op] != n}
    if missing or norms != 2 * layers or count["EmbedLayerNormalization"] != 1:
        raise SystemExit(f"{path}: fusion incomplete, wanted {wanted}, {2 * layers} SkipLayerNormalization and one EmbedLayerNormalization")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("model", type=Path)
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--cross", action="store_true", help="a sequence classifier: the output is its logits")
    options = arguments.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    export(options.model, options.out, options.cross)


if __name__ == "__main__":
    main()
