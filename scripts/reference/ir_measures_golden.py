# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Reference values of every measure of package eval, query by query.

P, recall, success, MRR, MAP, nDCG and Rprec are computed by trec_eval's C code through pytrec_eval;
MRR@k, judged@k and RBP by ir_measures (providers msmarco, judged and cwl_eval); ERR and nDCG with
exponential gain by the gdeval.pl that ir_measures carries, told to print all digits instead of five.
trec_eval gets the scores as they are, so ties are broken by its own rule. The others have no rule for
ties, or another one, and get each list in trec_eval's order.

Usage, from the root of the repository:
  python scripts/reference/ir_measures_golden.py
      writes eval/testdata/ir_measures.tsv.gz: values of 1,000 random runs. The runs themselves come
      from a linear congruential generator that eval/reference_test.go has, too.
  python scripts/reference/ir_measures_golden.py --collections DIR RUN…
      compares `go run ./bench/measures` on run files. DIR holds collections in the layout of BEIR; the
      name of a run file begins with its collection's and a dot, as bench/retrieval -runs writes them.
      Prints the largest difference of each measure and fails above 1e-9.

Needs: pip install pytrec_eval-terrier==0.5.11 ir_measures==0.4.3 cwl-eval==1.0.12 numpy==2.4.6, and perl
"""

import argparse
import gzip
import json
import pkgutil
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import ir_measures
import numpy as np
import pytrec_eval

RUNS = 1000
OUTPUT = Path("eval/testdata/ir_measures.tsv.gz")
TREC = {  # winnow's name without a relevance level: trec_eval's
    "P@1": "P_1", "P@3": "P_3", "P@10": "P_10", "recall@3": "recall_3", "recall@10": "recall_10",
    "success@1": "success_1", "success@5": "success_5", "MRR": "recip_rank", "MAP": "map",
    "MAP@5": "map_cut_5", "Rprec": "Rprec",
}
TREC_GRADED = {"nDCG": "ndcg", "nDCG@3": "ndcg_cut_3", "nDCG@10": "ndcg_cut_10"}
OTHERS = ["MRR@3", "MRR(rel=2)@10", "judged@3", "judged@10", "RBP(p=0.5)", "RBP(rel=2)", "RBP(p=0.95)@5"]
GDEVAL = {"ERR@5": 5, "ERR@20": 20, "nDCG(exp)@3": 3, "nDCG(exp)@10": 10}


def with_level(name, level):
    """P@3 -> P(rel=2)@3"""
    if level == 1:
        return name
    base, at, k = name.partition("@")
    return f"{base}(rel={level}){at}{k}"


NAMES = [with_level(n, level) for level in (1, 2) for n in TREC] + list(TREC_GRADED) + OTHERS + list(GDEVAL)


def in_order(run):
    """Lists as trec_eval reads them: score down as float32, then id from high to low as bytes."""
    def ordered(docs):
        by_id = sorted(docs, key=lambda d: d.encode(), reverse=True)
        return sorted(by_id, key=lambda d: -float(np.float32(docs[d])))
    return {q: ordered(docs) for q, docs in run.items()}


def reference(qrels, run):
    """All values: {query: {name: value}} of queries with judgments and a list."""
    values = {q: dict.fromkeys(NAMES, 0.0) for q in run if q in qrels}
    # trec_eval's C code writes outside its memory when all grades of a query are below -1.
    safe = {q: {d: max(g, -1) for d, g in j.items()} if max(j.values()) < -1 else j for q, j in qrels.items()}
    for level in (1, 2):
        wanted = {with_level(n, level): t for n, t in TREC.items()} | (TREC_GRADED if level == 1 else {})
        names = {t: n for n, t in wanted.items()}
        evaluator = pytrec_eval.RelevanceEvaluator(safe, set(names), relevance_level=level)
        for q, found in evaluator.evaluate(run).items():
            for t, v in found.items():
                values[q][names[t]] = v
    lists = {q: docs for q, docs in in_order(run).items() if q in qrels}
    for name, measure, depth in [
        ("MRR@3", ir_measures.RR @ 3, None),
        ("MRR(rel=2)@10", ir_measures.RR(rel=2) @ 10, None),
        ("judged@3", ir_measures.Judged @ 3, None),
        ("judged@10", ir_measures.Judged @ 10, None),
        ("RBP(p=0.5)", ir_measures.RBP(p=0.5, rel=1), None),
        ("RBP(rel=2)", ir_measures.RBP(rel=2), None),  # p=0.8 unless told otherwise
        ("RBP(p=0.95)@5", ir_measures.RBP(p=0.95, rel=1), 5),
    ]:
        plain = {q: {d: float(-i) for i, d in enumerate(docs[:depth])} for q, docs in lists.items()}
        for m in ir_measures.iter_calc([measure], qrels, plain):
            if m.query_id in values:
                values[m.query_id][name] = m.value
    for name, k in GDEVAL.items():
        for q, (ndcg, err) in gdeval(qrels, lists, k).items():
            values[q][name] = err if name.startswith("ERR") else ndcg
    return values


def gdeval(qrels, lists, k):
    """nDCG and ERR at k by query; queries without a relevant document are absent."""
    script = pkgutil.get_data("ir_measures", "bin/gdeval.pl").decode()
    wide = script.replace("%.5f,%.5f", "%.17g,%.17g")
    assert wide != script
    numbers = {q: i for i, q in enumerate(lists)}
    with tempfile.TemporaryDirectory() as tmp:
        tmp = Path(tmp)
        (tmp / "gdeval.pl").write_text(wide)
        (tmp / "qrels").write_text("".join(f"{numbers[q]} 0 {d} {g}\n" for q in lists for d, g in qrels[q].items()), encoding="utf-8")
        (tmp / "run").write_text("".join(f"{numbers[q]} Q0 {d} {i} {-i} run\n" for q, docs in lists.items() for i, d in enumerate(docs)), encoding="utf-8")
        text = subprocess.check_output(["perl", tmp / "gdeval.pl", tmp / "qrels", tmp / "run", str(k)], text=True)
    queries = list(lists)
    rows = (line.split(",") for line in text.splitlines()[1:])
    return {queries[int(topic)]: (float(ndcg), float(err)) for _, topic, ndcg, err in rows}


class Generator:
    """Knuth's MMIX generator; its upper 31 bits."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def of(self, choices):
        return choices[self.below(len(choices))]


