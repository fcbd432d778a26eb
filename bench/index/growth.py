# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""How an index directory grows: time to open it and answer the first query, latency, memory and disk by the number of passages."""

import shutil
from pathlib import Path

import processes
from measure import Journal, say

SIZES = (10_000, 100_000, 1_000_000)
ROUNDS = 5  # fresh processes for opening; the median is reported


def run(binary: Path, cache: Path, journal: Journal, vectors: tuple[Path, Path], texts: tuple[Path, Path], kind: str, threads: int, seconds: float) -> None:
    """vectors and texts are files of rows and of queries."""
    for size in SIZES:
        folder = cache / f"directory-{size}"
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            e = processes.winnow(binary, "directory", kind)
            a = e.ask("build", variant=kind, data=str(vectors[0]), file=str(texts[0]), rows=size, folder=str(folder / "index"), threads=threads)
            say(f"growth: {size:,} passages indexed: {a}")
            journal.add(what="growth build", rows=size, kind=kind, seconds=a["seconds"], **e.resident())
            e.close()
            (folder / "done").touch()
        for turn in range(ROUNDS):
            e = processes.winnow(binary, "directory", kind)
            a = e.ask("first", folder=str(folder / "index"), queries=str(vectors[1]), k=10, threads=threads)
            row = {"what": "growth", "rows": size, "turn": turn, "opened": a["opened"], "first": a["seconds"], "disk": a["bytes"], "idle": e.resident()}
            if turn == ROUNDS - 1:
                for way, queries in (("dense", vectors[1]), ("lexical", texts[1])):
                    r = e.ask("search", way=way, queries=str(queries), k=10, threads=1, seconds=seconds, limit=0)
                    row[way] = r["seconds"] / r["queries"]
                row["used"] = e.resident()
                e.ask("idle")
                row["idle_after_use"] = e.resident()
                r = e.ask("search", way="dense", queries=str(vectors[1]), k=10, threads=1, seconds=0, limit=1)
                row["first_after_idle"] = r["seconds"] / r["queries"]
            say(f"growth: {row}")
            journal.add(**row)
            e.close()
