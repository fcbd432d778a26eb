# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""OpenVINO: float32, bfloat16 and int8 on the CPU plugin, tuned for latency or for throughput.

The int8 models are made by int8_openvino.py: "static" quantises weights and activations after calibration, "weights"
stores 8-bit weights and lets the plugin quantise activations as it goes. What is not quantised runs in the plugin's own
choice of precision, which is bfloat16 where the CPU has it.
"""

import numpy as np
import openvino

from models import Model

NAME = "OpenVINO"
VERSION = openvino.__version__.split("-")[0]
PRECISIONS = ("fp32", "bf16", "int8")


def variants(precision: str) -> list[str]:
    """Ways to run it; the fastest counts."""
    files = {"fp32": ["plain"], "bf16": ["plain"], "int8": ["static", "weights"]}[precision]
    return [f"{file} {hint}" for file in files for hint in ("latency", "throughput")]


class Runner:
    """One compiled model and its queue of requests, of which the throughput hint makes several."""

    def __init__(self, model: Model, precision: str, variant: str, threads: int):
        file, hint = variant.split()
        options = {"PERFORMANCE_HINT": hint.upper(), "INFERENCE_NUM_THREADS": threads}
        if precision != "int8":
            options["INFERENCE_PRECISION_HINT"] = {"fp32": "f32", "bf16": "bf16"}[precision]
        source = model.file("plain.onnx" if file == "plain" else f"openvino-{file}.xml")
        self.model = openvino.Core().compile_model(str(source), "CPU", options)
        self.queue = openvino.AsyncInferQueue(self.model)
        self.queue.set_callback(self.done)
        self.sink = None

    def done(self, request, i: int) -> None:
        self.sink(i, request.get_output_tensor(0).data.astype(np.float32, copy=True))

    def prepare(self, feeds: dict):
        return feeds

    def run(self, inputs: list, sink) -> None:
        """Runs every input and gives sink its number and its output as a float32 array."""
        if len(inputs) == 1:
            sink(0, next(iter(self.model(inputs[0]).values())))
            return
        self.sink = sink
        for i, feeds in enumerate(inputs):
            self.queue.start_async(feeds, i)
        self.queue.wait_all()
