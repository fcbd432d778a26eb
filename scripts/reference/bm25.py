# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write index/lexical/testdata/bm25s.json: scores of every variant by the bm25s library itself.

Texts are words between spaces. Scores are those of all rows, also of rows without a term of the query.

Usage: python scripts/reference/bm25.py      (from the root of the repository)
Needs: pip install bm25s==0.3.16 numpy==2.4.6
"""

import json
import platform
import random
from importlib.metadata import version
from pathlib import Path

import bm25s

METHODS = ("robertson", "lucene", "atire", "bm25+", "bm25l")
OUT = Path("index/lexical/testdata/bm25s.json")


def texts(rng, rows, words):
    out = []
    for _ in range(rows):
        length = max(1, int(rng.lognormvariate(2.3, 0.7)))
        out.append(" ".join(f"w{int(words ** rng.random()) - 1}" for _ in range(length)))
    return out


def main():
    rng = random.Random(5)
    corpora, cases = [texts(rng, 12, 6), texts(rng, 150, 60)], []
    for number, corpus in enumerate(corpora):
        tokens = [t.split() for t in corpus]
        known = sorted({w for t in tokens for w in t})
        for method in METHODS:
            for k1, b, delta in ((1.5, 0.75, 0.5), (0.9, 0.4, 1.0), (2.0, 1.0, 0.25), (1.2, 0.0, 0.5)):
                library = bm25s.BM25(method=method, k1=k1, b=b, delta=delta)
                library.index(tokens, show_progress=False)
                query = [rng.choice(known) for _ in range(rng.randrange(1, 6))]
                scores = library.get_scores(query)
                cases.append({"corpus": number, "method": method, "k1": k1, "b": b, "delta": delta, "query": " ".join(query),
                              "scores": [float(f"{s:.7g}") for s in scores]})
    head = {"libraries": {"bm25s": version("bm25s"), "numpy": version("numpy"), "python": platform.python_version()},
            "tolerance": 1e-4, "corpora": corpora}
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    body = ",\n".join("  " + json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("{\n" + ",\n".join(lines) + ',\n "cases": [\n' + body + "\n ]\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
