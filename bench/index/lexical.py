# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""BM25: indexing rate and queries a second of all engines in turn on the same terms, and whether scores are equal."""

import contextlib
import dataclasses
import time
from pathlib import Path

import numpy as np

import measure
import processes
from measure import Journal, say

DEPTHS = (10, 100)
VARIANTS = ("robertson", "atire", "bm25l", "bm25+")  # besides lucene, which all comparisons use
# Peers of winnow on terms, and on raw text with each one's own English analysis.
TERMS = {"tantivy": ("positions", "freqs"), "bm25s": ("lucene",), "winnow": ("lucene",)}
ENGLISH = {"tantivy": ("english",), "bm25s": ("english",), "winnow": ("english",)}


@dataclasses.dataclass
class Corpus:
    """Files with a passage, or a query, a line."""

    name: str
    passages: Path
    queries: Path
    english: bool  # raw text instead of terms


class Comparison:
    def __init__(self, binary: Path, cache: Path, journal: Journal, seconds: float, rounds: int):
        self.binary, self.cache, self.journal, self.seconds, self.rounds = binary, cache, journal, seconds, rounds

    def engine(self, name: str, variant: str) -> processes.Engine:
        return processes.winnow(self.binary, "lexical", variant) if name == "winnow" else processes.peer("lexical", name, variant)

    def index(self, e: processes.Engine, c: Corpus, threads: int, turn: int, variant: str = "") -> None:
        a = e.ask("index", variant=variant or e.variant, data=str(c.passages), rows=0, threads=threads, folder=str(self.cache))
        say(f"{c.name}: {e.label} indexed on {threads} threads: {a}")
        self.journal.add(what="index", data=c.name, english=c.english, engine=e.name, version=e.version, variant=e.variant, threads=threads,
                         turn=turn, file_bytes=c.passages.stat().st_size, **a)

    def search(self, e: processes.Engine, c: Corpus, k: int, threads: int, way: str, save: str = "", seconds: float = 0, queries: str = "") -> dict:
        return e.ask("search", queries=queries or str(c.queries), k=k, threads=threads, way=way, save=save, limit=0, seconds=seconds or self.seconds)

    def ways(self, e: processes.Engine, threads: int) -> tuple[str, ...]:
        """A call for each query ("loop"), and where a peer has it all queries in one ("batch"): the report shows both. With several
        threads a peer's batch is divided among them."""
        if e.name == "winnow":
            return ("loop",)
        return ("loop", "batch") if threads == 1 and e.name == "bm25s" else ("batch",)

    def run(self, c: Corpus, engines: dict[str, tuple[str, ...]], threads: list[int], index_rounds: int) -> None:
        """Indexing on each number of threads, in turn; the last index of each engine is of one thread and has one segment."""
        with contextlib.ExitStack() as stack:
            found = [self.engine(name, variant) for name, variants in engines.items() for variant in variants]
            for e in found:
                stack.callback(e.close)
            with open(c.passages, "rb") as f:
                passages = sum(1 for _ in f)
            self.journal.add(what="corpus", data=c.name, english=c.english, passages=passages, bytes=c.passages.stat().st_size)
            for turn in range(index_rounds):
                for n in sorted(threads, reverse=True):
                    for e in found:
                        if e.name == "bm25s" and (n > 1 or turn > 0):
                            continue  # it indexes on one thread, and slowly
                        self.index(e, c, n, turn)
            for k in DEPTHS:
                for n in threads:
                    for e in found:  # some code is compiled when it is first used
                        self.search(e, c, k, n, self.ways(e, n)[-1], seconds=0.01)
                    for turn in range(self.rounds):
                        for e, way in ((e, way) for e in found for way in self.ways(e, n)):
                            time.sleep(measure.PAUSE)
                            r = self.search(e, c, k, n, way)
                            self.journal.add(what="lexical rate", data=c.name, english=c.english, engine=e.name, variant=e.variant, threads=n, k=k,
                                             turn=turn, way=way, **measure.rates(r, n))
                    say(f"{c.name}: k {k}, {n} threads")
            for e in found:
                r = self.search(e, c, 10, 1, "loop", queries="absent")
                self.journal.add(what="call", data=c.name, english=c.english, engine=e.name, variant=e.variant, microseconds=1e6 * r["seconds"] / r["queries"])
            if not c.english:
                self.agreement(found, c)

    def agreement(self, engines: list[processes.Engine], c: Corpus) -> None:
        """Scores of winnow beside those of bm25s, by row; share of tantivy's best ten that bm25s finds, too."""
        found = {}
        for e in engines:
            path = self.cache / "found"
            self.search(e, c, 100, 1, "batch", save=str(path))
            found[e.label] = (np.fromfile(f"{path}.rows", dtype="<i8").reshape(-1, 100), np.fromfile(f"{path}.scores", dtype="<f4").reshape(-1, 100))
        reference = next(label for label in found if label.startswith("bm25s"))
        for label, (rows, scores) in found.items():
            if label != reference:
                self.journal.add(what="agreement", data=c.name, engine=label, reference=reference, **compare(rows, scores, *found[reference]))

    def variants(self, c: Corpus) -> None:
        """All variants of BM25 beside bm25s."""
        for variant in VARIANTS:
            with contextlib.ExitStack() as stack:
                pair = [self.engine("bm25s", variant), self.engine("winnow", variant)]
                for e in pair:
                    stack.callback(e.close)
                    self.index(e, c, 1, 0)
                self.agreement(pair, c)


def compare(rows: np.ndarray, scores: np.ndarray, other_rows: np.ndarray, other_scores: np.ndarray) -> dict:
    """The largest difference of the scores of a query's rows that are in both lists, how many those are, and two overlaps of
    the best ten: the mean, and with rows that have the tenth's score, within 1e-4, counted as found."""
    largest, common, overlap, tied = 0.0, 0, [], []
    for r, s, o, t in zip(rows, scores, other_rows, other_scores):
        r, s, o, t = r[r >= 0], s[r >= 0], o[o >= 0], t[o >= 0]
        both, here, there = np.intersect1d(r, o, return_indices=True)
        common += len(both)
        if len(both):
            largest = max(largest, float(np.abs(s[here] - t[there]).max()))
        if len(o):
            ten = o[:10]
            near = o[t >= t[len(ten) - 1] - 1e-4]
            overlap.append(len(np.intersect1d(r[:10], ten)) / len(ten))
            tied.append(len(np.intersect1d(r[:10], near)) / len(ten))
    return {"difference": largest, "common": common, "overlap": float(np.mean(overlap)), "overlap_with_ties": float(np.mean(tied))}