def random_runs():
    """Judgments and lists of all runs; query ids are the run's number, a dot, and the query's."""
    g = Generator(20261123)
    qrels, run = {}, {}
    for case in range(RUNS):
        for q in range(1 + g.below(3)):
            name = f"{case}.{q}"
            fate = g.below(12) if q else 11  # 0: judged, not in the run; 1: in the run, not judged
            top, n, levels = g.of([1, 1, 3, 4]), g.of([1, 2, 3, 5, 8, 12, 20, 30]), g.of([1, 2, 4, 1000])
            docs, grades = {}, {}
            for i in range(n):
                doc = f"{g.of(['d', 'D', 'é', 'a-'])}{g.below(10 ** (1 + g.below(3)))}_{i}"
                docs[doc] = g.below(levels) / 8 - 3
                if g.below(4) == 0:
                    docs[doc] += 2.0**-40  # float32 does not see it, except beside 0
                if g.below(2):
                    grades[doc] = g.below(top + 3) - 2
            for i in range(g.below(4)):
                grades[f"unseen{i}"] = g.below(top + 1)
            if not grades:
                grades["unseen"] = 1
            if fate != 0:
                run[name] = docs
            if fate != 1:
                qrels[name] = grades
    return qrels, run


def libraries():
    names = ("pytrec_eval-terrier", "ir_measures", "cwl-eval", "numpy")
    return json.dumps({n: version(n) for n in names} | {"python": platform.python_version()})


def write_golden():
    values = reference(*random_runs())
    lines = [f"# scripts/reference/ir_measures_golden.py {libraries()}", "\t".join(["query", *NAMES])]
    lines += ["\t".join([q, *(f"{values[q][n]:.12g}" for n in NAMES)]) for q in values]
    OUTPUT.write_bytes(gzip.compress(("\n".join(lines) + "\n").encode(), 9, mtime=0))
    print(f"{OUTPUT}: {len(values)} queries, {len(values) * len(NAMES)} values, {OUTPUT.stat().st_size} bytes")


def read_qrels(folder):
    qrels = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        query, doc, grade = line.split("\t")
        qrels.setdefault(query, {})[doc] = int(grade)
    return qrels


def read_run(path):
    run = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        query, _, doc, _, score, _ = line.split()
        run.setdefault(query, {})[doc] = float(score)
    return run


def compare(collections, path):
    """Largest absolute difference by name, and the number of queries."""
    folder = max((d for d in collections.iterdir() if path.name.startswith(d.name + ".")), key=lambda d: len(d.name))
    want = reference(read_qrels(folder), read_run(path))
    text = subprocess.check_output(["go", "run", "./bench/measures", "-measures", " ".join(NAMES), folder, path], text=True)
    header, *rows = (line.split("\t") for line in text.splitlines())
    assert header == ["query", *NAMES], header
    got = {query: dict(zip(NAMES, map(float, numbers))) for query, *numbers in rows}
    assert set(want) <= set(got), "queries differ"
    assert all(v == 0 for q in set(got) - set(want) for v in got[q].values())
    return {n: max(abs(got[q][n] - want[q][n]) for q in want) for n in NAMES}, len(want)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--collections", type=Path)
    parser.add_argument("runs", nargs="*", type=Path)
    args = parser.parse_args()
    if not args.collections:
        write_golden()
        return
    worst = dict.fromkeys(NAMES, 0.0)
    for path in args.runs:
        differences, queries = compare(args.collections, path)
        print(f"{path.name}: {queries} queries, largest difference {max(differences.values()):.2g}", flush=True)
        worst = {n: max(worst[n], differences[n]) for n in NAMES}
    for name, d in sorted(worst.items(), key=lambda x: -x[1]):
        print(f"{d:.2g}\t{name}")
    if max(worst.values()) > 1e-9:
        sys.exit("above 1e-9")


if __name__ == "__main__":
    main()
