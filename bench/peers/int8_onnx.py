# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Quantises a fused ONNX graph to int8 dynamically, and refuses a result in which a product stayed float32.

    python bench/peers/int8_onnx.py DIR

DIR/fused.onnx becomes DIR/int8-full.onnx and DIR/int8-reduced.onnx: 8-bit signed weights with a scale for each column,
8-bit unsigned activations. "reduced" keeps weights to 7 bits, without which the sums of processors older than VNNI overflow.
"""

import argparse
import collections
import json
from pathlib import Path

import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

# What ONNX Runtime makes of a quantised product when it opens the graph.
PRODUCTS = ("DynamicQuantizeMatMul", "MatMulIntegerToFloat", "MatMulInteger")


def quantise(directory: Path, name: str, reduce_range: bool) -> None:
    path = directory / f"{name}.onnx"
    quantize_dynamic(directory / "fused.onnx", path, per_channel=True, reduce_range=reduce_range, weight_type=QuantType.QInt8,
                     extra_options={"MatMulConstBOnly": True, "DefaultTensorType": onnx.TensorProto.FLOAT})
    check(path)


def check(path: Path) -> None:
    """Counts the nodes of the graph as a session runs it."""
    run = path.with_suffix(".run.onnx")
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(run)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    count = collections.Counter(node.op_type for node in onnx.load(str(run)).graph.node)
    run.unlink()
    print(f"{path.name}: {dict(count)}")
    layers = count["BiasGelu"]
    # Three products a layer are left beside the one inside attention: its output and the two of the feed-forward part.
    products = sum(count[op] for op in PRODUCTS)
    if not layers or count["QAttention"] != layers or count["Attention"] or products < 3 * layers or count["MatMul"]:
        raise SystemExit(f"{path}: quantisation incomplete, wanted {layers} QAttention, no Attention, no MatMul "
                         f"and at least {3 * layers} of {', '.join(PRODUCTS)}: {json.dumps(count)}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    directory = arguments.parse_args().directory
    quantise(directory, "int8-full", False)
    quantise(directory, "int8-reduced", True)


if __name__ == "__main__":
    main()
