# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Synthetic vectors: a Gaussian mixture with the spectrum of real embeddings, as many as wanted.

Real vectors are cut into clusters by k-means. Centres of the mixture are drawn from the Gaussian that the centroids
have; offsets from the pooled covariance within clusters, whose eigenvalues each cluster scales by log-normal factors, since real
clusters have narrower spectra than all of them pooled. How far the factors spread is fitted: such that the local intrinsic
dimension (maximum likelihood, Levina & Bickel 2004), which decides how hard graph search is, is that of the real vectors
among equally many. Cluster sizes follow Zipf's law. Vectors are normalised at last.
"""

import dataclasses

import faiss
import numpy as np

SEED = 20261123
REAL_CLUSTERS = 128
CLUSTERS = 500
ZIPF = 0.7
NEIGHBOURS = 50  # for the local intrinsic dimension


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.maximum(np.linalg.norm(x, axis=1, keepdims=True), 1e-12)


def intrinsic_dimension(base: np.ndarray, probes: np.ndarray) -> float:
    """Mean over the probes, rows of base, of the maximum likelihood estimate from their nearest neighbours' distances."""
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(base)
    similarity, _ = index.search(probes, NEIGHBOURS + 1)
    distance = np.sqrt(np.maximum(2 - 2 * similarity[:, 1:], 1e-9))
    logs = np.log(distance[:, -1:] / distance[:, :-1]).mean(axis=1)
    return float(1 / np.median(logs[logs > 0]))


@dataclasses.dataclass
class Mixture:
    """centres (CLUSTERS, dim); scales (CLUSTERS, dim), standard deviations along basis (dim, dim); sizes sum to 1."""

    centres: np.ndarray
    scales: np.ndarray
    basis: np.ndarray
    sizes: np.ndarray

    def draw(self, count: int, seed: int, chunk: int = 50_000) -> np.ndarray:
        """count unit vectors in random order; the same for the same seed."""
        r = np.random.default_rng([SEED, seed])
        rows = np.empty((count, self.basis.shape[0]), dtype=np.float32)
        for start in range(0, count, chunk):
            n = min(chunk, count - start)
            cluster = r.choice(len(self.sizes), size=n, p=self.sizes)
            offset = r.standard_normal((n, self.basis.shape[0]), dtype=np.float32) * self.scales[cluster]
            rows[start:start + n] = unit(self.centres[cluster] + offset @ self.basis.T)
        return rows


def moments(real: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Mean and covariance of the centroids; eigenvalues and eigenvectors of the covariance within clusters."""
    kmeans = faiss.Kmeans(real.shape[1], REAL_CLUSTERS, niter=15, seed=SEED % 2**31, spherical=False)
    kmeans.train(real)
    _, nearest = kmeans.index.search(real, 1)
    centroids = np.stack([real[nearest[:, 0] == c].mean(axis=0) for c in np.unique(nearest)])
    weights = np.bincount(nearest[:, 0], minlength=REAL_CLUSTERS)
    weights = weights[weights > 0] / len(real)
    within = real - kmeans.centroids[nearest[:, 0]]
    values, vectors = np.linalg.eigh(np.cov(within.T))
    mean = weights @ centroids
    between = (centroids - mean).T @ ((centroids - mean) * weights[:, None])
    return mean, between, np.maximum(values, 0), vectors


def build(real: np.ndarray, spread: float, known=None) -> Mixture:
    mean, between, values, vectors = known or moments(real)
    r = np.random.default_rng(SEED)
    centres = r.multivariate_normal(mean, between, size=CLUSTERS, method="eigh").astype(np.float32)
    factors = np.exp(spread * r.standard_normal((CLUSTERS, len(values))))
    variances = values * factors
    variances *= values.sum() / variances.sum(axis=1, keepdims=True)
    sizes = 1 / np.arange(1, CLUSTERS + 1) ** ZIPF
    return Mixture(centres, np.sqrt(variances).astype(np.float32), vectors.astype(np.float32), sizes / sizes.sum())


def fit(real: np.ndarray, say=print) -> Mixture:
    """The mixture for unit rows of real embeddings."""
    known = moments(real)
    r = np.random.default_rng(SEED)
    wanted = intrinsic_dimension(real, real[r.choice(len(real), 1000, replace=False)])
    low, high = 0.0, 5.0
    for _ in range(8):
        middle = (low + high) / 2
        drawn = build(real, middle, known).draw(len(real), 99)
        got = intrinsic_dimension(drawn, drawn[:1000])
        say(f"mixture: spread {middle:.2f} has local intrinsic dimension {got:.1f}, the real vectors {wanted:.1f}")
        low, high = (middle, high) if got > wanted else (low, middle)
    return build(real, (low + high) / 2, known)
