# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime: float32 on the fused graph, and that graph quantised to int8 dynamically."""

import concurrent.futures
from pathlib import Path

import onnxruntime

from models import Model

NAME = "ONNX Runtime"
VERSION = onnxruntime.__version__
PRECISIONS = ("fp32", "int8")


def variants(precision: str) -> list[str]:
    """Ways to run it; the fastest counts. "team": all threads on one batch; "streams": one batch a thread."""
    files = {"fp32": ["fused"], "int8": ["int8-full", "int8-reduced"]}[precision]
    return [f"{file} {mode}" for file in files for mode in ("team", "streams")]


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class Runner:
    """One session, called by one thread, or by as many as there are streams."""

    def __init__(self, model: Model, precision: str, variant: str, threads: int):
        file, mode = variant.split()
        self.session = session(model.file(f"{file}.onnx"), threads if mode == "team" else 1)
        self.streams = concurrent.futures.ThreadPoolExecutor(threads) if mode == "streams" and threads > 1 else None

    def prepare(self, feeds: dict):
        return feeds

    def run(self, inputs: list, sink) -> None:
        """Runs every input and gives sink its number and its output as a float32 array."""

        def one(i: int) -> None:
            sink(i, self.session.run(None, inputs[i])[0])

        if self.streams and len(inputs) > 1:
            list(self.streams.map(one, range(len(inputs))))
        else:
            for i in range(len(inputs)):
                one(i)
