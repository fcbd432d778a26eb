# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The peers of lexical search behind one small interface. Passages and queries are lines of terms, or of raw text.

Variants of tantivy: "positions" and "freqs" index terms, with and without positions (winnow keeps them); "english" indexes
raw text with tantivy's own words, lower case, stop words and stemmer. Of bm25s: its variants of BM25, on terms, and
"english", its own English analysis.
"""

import importlib.metadata
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

FIELD = "text"
K1, B = 1.2, 0.75  # fixed in tantivy
ABSENT = "qqqqqqqqqq"  # a term that no passage has


class Tantivy:
    NAME = "tantivy"
    VARIANTS = ("positions", "freqs", "english")
    HEAP = 1_500_000_000  # a thread: large enough that a thread writes one segment

    def __init__(self):
        import tantivy

        self.library, self.version = tantivy, importlib.metadata.version("tantivy")

    def index(self, lines: list[str], variant: str, threads: int, folder: Path):
        """Documents are made before the clock starts, as winnow's are strings in memory by then, too."""
        t = self.library
        tokenizer = t.TextAnalyzerBuilder(t.Tokenizer.whitespace())
        if variant == "english":
            tokenizer = t.TextAnalyzerBuilder(t.Tokenizer.simple()).filter(t.Filter.lowercase())
            tokenizer = tokenizer.filter(t.Filter.stopword("english")).filter(t.Filter.stemmer("english"))
        schema = t.SchemaBuilder()
        schema.add_text_field(FIELD, stored=False, tokenizer_name="words", index_option="freq" if variant == "freqs" else "position")
        index = t.Index(schema.build(), path=str(folder))
        index.register_tokenizer("words", tokenizer.build())
        documents = [t.Document(**{FIELD: [line]}) for line in lines]

        def run() -> None:
            writer = index.writer(self.HEAP * threads, threads)
            for d in documents:
                writer.add_document(d)
            writer.commit()
            writer.wait_merging_threads()

        yield run
        index.reload()
        self.handle, self.variant, self.searcher = index, variant, index.searcher()
        yield {"segments": self.searcher.num_segments, "bytes": sum(f.stat().st_size for f in folder.iterdir())}

    def parse(self, line: str):
        return self.handle.parse_query(re.sub(r"[^\w]+", " ", line).lower().strip() or ABSENT, [FIELD])

    def prepare(self, lines: list[str]) -> list:
        """Terms are parsed before the clock starts; raw text is not, its analysis is a part of the task."""
        return lines if self.variant == "english" else [self.parse(line) for line in lines]

    def one(self, query, k: int) -> list:
        # Counting all matches would switch off the pruning.
        return self.searcher.search(self.parse(query) if self.variant == "english" else query, k, count=False).hits

    def batch(self, queries: list, k: int, threads: int) -> None:
        if threads == 1:
            for q in queries:
                self.one(q, k)
            return
        def part(start: int) -> None:
            for q in queries[start::threads]:
                self.one(q, k)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(part, range(threads)))

    def found(self, queries: list, k: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows, -1 where there are fewer, and scores. With one segment a document's number is its row."""
        rows, scores = np.full((len(queries), k), -1), np.zeros((len(queries), k), dtype=np.float32)
        for n, q in enumerate(queries):
            for i, (score, address) in enumerate(self.one(q, k)):
                rows[n, i], scores[n, i] = address.doc, score
        return rows, scores


class Bm25s:
    NAME = "bm25s"
    VARIANTS = ("lucene", "robertson", "atire", "bm25l", "bm25+", "english")

    def __init__(self):
        import bm25s
        import Stemmer

        self.library, self.version, self.stemmer = bm25s, bm25s.__version__, Stemmer.Stemmer("english")

    def tokenize(self, lines: list[str]):
        return self.library.tokenize(lines, stopwords="en", stemmer=self.stemmer, show_progress=False)

    def index(self, lines: list[str], variant: str, threads: int, folder: Path):
        """Ids of terms are made before the clock starts; of raw text within the time."""
        self.variant = variant
        self.engine = self.library.BM25(k1=K1, b=B, method="lucene" if variant == "english" else variant, backend="numba")
        tokens = None
        if variant != "english":
            # The empty term must be known before: added later, it reads past the end of the index.
            vocabulary: dict[str, int] = {"": 0}
            ids = [[vocabulary.setdefault(term, len(vocabulary)) for term in line.split()] for line in lines]
            tokens = self.library.tokenization.Tokenized(ids=ids, vocab=vocabulary)

        def run() -> None:
            self.engine.index(tokens or self.tokenize(lines), show_progress=False)

        yield run
        yield {"segments": 1, "bytes": sum(self.engine.scores[n].nbytes for n in ("data", "indices", "indptr"))}

    def prepare(self, lines: list[str]) -> list:
        if self.variant == "english":
            return lines
        return [self.ids(line.split()) for line in lines]

    def ids(self, terms: list[str]) -> list[int]:
        known = self.engine.vocab_dict
        return [known[t] for t in terms if t in known] or [known[""]]

    def one(self, query, k: int):
        return self.many([query], k, 1)

    def many(self, queries: list, k: int, threads: int):
        if self.variant == "english":
            tokenized = self.library.tokenize(queries, stopwords="en", stemmer=self.stemmer, return_ids=False, show_progress=False)
            queries = [self.ids(terms) for terms in tokenized]
        return self.engine.retrieve(queries, k=k, n_threads=threads, show_progress=False)

    def batch(self, queries: list, k: int, threads: int) -> None:
        self.many(queries, k, threads)

    def found(self, queries: list, k: int) -> tuple[np.ndarray, np.ndarray]:
        r = self.many(queries, k, 1)
        return np.where(r.scores > 0, r.documents, -1), r.scores


PEERS = {p.NAME: p for p in (Tantivy, Bm25s)}
