# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Compares training steps of winnow and PyTorch on one machine in one run, and prints a table.

    make bench-train SHARED=DIR RETRIEVER=DIR RERANKER=DIR

Both get the same start, the same batches in the same order, loss, dropout and number of threads, in turns that alternate, each in a
process of its own. Counted are tokens without padding; the first two steps of a turn are left out. What was read must be the same to the token,
and the mean losses alike (dropout draws differ).
"""

import argparse
import gzip
import itertools
import json
import os
import platform
import random
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SOURCES = ["squadshifts_wiki", "squad_sentences", "boolq"]
WARM = 2


def fresh(row: dict, negatives: int, seen: set) -> bool:
    """Whether none of a row's texts was in another: of texts that repeat, winnow encodes one, and calls no answer wrong that is right."""
    texts = [row["query"], row["positive"], *row["negatives"][:negatives]]
    new = len(set(texts)) == len(texts) and not seen.intersection(texts)
    seen.update(texts)
    return new


def make_rows(shared: Path, path: Path, negatives: int, count: int, batch: int) -> None:
    """Batches of rows of several sources, each of rows of about one length, as winnow's trainer makes them, in random order."""
    rows, batches, seen = [], [], set()
    for name in SOURCES:
        with gzip.open(shared / "train" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as f:
            rows.append([r for r in map(json.loads, f) if len(r["negatives"]) >= negatives and fresh(r, negatives, seen)][:count])
    mixed = [r for group in itertools.zip_longest(*rows) for r in group if r is not None][:count]
    if len(mixed) < count:
        sys.exit(f"{shared}/train has {len(mixed)} rows with texts of their own; {count} are needed")
    size = 16 * batch
    for at in range(0, len(mixed), size):
        part = sorted(mixed[at : at + size], key=lambda r: len(r["positive"]) + sum(map(len, r["negatives"][:negatives])))
        batches += [part[i : i + batch] for i in range(0, len(part), batch)]
    random.Random(1).shuffle(batches)
    with path.open("w", encoding="utf-8") as f:
        for r in [r for b in batches for r in b]:
            f.write(json.dumps({"query": r["query"], "positive": r["positive"], "negatives": r["negatives"][:negatives]}) + "\n")


def turn(command: list[str], threads: int) -> dict:
    env = dict(os.environ, OMP_NUM_THREADS=str(threads), GOMAXPROCS=str(threads), TOKENIZERS_PARALLELISM="true")
    out = subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout
    lines = [json.loads(line) for line in out.splitlines()]
    steps = lines[WARM:-1]
    return {
        "tokens": sum(s["tokens"] for s in steps),
        "rate": len(steps) / sum(s["seconds"] for s in steps),
        "peak": lines[-1]["peak"],
        "loss": sum(s["loss"] for s in steps) / len(steps),
    }


def machine() -> str:
    model = platform.processor()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    import torch

    return f"{model}; {os.cpu_count()} cores; PyTorch {torch.__version__}"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shared", type=Path, required=True, help="the shared data: a folder with train/")
    p.add_argument("--retriever", type=Path, required=True, help="directory of all-MiniLM-L6-v2")
    p.add_argument("--reranker", type=Path, required=True, help="directory of a cross-encoder")
    p.add_argument("--threads", type=int, nargs="+", default=[os.cpu_count()])
    p.add_argument("--precisions", nargs="+", default=["fp32", "bf16"])
    p.add_argument("--kinds", nargs="+", default=["bi", "cross"])
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--steps", type=int, default=12)
    p.add_argument("--tokens", type=int, default=128)
    p.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench-train")
    p.add_argument("--write", type=Path, help="a file to write the table to")
    o = p.parse_args()
    o.cache.mkdir(parents=True, exist_ok=True)
    binary = o.cache / "winnow-train"
    subprocess.run(["go", "build", "-o", binary, "./bench/train/winnow"], check=True, cwd=ROOT)
    flags = {}
    for kind, batch, negatives in (("bi", 32, 1), ("cross", 16, 2)):
        path = o.cache / f"{kind}.jsonl"
        make_rows(o.shared, path, negatives, batch * o.steps, batch)
        flags[kind] = ["--kind", kind, "--rows", str(path), "--batch", str(batch)]
        flags[kind] += ["--model", str(o.retriever if kind == "bi" else o.reranker), "--steps", str(o.steps), "--tokens", str(o.tokens)]
    lines = [
        f"- {machine()}",
        f"- best of {o.rounds} alternating turns of {o.steps - WARM} steps over the same batches; inputs of up to {o.tokens} tokens",
        "",
        "| task | threads | precision | winnow, steps/s | PyTorch, steps/s | ratio | median of turns | tokens of a step | mean loss, winnow / PyTorch "
        "| peak, winnow / PyTorch, MiB |",
        "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    names = {"bi": "bi-encoder, 32 rows with a negative", "cross": "cross-encoder, 16 rows with 2 negatives"}
    for kind in o.kinds:
        for threads in o.threads:
            for precision in o.precisions:
                more = [*flags[kind], "--precision", precision, "--threads", str(threads)]
                ours, theirs = [], []
                for n in range(o.rounds):
                    ours.append(turn([str(binary), *more], threads))
                    theirs.append(turn([sys.executable, str(HERE / "peer.py"), *more], threads))
                    print(f"{kind} {precision} {threads}: {ours[n]} {theirs[n]}", file=sys.stderr)
                a, b = max(t["rate"] for t in ours), max(t["rate"] for t in theirs)
                ratios = sorted(x["rate"] / y["rate"] for x, y in zip(ours, theirs, strict=True))
                peak = " / ".join(f"{max(t['peak'] for t in side) / 2**20:,.0f}" for side in (ours, theirs))
                read = {t["tokens"] for t in [*ours, *theirs]}
                if len(read) > 1:
                    sys.exit(f"{kind}: the sides read different tokens: {read}")
                losses = [sum(t["loss"] for t in side) / len(side) for side in (ours, theirs)]
                if abs(losses[0] - losses[1]) > 0.1 * max(losses):
                    sys.exit(f"{kind}: the mean losses are {losses}")
                lines.append(
                    f"| {names[kind]} | {threads} | {precision} | {a:.2f} | {b:.2f} | **{a / b:.2f}** | {ratios[len(ratios) // 2]:.2f} "
                    f"| {read.pop() / (o.steps - WARM):,.0f} | {losses[0]:.3f} / {losses[1]:.3f} | {peak} |"
                )
    table = "\n".join(lines) + "\n"
    print(table)
    if o.write:
        o.write.write_text("# Training beside PyTorch\n\nMeasured with `make bench-train` (bench/train).\n\n" + table)


if __name__ == "__main__":
    main()
