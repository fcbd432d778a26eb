# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Graph search: build time, size and queries a second at equal recall, all engines in turn on the same vectors."""

import contextlib
import dataclasses
import time
from pathlib import Path

import numpy as np

import measure
import processes
from measure import Journal, say
from vector_peers import PEERS

K = 10
M, WIDTH = 16, 200
WIDTHS = (10, 12, 14, 17, 20, 24, 28, 34, 40, 48, 56, 68, 80, 96, 112, 136, 160, 192, 224, 272, 320, 384, 448, 544, 640, 768)
WANTED = (0.95, 0.99)
# winnow with the peers' parameters, with its own, and with 8-bit vectors for the walk and float32 for the last word.
OURS = (f"hnsw{M}:{WIDTH}", "hnsw16", "hnsw16,int8")


@dataclasses.dataclass
class Data:
    """rows and queries are .npy files of unit vectors, truth the numbers of the 100 nearest rows of each query."""

    name: str
    rows: Path
    queries: Path
    truth: Path

    @property
    def count(self) -> int:
        return np.load(self.rows, mmap_mode="r").shape[0]


class Comparison:
    def __init__(self, data: Data, binary: Path, cache: Path, journal: Journal, seconds: float, rounds: int):
        self.data, self.binary, self.cache, self.journal, self.seconds, self.rounds = data, binary, cache, journal, seconds, rounds
        self.truth, self.count = np.load(data.truth), data.count

    def engines(self, stack: contextlib.ExitStack, peers: list[str], variants: list[str] | None, ours: list[str]) -> list[processes.Engine]:
        found = []
        for name in peers:
            for variant in PEERS[name].VARIANTS["hnsw"]:
                if variants is None or variant in variants:
                    found.append(processes.peer("vector", name, variant))
        for spec in ours:
            found.append(processes.winnow(self.binary, "vector", spec))
        for e in found:
            stack.callback(e.close)
        return found

    def open(self, e: processes.Engine, rebuild: bool, threads: int, width: int = WIDTH) -> None:
        file = self.cache / f"{self.data.name}-{e.name}-{e.variant.replace(',', '-').replace(':', '-')}.index"
        answer = e.ask("open", kind="hnsw", variant=e.variant, data=str(self.data.rows), rows=self.count, m=M, width=width,
                       threads=threads, file=str(file), rebuild=rebuild)
        say(f"{self.data.name}: {e.label} {answer} {e.resident()}")
        self.journal.add(what="build", data=self.data.name, rows=self.count, engine=e.name, version=e.version, variant=e.variant,
                         threads=threads, **answer)

    def search(self, e: processes.Engine, ef: int, threads: int, way: str, save: str = "", seconds: float = 0, limit: int = 0) -> dict:
        return e.ask("search", queries=str(self.data.queries), k=K, ef=ef, threads=threads, way=way, save=save,
                     seconds=seconds or self.seconds, limit=limit)

    def recalls(self, e: processes.Engine) -> dict[int, float]:
        """Recall by width, up to the first width that has all that is wanted, and one that is wider."""
        found, path = {}, self.cache / "found.i64"
        for ef in WIDTHS:
            self.search(e, ef, 2, "batch", save=str(path))
            ids = np.fromfile(path, dtype="<i8").reshape(-1, K)
            found[ef] = measure.recall(ids, self.truth, K)
            self.journal.add(what="recall", data=self.data.name, engine=e.name, variant=e.variant, ef=ef, recall=found[ef])
            if found[ef] >= max(WANTED):
                break
        say(f"{self.data.name}: recall of {e.label}: " + ", ".join(f"{ef} {r:.4f}" for ef, r in found.items()))
        return found

    def way(self, e: processes.Engine, ef: int, threads: int) -> str:
        """The faster of a call for each query and all queries in one call. winnow takes one at a time."""
        if e.name == "winnow":
            return "loop"
        rates = {}
        for way in ("loop", "batch"):
            r = self.search(e, ef, threads, way, seconds=0.5)
            rates[way] = r["queries"] / r["seconds"]
        self.journal.add(what="ways", data=self.data.name, engine=e.name, variant=e.variant, threads=threads, ef=ef, rates=rates)
        return max(rates, key=rates.get)

    def run(self, peers: list[str], variants: list[str] | None, ours: list[str], threads: list[int], rebuild: bool) -> None:
        with contextlib.ExitStack() as stack:
            engines = self.engines(stack, peers, variants, ours)
            for e in engines:
                self.open(e, rebuild, max(threads))
            recalls = {e: self.recalls(e) for e in engines}
            widths = {e: sorted({w for r in WANTED for w in measure.bracket(recalls[e], r)}) for e in engines}
            for n in threads:
                ways = {e: self.way(e, widths[e][0], n) for e in engines if widths[e]}
                for turn in range(self.rounds):
                    for e in ways:
                        for ef in widths[e]:
                            time.sleep(measure.PAUSE)
                            r = self.search(e, ef, n, ways[e])
                            self.journal.add(what="rate", data=self.data.name, engine=e.name, variant=e.variant, threads=n, turn=turn, ef=ef,
                                             recall=recalls[e][ef], way=ways[e], **measure.rates(r, n))
                    say(f"{self.data.name}: {n} threads, turn {turn + 1} of {self.rounds}")
            for e in engines:
                self.journal.add(what="resident", data=self.data.name, engine=e.name, variant=e.variant, **e.resident())
