# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Makes OpenVINO's two int8 models of a plain ONNX graph with NNCF.

    python bench/peers/int8_openvino.py DIR WORKLOAD [--cross]

DIR/openvino-static.xml: weights and activations quantised, with scales measured on texts of the workload.
DIR/openvino-weights.xml: weights only; the CPU plugin quantises activations as it goes.
"""

import argparse
import json
from pathlib import Path

import nncf
import openvino

from batches import batches

SAMPLES = 128


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("directory", type=Path)
    arguments.add_argument("workload", type=Path)
    arguments.add_argument("--cross", action="store_true", help="the model scores pairs")
    o = arguments.parse_args()
    work = json.loads(o.workload.read_text(encoding="utf-8"))
    ids, types = (work["pair_ids"], work["pair_types"]) if o.cross else (work["passage_ids"][:SAMPLES], None)
    plain = str(o.directory / "plain.onnx")
    samples = nncf.Dataset([feeds for _, feeds in batches(ids, types, 1)])
    static = nncf.quantize(openvino.Core().read_model(plain), samples, model_type=nncf.ModelType.TRANSFORMER, subset_size=SAMPLES)
    openvino.save_model(static, o.directory / "openvino-static.xml", compress_to_fp16=False)
    weights = nncf.compress_weights(openvino.Core().read_model(plain), mode=nncf.CompressWeightsMode.INT8_SYM)
    openvino.save_model(weights, o.directory / "openvino-weights.xml", compress_to_fp16=False)


if __name__ == "__main__":
    main()
