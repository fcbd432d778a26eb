# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Compares winnow with ONNX Runtime (float32, graph-optimised) on one machine in one run, and prints a table of ratios.

    make bench-peers RETRIEVER=DIR RERANKER=DIR COLLECTION=DIR

Both engines get the same token ids, the same number of threads and turns that alternate (A B A B …), each turn in a
process of its own, so that a noisy minute hits both. Reported is each engine's best turn; ONNX Runtime's is also the best
of several batch sizes. The outputs are compared: a fast engine that computes something else is no peer.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime

import workload

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def call(command: list[object]) -> dict:
    """Runs one turn; its standard error goes through to the terminal."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, check=True, text=True, cwd=ROOT)
    return json.loads(done.stdout.strip().splitlines()[-1])


def cpu() -> str:
    """Model name and the vector extensions that matter here."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    fields = {k.strip(): v.strip() for k, v in fields.items()}
    flags = set(fields.get("flags", "").split())
    shown = [f for f in ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8") if f in flags]
    return f"{fields.get('model name', platform.machine())} ({' '.join(shown)})"


def best_batch(times: dict[str, float]) -> tuple[float, str]:
    batch = min(times, key=times.get)
    return times[batch], batch


def rows(ours: list[dict], theirs: list[dict]) -> list[tuple]:
    """(what, unit, winnow, peer, ratio best/best, ratios turn by turn); a ratio above 1 means that winnow is faster."""
    def peer(turn: dict, key: str) -> float:
        return turn[key] if key == "query_seconds" else best_batch(turn[key])[0]

    out = []
    for key, what in (("encode_seconds", "encode 2,000 passages"), ("rerank_seconds", "rerank 100 pairs of 16 + 80 tokens"),
                      ("query_seconds", "encode one query of 16 tokens")):
        a, b = [t[key] for t in ours], [peer(t, key) for t in theirs]
        note = ""
        if key != "query_seconds":
            note = f" (batch {min((best_batch(t[key]) for t in theirs))[1]})"
        out.append((what, min(a), min(b), note, min(b) / min(a), statistics.median(y / x for x, y in zip(a, b))))
    return out


def report(o: argparse.Namespace, ours: list[dict], theirs: list[dict], differences: dict[str, float]) -> str:
    go = subprocess.run(["go", "version"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()[2]
    tokens = theirs[0]["tokens"]
    lines = [
        "# winnow and ONNX Runtime, float32",
        "",
        f"- CPU: {cpu()}; {os.cpu_count()} cores; {o.threads} threads each; WINNOW_SIMD={os.environ.get('WINNOW_SIMD', '')!r}",
        f"- {go}; onnxruntime {onnxruntime.__version__}, float32, fused attention, GELU, layer norm and embedding",
        f"- {o.rounds} alternating turns each; best turn shown; {tokens:,} tokens in the passages",
        "- winnow's times include tokenisation, ONNX Runtime's do not",
        "",
        "| | winnow | ONNX Runtime | ratio of best | median ratio of turns |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for what, a, b, note, ratio, middle in rows(ours, theirs):
        lines.append(f"| {what} | {a * 1000:,.2f} ms | {b * 1000:,.2f} ms{note} | {ratio:.2f} | {middle:.2f} |")
    encode = rows(ours, theirs)[0]
    lines += ["", f"Tokens a second: winnow {tokens / encode[1]:,.0f}, ONNX Runtime {tokens / encode[2]:,.0f}. "
              "A ratio above 1 means that winnow is faster.",
              "", "Largest absolute difference of the outputs: "
              + ", ".join(f"{k} {v:.1e}" for k, v in differences.items()) + ".", ""]
    return "\n".join(lines)


def compare(outputs: Path) -> dict[str, float]:
    """Both engines' outputs against each other; stops the run where they differ by more than rounding explains."""
    theirs = np.load(outputs / "onnx.npz")
    found = {}
    for name, limit in (("embeddings", 1e-5), ("logits", 1e-4)):
        b = theirs[name]
        a = np.fromfile(outputs / f"{name}.f32", dtype="<f4")
        if a.size != b.size:
            sys.exit(f"{name}: winnow gave {a.size} values, ONNX Runtime {b.size}")
        found[name] = float(np.abs(a.reshape(b.shape) - b).max())
        if not found[name] <= limit:
            sys.exit(f"{name} differ by {found[name]:.2e}, more than {limit:.0e}: the engines do not compute the same")
    return found


def prepare(o: argparse.Namespace) -> tuple[Path, Path, Path, Path]:
    """Exported models, workload and winnow's binary, below the cache directory."""
    o.cache.mkdir(parents=True, exist_ok=True)
    bi, cross, work, binary = (o.cache / n for n in ("bi.onnx", "cross.onnx", "workload.json", "winnow-peer"))
    for directory, path, extra in ((o.retriever, bi, []), (o.reranker, cross, ["--cross"])):
        subprocess.run([sys.executable, HERE / "export.py", directory, path, *extra], check=True, stdout=sys.stderr)
    workload.build(o.retriever, o.reranker, o.collection, work)
    subprocess.run(["go", "build", "-o", binary, "./bench/peers/winnow"], check=True, cwd=ROOT)
    return bi, cross, work, binary


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--retriever", type=Path, required=True, help="directory of a bi-encoder with mean pooling, e.g. all-MiniLM-L6-v2")
    a.add_argument("--reranker", type=Path, required=True, help="directory of a one-label BERT cross-encoder")
    a.add_argument("--collection", type=Path, required=True, help="directory with corpus.jsonl and queries.jsonl (BEIR layout)")
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--encode-batches", type=int, nargs="+", default=[8, 16, 32])
    a.add_argument("--rerank-batches", type=int, nargs="+", default=[4, 10, 25])
    a.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench-peers")
    a.add_argument("--write", type=Path, help="also write the report to this file, e.g. docs/benchmarks/peers.md")
    o = a.parse_args()
    o.retriever, o.reranker, o.collection, o.cache = (p.resolve() for p in (o.retriever, o.reranker, o.collection, o.cache))
    bi, cross, work, binary = prepare(o)
    ours, theirs = [], []
    for turn in range(o.rounds):
        print(f"turn {turn + 1} of {o.rounds}", file=sys.stderr)
        ours.append(call([binary, "-workload", work, "-retriever", o.retriever, "-reranker", o.reranker,
                          "-threads", o.threads, "-outputs", o.cache]))
        theirs.append(call([sys.executable, HERE / "onnx_peer.py", "--workload", work, "--bi", bi, "--cross", cross,
                            "--threads", o.threads, "--vectors", o.cache / "onnx.npz",
                            "--encode-batches", *o.encode_batches, "--rerank-batches", *o.rerank_batches]))
        if ours[-1]["tokens"] != theirs[-1]["tokens"]:
            sys.exit(f"winnow ran {ours[-1]['tokens']} tokens, ONNX Runtime {theirs[-1]['tokens']}: not the same work")
    text = report(o, ours, theirs, compare(o.cache))
    print(text)
    if o.write:
        o.write.parent.mkdir(parents=True, exist_ok=True)
        o.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
