# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Compares winnow's index with others on one machine in one run, and prints tables of ratios.

    make bench-index SHARED=DIR RETRIEVER=DIR

All engines get the same vectors, or the same terms, the same number of threads and turns that alternate (A B C A B C …), each
engine in a process of its own, so that a noisy minute hits all.
"""

import argparse
import os
import subprocess
from pathlib import Path

import data
import exact
import growth
import hnsw
import lexical
import report
from measure import Journal, say
from vector_peers import PEERS

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TASKS = ("hnsw", "exact", "lexical", "growth")
VECTORS = ("real", "synthetic-1m")


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--shared", type=Path, required=True, help="the shared data: a folder with eval/ and train/")
    a.add_argument("--retriever", type=Path, help="directory of all-MiniLM-L6-v2; only if the embeddings are not in the cache")
    a.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    a.add_argument("--vectors", nargs="+", choices=("real", *data.SIZES), default=VECTORS)
    a.add_argument("--corpora", nargs="+", help="names of evaluation sets, eval for all together, 1m; by default all of these")
    a.add_argument("--peers", nargs="*", choices=PEERS, default=list(PEERS), help="of graph search")
    a.add_argument("--variants", nargs="*", help="of the peers of graph search, such as fp32; by default all")
    a.add_argument("--kinds", nargs="*", default=hnsw.OURS, help="index kinds of winnow in graph search")
    a.add_argument("--threads", type=int, nargs="+", default=[1, os.cpu_count()])
    a.add_argument("--rounds", type=int, default=3)
    a.add_argument("--index-rounds", type=int, default=1, help="turns of indexing texts")
    a.add_argument("--seconds", type=float, default=2.0, help="length of a turn")
    a.add_argument("--keep-indexes", action="store_true", help="use graphs of an earlier run, whose build times are then missing")
    a.add_argument("--growth-kind", default="auto", help="index kind of the growing directory")
    a.add_argument("--cache", type=Path, default=ROOT / ".cache" / "bench-index")
    a.add_argument("--write", type=Path, help="where the report goes; by default report.md in the cache")
    a.add_argument("--report", type=Path, nargs="+", help="only write the report again, from these journals")
    a.add_argument("--by-cpu", action="store_true", help="show rates by processor time: for trials on a busy machine")
    o = a.parse_args()
    o.shared, o.cache = o.shared.resolve(), o.cache.resolve()
    if not (o.shared / "eval").is_dir():
        a.error(f"{o.shared} has no folder eval/; --shared is the folder that holds eval/ and train/")
    o.write = o.write or o.cache / "report.md"
    if o.report:
        rows = report.read(o.report)
    else:
        rows = measure_all(o)
    text = report.write(rows, o.by_cpu)
    print(text)
    o.write.parent.mkdir(parents=True, exist_ok=True)
    o.write.write_text(text, encoding="utf-8")


def build(binary: Path, package: str) -> Path:
    subprocess.run(["go", "build", "-o", binary, package], check=True, cwd=ROOT)
    return binary


def measure_all(o: argparse.Namespace) -> list[dict]:
    o.cache.mkdir(parents=True, exist_ok=True)
    binary = build(o.cache / "winnow-index", "./bench/index/winnow")
    store = data.Store(o.cache, o.shared, o.retriever and o.retriever.resolve(), lambda: build(o.cache / "winnow", "./cmd/winnow"), max(o.threads))
    journal = Journal(o.cache / "journal.jsonl")
    journal.add(what="machine", **report.machine(), rounds=o.rounds, seconds=o.seconds)
    indexes = o.cache / "indexes"
    if "hnsw" in o.tasks or "exact" in o.tasks:
        for name in o.vectors:
            vectors = hnsw.Data(name, *(store.real() if name == "real" else store.synthetic(name)))
            if "exact" in o.tasks:
                exact.Comparison(vectors, binary, indexes, journal, o.seconds, o.rounds).run(o.threads, name == "real")
            if "hnsw" in o.tasks:
                hnsw.Comparison(vectors, binary, indexes, journal, o.seconds, o.rounds).run(o.peers, o.variants, o.kinds, o.threads, not o.keep_indexes)
    if "lexical" in o.tasks:
        texts(o, store, binary, journal)
    if "growth" in o.tasks:
        vectors, corpus = store.synthetic("synthetic-1m"), store.corpora()["1m"]
        growth.run(binary, indexes, journal, vectors[:2], (corpus[0][0], corpus[1][0]), o.growth_kind, max(o.threads), o.seconds)
    say(f"measured: {journal.path}")
    return journal.rows


def texts(o: argparse.Namespace, store: data.Store, binary: Path, journal: Journal) -> None:
    compare = lexical.Comparison(binary, store.cache / "indexes", journal, o.seconds, o.rounds)
    for name, (passages, queries) in store.corpora().items():
        if o.corpora and name not in o.corpora:
            continue
        terms = lexical.Corpus(name, passages[1], queries[1], english=False)
        # Small indexes take so little time that only several turns tell.
        rounds = o.index_rounds if name == "1m" else max(o.index_rounds, o.rounds)
        compare.run(terms, lexical.TERMS, o.threads, rounds)
        if name in ("eval", "1m"):
            compare.run(lexical.Corpus(name, passages[0], queries[0], english=True), lexical.ENGLISH, o.threads, rounds)
        if name == "eval":
            compare.variants(terms)


if __name__ == "__main__":
    main()
