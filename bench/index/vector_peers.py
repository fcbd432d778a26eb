# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The peers of vector search behind one small interface. Rows and queries have unit length, similarity is the dot product.

M = 16 means the same graph everywhere: 16 links a node on the upper layers, 32 on the ground layer.
"""

from pathlib import Path

import numpy as np


class Faiss:
    NAME = "faiss"
    VARIANTS = {"hnsw": ("fp32", "sq8"), "flat": ("fp32",)}

    def __init__(self):
        import faiss

        self.faiss, self.index, self.version = faiss, None, faiss.__version__

    def threads(self, n: int) -> None:
        self.faiss.omp_set_num_threads(n)

    def build(self, kind: str, variant: str, rows: np.ndarray, m: int, width: int, threads: int) -> None:
        f, dim = self.faiss, rows.shape[1]
        self.threads(threads)
        if kind == "flat":
            self.index = f.IndexFlatIP(dim)
        elif variant == "sq8":
            self.index = f.IndexHNSWSQ(dim, f.ScalarQuantizer.QT_8bit, m, f.METRIC_INNER_PRODUCT)
        else:
            self.index = f.IndexHNSWFlat(dim, m, f.METRIC_INNER_PRODUCT)
        if kind == "hnsw":
            self.index.hnsw.efConstruction = width
        if not self.index.is_trained:
            self.index.train(rows)
        self.index.add(rows)

    def save(self, path: Path) -> None:
        self.faiss.write_index(self.index, str(path))

    def load(self, path: Path, kind: str, variant: str, dim: int) -> None:
        self.index = self.faiss.read_index(str(path))

    def width(self, ef: int) -> None:
        self.index.hnsw.efSearch = ef

    def search(self, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
        return self.index.search(queries, k)[1]


class Hnswlib:
    NAME = "hnswlib"
    VARIANTS = {"hnsw": ("fp32",)}

    def __init__(self):
        import importlib.metadata

        import hnswlib

        self.library, self.index, self.version = hnswlib, None, importlib.metadata.version("hnswlib")

    def threads(self, n: int) -> None:
        self.index.set_num_threads(n)

    def build(self, kind: str, variant: str, rows: np.ndarray, m: int, width: int, threads: int) -> None:
        self.index = self.library.Index("ip", rows.shape[1])
        self.index.init_index(len(rows), M=m, ef_construction=width, random_seed=1)
        self.index.add_items(rows, num_threads=threads)

    def save(self, path: Path) -> None:
        self.index.save_index(str(path))

    def load(self, path: Path, kind: str, variant: str, dim: int) -> None:
        self.index = self.library.Index("ip", dim)
        self.index.load_index(str(path))

    def width(self, ef: int) -> None:
        self.index.set_ef(ef)

    def search(self, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
        return self.index.knn_query(queries, k=k, num_threads=threads)[0]


class Usearch:
    NAME = "usearch"
    VARIANTS = {"hnsw": ("fp32", "bf16", "i8")}

    def __init__(self):
        import usearch
        from usearch.index import Index

        self.kind, self.index, self.version = Index, None, usearch.__version__

    def threads(self, n: int) -> None:
        pass  # given with each call

    def empty(self, variant: str, dim: int, m: int, width: int) -> None:
        self.index = self.kind(ndim=dim, metric="ip", dtype={"fp32": "f32"}.get(variant, variant), connectivity=m,
                               expansion_add=width, enable_key_lookups=False)

    def build(self, kind: str, variant: str, rows: np.ndarray, m: int, width: int, threads: int) -> None:
        self.empty(variant, rows.shape[1], m, width)
        self.index.add(np.arange(len(rows), dtype=np.uint64), rows, threads=threads)

    def save(self, path: Path) -> None:
        self.index.save(str(path))

    def load(self, path: Path, kind: str, variant: str, dim: int) -> None:
        self.empty(variant, dim, 16, 128)
        self.index.load(str(path))

    def width(self, ef: int) -> None:
        self.index.expansion_search = ef

    def search(self, queries: np.ndarray, k: int, threads: int) -> np.ndarray:
        found = self.index.search(queries[0] if len(queries) == 1 else queries, k, threads=threads).keys
        return found.reshape(len(queries), -1)


PEERS = {p.NAME: p for p in (Faiss, Hnswlib, Usearch)}
