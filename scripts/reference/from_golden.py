#!/usr/bin/env python3
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes the verify file of the starting reranker from its golden logits.

    python3 scripts/reference/from_golden.py RERANKER_START_JSON OUT

The input holds pairs with the logit that transformers computed for each.
"""

import json
import sys

source, out = sys.argv[1:]
golden = json.load(open(source, encoding="utf-8"))
reference = {
    "schema": "winnow-reference/1",
    "model": "builtin:reranker",
    "kind": "cross",
    "about": "Logits of the float16 cross-encoder that builtin:reranker was converted from, by transformers on a CPU in float32.",
    "libraries": {"transformers": "5.23"},
    "tolerance": 1e-4,
    "max_length": 512,
    "labels": 1,
    "activation": "identity",
    "cases": [
        {"name": f"pair-{i}", "query": p["query"], "document": p["document"], "logits": [p["logit"]]}
        for i, p in enumerate(golden["pairs"])
    ],
}
with open(out, "w", encoding="utf-8") as f:
    json.dump(reference, f, ensure_ascii=False, indent=1)
    f.write("\n")
