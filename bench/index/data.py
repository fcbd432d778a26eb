# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Everything the comparisons read, made once below the cache directory; files that are there are kept.

Vectors: "real", the embeddings of all passages and of 9,277 queries; "synthetic" vectors from a mixture fitted to those of the
evaluation sets, the first 100,000 and 1,000,000; for each the 100 nearest rows of each query by exact search. Texts:
the evaluation sets, each and all, and 1,000,000 passages, as raw text and as terms.
"""

import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

import texts
from measure import say

SIZES = {"synthetic-100k": 100_000, "synthetic-200k": 200_000, "synthetic-1m": 1_000_000}
QUERIES = 2000
TRAIN_QUERIES = 6000
DEPTH = 100
LARGE = 1_000_000


class Store:
    """Paths in the cache, and how what is missing is made. winnow builds the program that embeds, if it comes to that."""

    def __init__(self, cache: Path, shared: Path, model: Path | None, winnow: Callable[[], Path], threads: int):
        self.cache, self.shared, self.model, self.winnow, self.threads = cache, shared, model, winnow, threads
        (cache / "shards").mkdir(parents=True, exist_ok=True)
        (cache / "indexes").mkdir(exist_ok=True)

    def made(self, name: str, make: Callable[[], np.ndarray]) -> Path:
        path = self.cache / name
        if not path.exists():
            say(f"data: {name}")
            part = path.with_suffix(".part.npy")
            np.save(part, make())
            os.replace(part, path)
        return path

    # Vectors.

    def embedded(self, name: str, passages: list[str], precision: str) -> np.ndarray:
        import embed

        made = embed.shards(self.winnow, self.model, passages, self.cache / "shards" / name, precision, self.threads)
        rows = np.concatenate([np.load(p) for p in made])
        return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)

    def passages(self) -> tuple[list[str], list[str]]:
        """Distinct passages: those of the evaluation sets, then the training files' in an order shuffled with a fixed seed."""
        seen: set[str] = set()
        evaluation = texts.distinct(texts.eval_passages(self.shared), seen)
        training = texts.distinct(texts.train_passages(self.shared), seen)
        random.Random(texts.SEED).shuffle(training)
        return evaluation, training

    def real(self) -> tuple[Path, Path, Path]:
        """Rows, queries and truth of the real embeddings. What is compared is the search, so training passages may be embedded
        with 8-bit products, which is twice as fast; the evaluation sets' and queries are of float32 grade."""
        def queries() -> np.ndarray:
            lines = texts.eval_queries(self.shared) + texts.train_queries(self.shared, TRAIN_QUERIES)
            rows = self.embedded("queries", lines, "int16")
            return np.random.default_rng(texts.SEED).permutation(rows)

        def rows() -> np.ndarray:
            evaluation, training = self.passages()
            return np.concatenate([self.embedded("eval", evaluation, "int16"), self.embedded("train", training, "int8")])

        found, asked = self.made("real.npy", rows), self.made("real.queries.npy", queries)
        return found, asked, self.truth("real", found, asked)

    def mixture(self):
        import mixture

        evaluation, _ = self.passages()
        return mixture.fit(self.embedded("eval", evaluation, "int16"), lambda line: say("data: " + line))

    def synthetic(self, name: str) -> tuple[Path, Path, Path]:
        """Rows of all sizes are the beginning of the largest."""
        largest = self.made("synthetic-1m.npy", lambda: self.mixture().draw(max(SIZES.values()), 1))
        asked = self.made("synthetic.queries.npy", lambda: self.mixture().draw(QUERIES, 2))
        found = self.made(f"{name}.npy", lambda: np.load(largest, mmap_mode="r")[:SIZES[name]])
        return found, asked, self.truth(name, found, asked)

    def truth(self, name: str, rows: Path, queries: Path) -> Path:
        def search() -> np.ndarray:
            import faiss

            matrix = np.load(rows)
            index = faiss.IndexFlatIP(matrix.shape[1])
            index.add(matrix)
            return index.search(np.load(queries), DEPTH)[1].astype(np.int64)

        return self.made(f"{name}.truth.npy", search)

    # Texts.

    def lines(self, name: str, make: Callable[[], Iterable[str]]) -> tuple[Path, Path]:
        """Two files, of raw texts and of their terms, one a line."""
        import tokens

        raw, terms = self.cache / f"{name}.txt", self.cache / f"{name}.terms.txt"
        if not (raw.exists() and terms.exists()):
            say(f"data: {name}")
            analysis = tokens.Analysis()
            with open(raw.with_suffix(".part"), "w", encoding="utf-8") as a, open(terms.with_suffix(".part"), "w", encoding="utf-8") as b:
                for text in make():
                    text = " ".join(text.split())
                    a.write(text + "\n")
                    b.write(analysis.line(text) + "\n")
            os.replace(raw.with_suffix(".part"), raw)
            os.replace(terms.with_suffix(".part"), terms)
        return raw, terms

    def corpora(self) -> dict[str, tuple[tuple[Path, Path], tuple[Path, Path]]]:
        """By name the files of passages and of queries, raw and as terms."""
        found = {}
        for folder in sorted(p.parent.name for p in self.shared.glob("eval/*/corpus.jsonl")):
            found[folder] = (self.lines(f"text-{folder}", lambda f=folder: texts.distinct(texts.eval_passages(self.shared, f), set())),
                             self.lines(f"queries-{folder}", lambda f=folder: texts.eval_queries(self.shared, f)))
        found["eval"] = (self.lines("text-eval", lambda: texts.distinct(texts.eval_passages(self.shared), set())),
                         self.lines("queries-eval", lambda: texts.eval_queries(self.shared)))

        def large() -> Iterable[str]:
            seen = set(texts.distinct(texts.eval_passages(self.shared), set()))
            return texts.windows(texts.distinct(texts.train_passages(self.shared), seen), LARGE)

        found["1m"] = (self.lines("text-1m", large),
                       self.lines("queries-train", lambda: texts.train_queries(self.shared, TRAIN_QUERIES)))
        return found
