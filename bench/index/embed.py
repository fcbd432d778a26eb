# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Texts to vectors by `winnow embed`, in shards, so that an interrupted run goes on where it stopped."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

SHARD = 20_000


def shards(winnow: Callable[[], Path], model: Path | None, texts: list[str], target: Path, precision: str, threads: int) -> list[Path]:
    """Writes the vectors of texts to target-000.npy, target-001.npy and so on; shards that exist are kept."""
    made = []
    for n, start in enumerate(range(0, len(texts), SHARD)):
        shard = target.with_name(f"{target.name}-{n:03}.npy")
        made.append(shard)
        if shard.exists():
            continue
        if model is None:
            raise SystemExit(f"{shard.name} is not in the cache: give RETRIEVER=DIR, the directory of all-MiniLM-L6-v2")
        lines = "".join(json.dumps({"text": t}) + "\n" for t in texts[start:start + SHARD])
        command = [winnow(), "embed", "-m", model, "--format", "npy", "--precision", precision, "--threads", threads]
        part = shard.with_suffix(".part")
        with open(part, "wb") as out:
            subprocess.run([str(c) for c in command], input=lines.encode(), stdout=out, check=True)
        os.replace(part, shard)
        print(f"{shard.name}: {min(start + SHARD, len(texts)):,} of {len(texts):,}", flush=True)
    return made

