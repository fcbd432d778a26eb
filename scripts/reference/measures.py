# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write eval/testdata/measures.json and rank/testdata/agreement.json.

Measures are computed by trec_eval's own C code through pytrec_eval, correlations by SciPy, on random
lists with many ties. Scores are multiples of 1/8, so no rounding separates or joins them.

Usage: python scripts/reference/measures.py      (from the root of the repository)
Needs: pip install pytrec_eval-terrier==0.5.11 scipy==1.17.1 numpy==2.4.6
"""

import json
import platform
import random
from importlib.metadata import version
from pathlib import Path

import pytrec_eval
from scipy import stats

CUTS = (1, 3, 5, 10, 20, 100)
MEASURES = {
    *(f"{m}.{k}" for m in ("P", "recall", "success", "ndcg_cut", "map_cut") for k in CUTS),
    "ndcg", "map", "recip_rank",
}


def libraries(*names):
    return {**{n: version(n) for n in names}, "python": platform.python_version()}


def write(path, head, cases):
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    body = ",\n".join("  " + json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
    Path(path).write_text("{\n" + ",\n".join(lines) + ',\n "cases": [\n' + body + "\n ]\n}\n", encoding="utf-8")


def measure_cases(rng):
    for i in range(60):
        docs = [f"d{rng.randrange(10**rng.randrange(1, 5))}" for _ in range(rng.choice([1, 2, 5, 12, 40, 150]))]
        docs = sorted(set(docs))
        top = rng.choice([1, 1, 3])
        judged = {d: rng.choice([-1, 0, 0, *range(1, top + 1)]) for d in docs if rng.random() < 0.5}
        judged.update({f"unseen{j}": rng.randrange(top + 1) for j in range(rng.randrange(4))})
        if not judged:
            judged = {docs[0]: 1}
        levels = rng.choice([1, 2, 8, 1000])
        retrieved = [d for d in docs if rng.random() < 0.9] or docs
        rng.shuffle(retrieved)
        run = {d: rng.randrange(levels) / 8 - 3 for d in retrieved}
        for level in (1, 2):
            evaluator = pytrec_eval.RelevanceEvaluator({"q": judged}, MEASURES, relevance_level=level)
            values = evaluator.evaluate({"q": run})["q"]
            yield {"level": level, "judged": judged, "run": list(run.items()),
                   "values": {k: float(f"{v:.12g}") for k, v in sorted(values.items())}}


def agreement_cases(rng):
    for i in range(40):
        n = rng.choice([2, 3, 5, 10, 50])
        levels = rng.choice([2, 4, 1000])
        a = [rng.randrange(levels) / 8 for _ in range(n)]
        b = [x if rng.random() < 0.5 else rng.randrange(levels) / 8 for x in a]
        if len(set(a)) == 1 or len(set(b)) == 1:
            continue
        yield {"a": a, "b": b, "kendall": float(stats.kendalltau(a, b, variant="b").statistic),
               "spearman": float(stats.spearmanr(a, b).statistic)}


def main():
    rng = random.Random(20261122)
    write("eval/testdata/measures.json",
          {"about": "trec_eval through pytrec_eval on random runs with ties; level is trec_eval's -l",
           "libraries": libraries("pytrec_eval-terrier")},
          list(measure_cases(rng)))
    write("rank/testdata/agreement.json",
          {"about": "Kendall's tau-b and Spearman's correlation of random lists with ties",
           "libraries": libraries("scipy", "numpy")},
          list(agreement_cases(rng)))


if __name__ == "__main__":
    main()
