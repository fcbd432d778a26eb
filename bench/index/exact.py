# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Exact search: one query at a time and a thousand at once, beside faiss flat; and codes with rescoring beside exact search."""

import contextlib
import time
from pathlib import Path

import numpy as np

import measure
import processes
from hnsw import K, Data
from measure import Journal, say

BATCH = 1000
CODES = ("flat,int8", "flat,binary")
OVERSAMPLE = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
ENOUGH = 0.95


class Comparison:
    def __init__(self, data: Data, binary: Path, cache: Path, journal: Journal, seconds: float, rounds: int):
        self.data, self.binary, self.cache, self.journal, self.seconds, self.rounds = data, binary, cache, journal, seconds, rounds
        self.truth, self.count = np.load(data.truth), data.count

    def open(self, e: processes.Engine) -> None:
        file = self.cache / f"{self.data.name}-{e.name}-{e.variant.replace(',', '-')}-exact.index"
        a = e.ask("open", kind="flat", variant=e.variant, data=str(self.data.rows), rows=self.count, m=0, width=0, threads=2, file=str(file), rebuild=False)
        say(f"{self.data.name}: {e.label} {a}")
        self.journal.add(what="exact size", data=self.data.name, rows=self.count, engine=e.name, version=e.version, variant=e.variant, bytes=a["bytes"])

    def search(self, e: processes.Engine, threads: int, way: str, oversample: int = 0, limit: int = BATCH, save: str = "", seconds: float = 0) -> dict:
        return e.ask("search", queries=str(self.data.queries), k=K, ef=0, threads=threads, way=way, save=save, limit=limit,
                     seconds=seconds or self.seconds, oversample=oversample)

    def recall(self, e: processes.Engine, oversample: int = 0) -> float:
        path = self.cache / "found.i64"
        self.search(e, 2, "batch", oversample, save=str(path))
        return measure.recall(np.fromfile(path, dtype="<i8").reshape(-1, K), self.truth, K)

    def run(self, threads: list[int], codes: bool) -> None:
        with contextlib.ExitStack() as stack:
            plain = [processes.winnow(self.binary, "vector", "flat"), processes.peer("vector", "faiss", "fp32")]
            coded = [processes.winnow(self.binary, "vector", spec) for spec in CODES] if codes else []
            for e in plain + coded:
                stack.callback(e.close)
                self.open(e)
            oversample = {e: 0 for e in plain}
            for e in plain:
                self.journal.add(what="exact recall", data=self.data.name, engine=e.name, variant=e.variant, oversample=0, recall=self.recall(e))
            for e in coded:
                for times in OVERSAMPLE:
                    found = self.recall(e, times)
                    self.journal.add(what="exact recall", data=self.data.name, engine=e.name, variant=e.variant, oversample=times, recall=found)
                    say(f"{self.data.name}: {e.label}, {times} times k rescored: recall {found:.4f}")
                    oversample[e] = times
                    if found >= ENOUGH:
                        break
            for n in threads:
                for way in ("one", "batch"):
                    ways = {e: self.way(e, n, oversample[e]) if way == "one" else "batch" for e in oversample}
                    for turn in range(self.rounds):
                        for e, times in oversample.items():
                            time.sleep(measure.PAUSE)
                            r = self.search(e, n, ways[e], times)
                            self.journal.add(what="exact rate", data=self.data.name, engine=e.name, variant=e.variant, threads=n, task=way, way=ways[e],
                                             turn=turn, oversample=times, **measure.rates(r, n))
                    say(f"{self.data.name}: {way}, {n} threads")

    def way(self, e: processes.Engine, threads: int, oversample: int) -> str:
        """How to answer single queries with several threads: each its own query ("loop"), or all the same one ("team")."""
        if threads == 1 or e.name != "winnow":
            return "loop"
        rates = {}
        for way in ("loop", "team"):
            r = self.search(e, threads, way, oversample, seconds=0.5)
            rates[way] = r["queries"] / r["seconds"]
        return max(rates, key=rates.get)
