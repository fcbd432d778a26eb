#!/usr/bin/env python3
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Measures a cold start and peak memory of the winnow program.

    python3 bench/start.py bin/winnow CORPUS_JSONL

Cold start: `winnow embed` of one line with the built-in model, from starting the process to its end; the files are in
the page cache. Peak memory: `winnow embed` of the first 10,000 passages of the corpus, largest resident set.
"""

import itertools
import json
import os
import resource
import statistics
import subprocess
import sys
import time

program, corpus = sys.argv[1:]


def embed(text: str) -> None:
    subprocess.run([program, "embed"], input=text.encode(), stdout=subprocess.DEVNULL, check=True)


embed("warm the page cache")
times = []
for _ in range(20):
    start = time.perf_counter()
    embed("how does reranking work?")
    times.append(1000 * (time.perf_counter() - start))
print(f"one line, {len(times)} processes: median {statistics.median(times):.0f} ms, {min(times):.0f} to {max(times):.0f} ms")
print(f"  peak memory {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024:.0f} MiB")

with open(corpus, encoding="utf-8") as f:
    rows = [json.loads(line) for line in itertools.islice(f, 10_000)]
lines = "\n".join(json.dumps({"id": r["_id"], "text": r["text"]}) for r in rows)
start = time.perf_counter()
embed(lines)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"{len(rows):,} passages: {seconds:.1f} s, peak memory {peak:.0f} MiB, {os.cpu_count()} processors")
