# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Compares winnow with other engines on one machine in one run, and prints a table of ratios.

    make bench-peers RETRIEVER=DIR RERANKER=DIR COLLECTION=DIR

All engines get the same token ids, the same number of threads and turns that alternate (A B C A B C …), each engine in a
process of its own, so that a noisy minute hits all. Reported is each engine's best turn in its best way of running. The
outputs are compared: a fast engine that computes something else is no peer.
"""

import argparse
import contextlib
import os
import subprocess
import sys
import zlib
from pathlib import Path

import extras
import models
import processes
import report
import workload
from fidelity import GRADE
from measure import Row, Task, say
from models import Model

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PEERS = {"onnx": ("fp32", "int8"), "openvino": ("fp32", "bf16", "int8"), "torch": ("fp32", "bf16")}
PRECISIONS = ["fp32", "int16", "bf16", "int8"]
RERANKERS = {"rerank": "6x384", **{f"rerank-{shape}": shape for shape in models.SHAPES}}
WORKLOADS = ["encode", "query", *RERANKERS, "tokens", "threads", "memory"]


def keyed(name: str, directory: Path) -> str:
    """A name for files made of a checkpoint, so that those of another one are not taken for them."""
    return f"{name}-{zlib.crc32(str(directory).encode()):08x}"


class Bench:
    """The choices made, and what was prepared for them below the cache directory."""

    def __init__(self, o: argparse.Namespace):
        self.o = o
        self.work_file, self.binary = o.cache / "workload.json", o.cache / "winnow-peer"
        self.retriever = Model(keyed("retriever", o.retriever), o.retriever, o.cache, False)
        self.rerankers = {}
        for name, shape in RERANKERS.items():
            directory = o.reranker if name == "rerank" else o.cache / keyed(f"random-{shape}", o.reranker)
            self.rerankers[name] = Model(keyed(name, o.reranker), directory, o.cache, True)
        # Emulated bfloat16 would be an easy peer: it counts only where the processor has it.
        bf16 = {"avx512_bf16", "amx_bf16"} & report.cpu_flags()
        self.peers = [(key, p) for key in o.peers for p in PEERS[key] if p in o.precisions and (p != "bf16" or bf16)]

    def prepare(self) -> None:
        o = self.o
        o.cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["go", "build", "-o", self.binary, "./bench/peers/winnow"], check=True, cwd=ROOT)
        self.work = workload.build(o.retriever, o.reranker, o.collection, self.work_file, o.passages)
        for name in o.workloads:
            if RERANKERS.get(name) in models.SHAPES:
                models.random_reranker(RERANKERS[name], o.reranker, self.rerankers[name].directory)
            if name in self.rerankers:
                self.convert(self.rerankers[name])
        if {"encode", "query"} & set(o.workloads):
            self.convert(self.retriever)

    def convert(self, model: Model) -> None:
        """Makes the files that the peers read, unless they are there already."""
        out, cross = model.cache / model.name, ["--cross"] if model.cross else []
        steps = [("export.py", [model.directory, out, *cross])]
        if ("onnx", "int8") in self.peers:
            steps.append(("int8_onnx.py", [out]))
        if ("openvino", "int8") in self.peers:
            steps.append(("int8_openvino.py", [out, self.work_file, *cross]))
        newest = (model.directory / "model.safetensors").stat().st_mtime
        for script, arguments in steps:
            done = out / f"{script}.done"  # written last: files of a step that failed are made anew
            newest = max(newest, (HERE / script).stat().st_mtime)
            if done.exists() and done.stat().st_mtime > newest:
                continue
            say(f"{model.name}: {script}")
            step = subprocess.run([sys.executable, HERE / script, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if step.returncode:
                sys.exit(f"{script} failed:\n{step.stdout[-4000:]}")
            done.touch()
            newest = done.stat().st_mtime  # what is made of these files must be made anew, too

    def engines(self, model: Model, stack: contextlib.ExitStack) -> list[processes.Engine]:
        """All engines with a model; winnow in a precision the processor lacks is left out."""
        o, out = self.o, []
        for precision in o.precisions:
            out.append(processes.winnow(self.binary, precision, model, self.work_file, o.threads))
            stack.callback(out[-1].close)
            if out[-1].in_use != precision:
                say(f"winnow runs {out.pop().in_use} instead of {precision}: left out")
        for key, precision in self.peers:
            out.append(processes.peer(key, precision, model, self.work_file, o.threads))
            stack.callback(out[-1].close)
        return out

    def measure(self, model: Model, tasks: list[Task]) -> list[list[Row]]:
        """Rows of each task of a model; the reference comes first, from a process that then ends."""
        with contextlib.ExitStack() as stack:
            reference = processes.peer("onnx", "fp32", model, self.work_file, self.o.threads)
            stack.callback(reference.close)
            for task in tasks:
                task.refer(reference)
        with contextlib.ExitStack() as stack:
            engines = self.engines(model, stack)
            return [task.measure(engines, self.o.rounds) for task in tasks]

    def results(self) -> list[report.Result]:
        o, out = self.o, []
        lengths = {"passages": [len(i) for i in self.work["passage_ids"]], "query": [len(self.work["query_ids"])],
                   "pairs": [len(i) for i in self.work["pair_ids"]]}
        groups = [(self.retriever, [("encode", "passages", o.encode_batches, f"encode {o.passages:,} passages"),
                                    ("query", "query", [1], "encode one query of 16 tokens")])]
        for name, model in self.rerankers.items():
            weights = "" if name == "rerank" else ", random weights"
            groups.append((model, [(name, "pairs", o.rerank_batches, f"rerank 100 pairs, {RERANKERS[name]}{weights}")]))
        for model, wanted in groups:
            wanted = [w for w in wanted if w[0] in o.workloads]
            if not wanted:
                continue
            tasks = [Task(name, kind, batches, model.config["hidden_size"], o.cache) for name, kind, batches, _ in wanted]
            for (_, kind, _, title), rows in zip(wanted, self.measure(model, tasks)):
                out.append(report.Result(title, kind, rows, len(lengths[kind]), model.flops(lengths[kind])))
        return out


def int16_is_exact(results: list[report.Result]) -> bool:
    """Whether 16-bit fixed point counts as float32 grade: its vectors of all passages say so. Not shown, not so."""
    rows = [row for r in results if r.kind == "passages" for row in r.rows if row.precision == "int16"]
    return bool(rows) and all(1 - row.fidelity.worst <= GRADE for row in rows)


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--retriever", type=Path, required=True, help="directory of a bi-encoder with mean pooling, e.g. all-MiniLM-L6-v2")
    a.add_argument("--reranker", type=Path, required=True, help="directory of a one-label BERT cross-encoder")
    a.add_argument("--collection", type=Path, required=True, help="directory with corpus.jsonl and queries.jsonl (BEIR layout)")
    a.add_argument("--threads", type=int, default=os.cpu_count())
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--passages", type=int, default=2000)
    a.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS))
    a.add_argument("--workloads", nargs="+", choices=WORKLOADS, default=WORKLOADS)
    a.add_argument("--precisions", nargs="+", choices=PRECISIONS, default=PRECISIONS)
    a.add_argument("--encode-batches", type=int, nargs="+", default=[4, 8, 16])
    a.add_argument("--rerank-batches", type=int, nargs="+", default=[5, 10, 20])
    a.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench-peers")
    a.add_argument("--write", type=Path, help="where the report goes; by default docs/benchmarks/peers.md, and part.md in the cache if a part was run")
    o = a.parse_args()
    whole = all(getattr(o, name) == a.get_default(name) for name in ("passages", "peers", "workloads", "precisions"))
    o.write = o.write or (ROOT / "docs" / "benchmarks" / "peers.md" if whole else o.cache / "part.md")
    o.retriever, o.reranker, o.collection, o.cache = (p.resolve() for p in (o.retriever, o.reranker, o.collection, o.cache))
    bench = Bench(o)
    bench.prepare()
    results = bench.results()
    tokens = scaled = used = None
    if "tokens" in o.workloads:
        tokens = extras.tokenisation(bench.binary, bench.retriever, bench.work_file, o.rounds)
    if "threads" in o.workloads:
        say("threads")
        scaled = extras.scaling(bench.binary, [bench.retriever, bench.rerankers["rerank"]], bench.work_file, o.precisions, o.threads, o.rounds)
    if "memory" in o.workloads:
        say("memory")
        used = extras.memory(bench.binary, bench.retriever, bench.work_file, o.precisions, o.threads)
    header = {"threads": o.threads, "rounds": o.rounds, "passages": o.passages, "tokens": sum(len(i) for i in bench.work["passage_ids"])}
    text = report.write(header, results, tokens, scaled or [], used or [], int16_is_exact(results))
    print(text)
    o.write.parent.mkdir(parents=True, exist_ok=True)
    o.write.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
