# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Measurements without a peer's encoder: tokenisation, one thread against several, peak memory."""

import dataclasses
import os
from pathlib import Path

import processes
from models import Model

SAMPLE = {"passages": 256, "pairs": 0}


@dataclasses.dataclass
class Tokenisation:
    """Seconds for all passages on one thread: winnow, the Rust tokenizers (best way), and what both counted."""

    winnow: float
    rust: float
    way: str
    version: str
    tokens: int


def tokenisation(binary: Path, model: Model, work: Path, rounds: int) -> Tokenisation:
    engine = processes.winnow(binary, "fp32", model, work, 1)
    ours, theirs = [], []
    for _ in range(rounds):
        ours.append(engine.ask("tokens", times=5))
        theirs.append(processes.tokenizers(model, work, 5))
    engine.close()
    if ours[0]["tokens"] != theirs[0]["tokens"]:
        raise SystemExit(f"tokens: winnow made {ours[0]['tokens']}, the Rust tokenizers {theirs[0]['tokens']}")
    best = min(theirs, key=lambda t: min(t["seconds"]))
    return Tokenisation(min(min(o["seconds"]) for o in ours), min(best["seconds"]), best["variant"], best["version"], best["tokens"])


@dataclasses.dataclass
class Scaling:
    """Best seconds of the same work on one thread and on several."""

    what: str
    precision: str
    one: float
    several: float


def scaling(binary: Path, models: list[Model], work: Path, precisions: list[str], threads: int, rounds: int) -> list[Scaling]:
    out = []
    for model in models:
        kind = "pairs" if model.cross else "passages"
        for precision in precisions:
            engines = [processes.winnow(binary, precision, model, work, n) for n in (1, threads)]
            if engines[0].in_use == precision:
                for e in engines:
                    e.ask(kind, limit=8)
                turns = [[min(e.ask(kind, limit=SAMPLE[kind], times=1)["seconds"]) for e in engines] for _ in range(rounds)]
                out.append(Scaling("rerank" if model.cross else "encode", precision, *(min(t) for t in zip(*turns))))
            for e in engines:
                e.close()
    return out


@dataclasses.dataclass
class Memory:
    """Bytes: largest resident set of a process that encoded all passages, and its weights as they are at run time."""

    precision: str
    peak: int
    weights: int


def memory(binary: Path, model: Model, work: Path, precisions: list[str], threads: int) -> list[Memory]:
    if not os.path.exists("/proc/self/status"):
        return []
    out = []
    for precision in precisions:
        engine = processes.winnow(binary, precision, model, work, threads)
        engine.ask("passages")
        if engine.in_use == precision:
            out.append(Memory(precision, engine.ask("memory")["peak_bytes"], model.weight_bytes(precision)))
        engine.close()
    return out
