# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Measures ONNX Runtime on one workload file and prints JSON; run.py starts it once a round.

Tokenisation is not in the times (on winnow's side it is). Pooling and normalisation are, as they belong to the result.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import onnxruntime


def session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def batches(ids: list[list[int]], types: list[list[int]] | None, size: int):
    """Sorted by length, padded to the longest of the batch; yields the positions of its members and the feeds."""
    order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
    for at in range(0, len(order), size):
        members = order[at : at + size]
        width = max(len(ids[i]) for i in members)
        shape = (len(members), width)
        feeds = {name: np.zeros(shape, dtype=np.int64) for name in ("input_ids", "attention_mask", "token_type_ids")}
        for row, i in enumerate(members):
            n = len(ids[i])
            feeds["input_ids"][row, :n] = ids[i]
            feeds["attention_mask"][row, :n] = 1
            if types:
                feeds["token_type_ids"][row, :n] = types[i]
        yield members, feeds


def encode(model: onnxruntime.InferenceSession, ids: list[list[int]], size: int) -> np.ndarray:
    out = None
    for members, feeds in batches(ids, None, size):
        hidden = model.run(None, feeds)[0]
        mask = feeds["attention_mask"][:, :, None].astype(np.float32)
        # One matrix product a text: quicker than multiplying every hidden state by its mask and adding up.
        pooled = np.matmul(mask.transpose(0, 2, 1), hidden)[:, 0, :] / mask.sum(axis=1)
        pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
        if out is None:
            out = np.empty((len(ids), pooled.shape[1]), dtype=np.float32)
        out[members] = pooled
    return out


def rerank(model: onnxruntime.InferenceSession, ids: list[list[int]], types: list[list[int]], size: int) -> np.ndarray:
    out = np.empty(len(ids), dtype=np.float32)
    for members, feeds in batches(ids, types, size):
        out[members] = model.run(None, feeds)[0][:, 0]
    return out


def best_of(n: int, run) -> tuple[float, np.ndarray]:
    times, value = [], None
    for _ in range(n):
        start = time.perf_counter()
        value = run()
        times.append(time.perf_counter() - start)
    return min(times), value


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--workload", type=Path, required=True)
    arguments.add_argument("--bi", type=Path, required=True)
    arguments.add_argument("--cross", type=Path, required=True)
    arguments.add_argument("--threads", type=int, required=True)
    arguments.add_argument("--encode-batches", type=int, nargs="+", required=True)
    arguments.add_argument("--rerank-batches", type=int, nargs="+", required=True)
    arguments.add_argument("--repeats", type=int, default=20, help="runs of the short measurements; the best counts")
    arguments.add_argument("--vectors", type=Path, help="write the outputs here (npz)")
    o = arguments.parse_args()
    work = json.loads(o.workload.read_text(encoding="utf-8"))
    bi, cross = session(o.bi, o.threads), session(o.cross, o.threads)

    encode(bi, work["passage_ids"][:64], 16)
    passages = {b: best_of(1, lambda b=b: encode(bi, work["passage_ids"], b)) for b in o.encode_batches}
    rerank(cross, work["pair_ids"][:8], work["pair_types"][:8], 8)
    pairs = {b: best_of(max(3, o.repeats // 4), lambda b=b: rerank(cross, work["pair_ids"], work["pair_types"], b)) for b in o.rerank_batches}
    query, _ = best_of(o.repeats * 10, lambda: encode(bi, [work["query_ids"]], 1))
    if o.vectors:
        np.savez(o.vectors, embeddings=next(iter(passages.values()))[1], logits=next(iter(pairs.values()))[1])
    print(json.dumps({
        "engine": "onnxruntime",
        "version": onnxruntime.__version__,
        "encode_seconds": {b: t for b, (t, _) in passages.items()},
        "rerank_seconds": {b: t for b, (t, _) in pairs.items()},
        "query_seconds": query,
        "tokens": sum(len(i) for i in work["passage_ids"]),
        "pair_tokens": sum(len(i) for i in work["pair_ids"]),
    }))


if __name__ == "__main__":
    main()
