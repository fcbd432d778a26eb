# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Runs a task on several engines in alternating turns, each engine in its best way, and compares what comes out."""

import dataclasses
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from fidelity import FLOAT32, Fidelity, compare, compare_vectors
from processes import Engine

# Runs of the tuning samples: enough to tell ways apart, few enough to try all of them.
SAMPLE = {"passages": 128, "query": 0, "pairs": 40}
# A way of running whose error is above this multiple of the engine's most exact way is no choice.
WORSE = 5
PAUSE = 0.2  # seconds between turns, in which the last engine's threads stop waiting for work


@dataclasses.dataclass
class Row:
    """What an engine did in a task. Turns are the best seconds of each; medians and p99 are of a query's many runs."""

    name: str
    version: str
    precision: str
    way: str
    turns: list[float]
    fidelity: Fidelity
    tokens: int = 0
    medians: list[float] = dataclasses.field(default_factory=list)
    tails: list[float] = dataclasses.field(default_factory=list)

    @property
    def best(self) -> float:
        return min(self.medians or self.turns)

    @property
    def label(self) -> str:
        return f"{self.name} {self.precision}"


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


class Task:
    """A task of one model with everything needed to run it."""

    def __init__(self, name: str, kind: str, batches: list[int], width: int, scratch: Path):
        self.name, self.kind, self.batches, self.width, self.scratch = name, kind, batches, width, scratch
        self.reference = {}  # by number of inputs

    def run(self, engine: Engine, way: tuple[str, int], limit: int = 0, times: int = 1) -> tuple[dict, np.ndarray]:
        time.sleep(PAUSE)
        path = self.scratch / "outputs.f32"
        path.unlink(missing_ok=True)
        answer = engine.ask(self.kind, *way, limit=limit, times=times, save=path)
        return answer, np.fromfile(path, dtype="<f4")

    def compare(self, values: np.ndarray, limit: int) -> Fidelity:
        if self.kind == "pairs":
            return compare(self.kind, values, self.reference[limit])
        return compare_vectors(self.kind, values, self.reference[limit], self.width)

    def refer(self, engine: Engine) -> None:
        """Takes this engine's outputs as the reference, of the sample and of all inputs."""
        for limit in {SAMPLE[self.kind], 0}:
            _, self.reference[limit] = self.run(engine, (engine.variants[0], self.batches[0]), limit)

    def tune(self, engine: Engine) -> tuple[str, int]:
        """The fastest way on a sample: variant and batch size. Stops the run if a float32 engine is not exact."""
        limit, times = SAMPLE[self.kind], 50 if self.kind == "query" else 2
        found = {}
        for variant in engine.variants:
            # The first run of a shape costs more; that is no property of the way.
            for batch in [0] if engine.key == "winnow" else self.batches:
                answer, values = self.run(engine, (variant, batch), limit, times)
                found[variant, batch] = (self.seconds(answer["seconds"]), self.compare(values, limit))
        exact = min(f.error for _, f in found.values())
        way = min((w for w, (_, f) in found.items() if f.error <= max(WORSE * exact, 1e-9)), key=lambda w: found[w][0])
        fidelity = found[way][1]
        if engine.in_use == "fp32" and not fidelity.largest <= FLOAT32[self.kind]:
            sys.exit(f"{self.name}: outputs of {engine.name} differ by {fidelity.largest:.1e}, more than {FLOAT32[self.kind]:.0e}")
        return way

    def seconds(self, seconds: list[float]) -> float:
        return statistics.median(seconds) if self.kind == "query" else min(seconds)

    def times(self, first: float) -> int:
        """Runs in a turn: a query often enough for its 99th percentile, pairs for about a second, passages once."""
        if self.kind == "query":
            return 300
        return 1 if self.kind == "passages" else max(1, min(10, round(1 / first)))

    def measure(self, engines: list[Engine], rounds: int) -> list[Row]:
        """All engines in turn, and again, rounds times."""
        ways, runs, rows = {}, {}, []
        for e in engines:
            say(f"{self.name}: trying ways of {e.name} {e.precision}")
            ways[e] = self.tune(e)
            runs[e] = 1
            if self.kind != "passages":
                runs[e] = self.times(self.run(e, ways[e])[0]["seconds"][0])
            way = f"{ways[e][0]}, batch {ways[e][1]}" if e.key != "winnow" else ""
            rows.append(Row(e.name, e.version, e.in_use, way if self.kind != "query" else ways[e][0], [], Fidelity(0)))
        for turn in range(rounds):
            for e, row in zip(engines, rows):
                say(f"{self.name}: turn {turn + 1} of {rounds}, {e.name} {e.precision} {row.way}")
                answer, values = self.run(e, ways[e], 0, runs[e])
                row.turns.append(min(answer["seconds"]))
                row.tokens = answer["tokens"]
                if self.kind == "query":
                    row.medians.append(statistics.median(answer["seconds"]))
                    row.tails.append(float(np.percentile(answer["seconds"], 99)))
                row.fidelity = self.compare(values, 0)
        if len({row.tokens for row in rows}) > 1:
            sys.exit(f"{self.name}: not the same work: " + ", ".join(f"{r.label} {r.tokens} tokens" for r in rows))
        return rows
