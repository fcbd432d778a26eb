# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""How far an engine's outputs are from the float32 reference, which is ONNX Runtime in float32."""

import dataclasses

import numpy as np

# What rounding explains between two float32 engines: the largest difference of any output.
FLOAT32 = {"passages": 1e-5, "query": 1e-5, "pairs": 1e-4}
# What may count as float32 grade: one minus the worst cosine.
GRADE = 1e-5


@dataclasses.dataclass(frozen=True)
class Fidelity:
    """Of vectors: mean and worst cosine. Of scores: Kendall's tau. Of both: the largest absolute difference."""

    largest: float
    mean: float | None = None
    worst: float | None = None
    tau: float | None = None

    @property
    def error(self) -> float:
        """One number for telling two ways of running the same model apart; 0 is exact."""
        return self.largest if self.mean is None else 1 - self.mean


def compare(task: str, got: np.ndarray, reference: np.ndarray) -> Fidelity:
    """Compares outputs, each a flat float32 array, of a task."""
    if got.size != reference.size:
        raise SystemExit(f"{task}: {got.size} values where the reference has {reference.size}")
    largest = float(np.abs(got - reference).max())
    if task == "pairs":
        return Fidelity(largest, tau=kendall(got, reference))
    return Fidelity(largest)


def compare_vectors(task: str, got: np.ndarray, reference: np.ndarray, width: int) -> Fidelity:
    """Compares vectors of that width, rows of flat arrays, in float64."""
    base = compare(task, got, reference)
    a, b = (x.astype(np.float64).reshape(-1, width) for x in (got, reference))
    cosine = (a * b).sum(1) / np.sqrt((a * a).sum(1) * (b * b).sum(1))
    return Fidelity(base.largest, float(cosine.mean()), float(cosine.min()))


def kendall(a: np.ndarray, b: np.ndarray) -> float:
    """Kendall's tau-b of two score lists: 1 where they order everything alike, ties corrected for."""
    i, j = np.triu_indices(len(a), 1)
    x, y = np.sign(a[i] - a[j]), np.sign(b[i] - b[j])
    both = np.sqrt(np.count_nonzero(x) * np.count_nonzero(y))
    return float((x * y).sum() / both) if both else float("nan")
