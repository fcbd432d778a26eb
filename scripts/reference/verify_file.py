# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes verify files: schema winnow-reference/1, described in README.md beside this file."""

import base64
import hashlib
import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np

SCHEMA = "winnow-reference/1"
LIBRARIES = ("numpy", "safetensors", "sentence-transformers", "tokenizers", "torch", "transformers")


def libraries() -> dict[str, str]:
    """Versions of everything that had a part in the values."""
    found = {name: version(name) for name in LIBRARIES}
    found["python"] = platform.python_version()
    return found


def sha256(path: Path) -> str:
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def weights_sha256(directory: Path) -> dict[str, str]:
    """Every safetensors file below the directory, module directories included."""
    return {str(p.relative_to(directory)): sha256(p) for p in sorted(directory.rglob("*.safetensors"))}


def pack(vector) -> str:
    """One embedding as base64 of little-endian float32."""
    return base64.b64encode(np.asarray(vector, dtype="<f4").tobytes()).decode()


def numbers(values) -> list[float]:
    """float32 values as the shortest list of decimals that read back as the same float32."""
    return [float(f"{float(v):.9g}") for v in np.asarray(values, dtype=np.float32).reshape(-1)]


def write(path: Path, head: dict, cases: list[dict]) -> None:
    """Writes the head one field a line and the cases one case a line, so that a diff shows what changed."""
    names = [c["name"] for c in cases]
    assert len(set(names)) == len(names), f"{path}: two cases have the same name"
    compact = {"ensure_ascii": True, "separators": (",", ":"), "allow_nan": False}
    lines = [f' "{k}": {json.dumps(v, ensure_ascii=True, allow_nan=False)}' for k, v in head.items() if v is not None]
    body = ",\n".join("  " + json.dumps({k: v for k, v in c.items() if v is not None}, **compact) for c in cases)
    path.write_text("{\n" + ",\n".join(lines) + ',\n "cases": [\n' + body + "\n ]\n}\n", encoding="utf-8")
