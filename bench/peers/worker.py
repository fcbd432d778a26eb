# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""One peer engine with one model, in a process of its own: reads requests from standard input and measures.

A request is a line of JSON: task ("passages", "query" or "pairs"), variant, batch, limit (how many inputs, spread evenly;
0: all), times (how often), save (file for the outputs). The answer is a line with the seconds of each run. Padded inputs
are made before the clock starts; pooling and scaling are within the time, as they belong to the result.
"""

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # pooling must not compete with the engine's own threads

import numpy as np  # noqa: E402

from batches import batches, pool  # noqa: E402
from models import Model  # noqa: E402

ENGINES = {"onnx": "onnx_peer", "openvino": "openvino_peer", "torch": "torch_peer"}


def spread(items: list, limit: int) -> list:
    """limit of the items, evenly spread; all of them for 0."""
    n = min(limit or len(items), len(items))
    return [items[i * len(items) // n] for i in range(n)]


class Worker:
    """An engine's runners, opened when they are first asked for, and the inputs made for them."""

    def __init__(self, engine: str, model: Model, precision: str, threads: int, work: dict):
        self.engine = importlib.import_module(ENGINES[engine])
        self.model, self.precision, self.threads, self.work = model, precision, threads, work
        self.runners = {}

    def runner(self, variant: str):
        if variant not in self.runners:
            self.runners[variant] = self.engine.Runner(self.model, self.precision, variant, self.threads)
        return self.runners[variant]

    def measure(self, request: dict) -> dict:
        task, work = request["task"], self.work
        types = None
        if task == "pairs":
            ids, types = spread(work["pair_ids"], request["limit"]), spread(work["pair_types"], request["limit"])
        elif task == "passages":
            ids = spread(work["passage_ids"], request["limit"])
        else:
            ids = [work["query_ids"]]
        runner = self.runner(request["variant"])
        members, feeds = zip(*batches(ids, types, request["batch"]))
        prepared = [runner.prepare(f) for f in feeds]
        outputs = [None] * len(prepared)

        def keep(i: int, output: np.ndarray) -> None:
            outputs[i] = output[:, 0] if self.model.cross else pool(output, feeds[i]["attention_mask"])

        seconds = []
        for _ in range(request["times"]):
            start = time.perf_counter()
            runner.run(prepared, keep)
            seconds.append(time.perf_counter() - start)
        if request.get("save"):
            first = outputs[0]
            values = np.empty((len(ids), *first.shape[1:]), dtype=np.float32)
            for rows, output in zip(members, outputs):
                values[list(rows)] = output
            values.tofile(request["save"])
        return {"seconds": seconds, "tokens": sum(len(i) for i in ids)}


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--engine", choices=ENGINES, required=True)
    a.add_argument("--precision", required=True)
    a.add_argument("--name", required=True, help="the model's directory below the cache")
    a.add_argument("--directory", type=Path, required=True, help="the checkpoint")
    a.add_argument("--cache", type=Path, required=True)
    a.add_argument("--cross", action="store_true")
    a.add_argument("--workload", type=Path, required=True)
    a.add_argument("--threads", type=int, required=True)
    o = a.parse_args()
    # Libraries write to standard output, too: it is for answers only.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    work = json.loads(o.workload.read_text(encoding="utf-8"))
    worker = Worker(o.engine, Model(o.name, o.directory, o.cache, o.cross), o.precision, o.threads, work)
    ready = {"name": worker.engine.NAME, "version": worker.engine.VERSION, "precision": o.precision,
             "variants": worker.engine.variants(o.precision)}
    print(json.dumps(ready), file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(worker.measure(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
