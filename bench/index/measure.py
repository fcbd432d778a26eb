# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""What all comparisons share: the journal of measurements, recall, the rate at a wanted recall."""

import json
import math
import statistics
import sys
import time
from pathlib import Path

import numpy as np

PAUSE = 0.2  # seconds between turns, in which the last engine's threads stop waiting for work


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def rates(r: dict, threads: int) -> dict[str, float]:
    """Queries a second of an answer, and by processor time: what they would be if nothing else ran on the processors used."""
    return {"rate": r["queries"] / r["seconds"], "cpu_rate": r["queries"] * threads / max(r["cpu_seconds"], 1e-3)}


class Journal:
    """Measurements as lines of JSON; the report is made from them."""

    def __init__(self, path: Path):
        self.path, self.rows = path, []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")

    def add(self, **row) -> None:
        self.rows.append(row)
        with open(self.path, "a", encoding="utf-8") as f:
            print(json.dumps(row), file=f)


def recall(found: np.ndarray, truth: np.ndarray, k: int) -> float:
    """Mean share of the k nearest, by exact search, that were found. found (queries, k), truth (queries, at least k)."""
    hits = sum(len(np.intersect1d(f[:k], t[:k])) for f, t in zip(found, truth[:len(found)]))
    return hits / (k * len(found))


def bracket(recalls: dict[int, float], wanted: float) -> list[int]:
    """The two neighbouring widths between which the recall wanted lies; one if the narrowest is good enough; or none."""
    widths = sorted(recalls)
    for n, width in enumerate(widths):
        if recalls[width] >= wanted:
            return widths[max(n - 1, 0):n + 1]
    return []


def rate_at(recalls: dict[int, float], rates: dict[int, float], wanted: float) -> float | None:
    """Queries a second at the recall wanted, the logarithm interpolated between the two neighbouring widths. None if the recall
    was not reached, or if the turn is incomplete."""
    ends = bracket(recalls, wanted)
    if not ends or any(e not in rates for e in ends):
        return None
    if len(ends) == 1:
        return rates[ends[0]]
    low, high = ends
    part = (wanted - recalls[low]) / (recalls[high] - recalls[low])
    return math.exp((1 - part) * math.log(rates[low]) + part * math.log(rates[high]))


def ratio_of_turns(ours: list[float], theirs: list[float]) -> float:
    """Median over the turns of our rate divided by theirs."""
    return statistics.median(a / b for a, b in zip(ours, theirs))
