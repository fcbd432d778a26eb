# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Runs the commands of a Markdown file, so that what the README shows is what a reader gets.

    python3 scripts/readme_commands.py README.md

From every ```sh block, lines that begin with "winnow" or "go run ./cmd/winnow" are run, in order, in one shell each, from
the repository's root, with bin/ first in PATH. "$ " before a command is allowed, a backslash continues a line. A block
that starts with ```sh no-test is left alone: commands for files the reader has. Each command must exit with 0 and print
something. An index that is in the repository's root is put aside meanwhile.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT_SECONDS = 300
# Pipes into winnow count, too: printf '…' | winnow embed
COMMAND = re.compile(r"^(winnow|go run \./cmd/winnow)\b|\|\s*(winnow|go run \./cmd/winnow)\b")


def commands(text: str) -> list[str]:
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.M | re.S):
        for line in block.replace("\\\n", " ").splitlines():
            line = line.strip().removeprefix("$ ")
            if COMMAND.search(line):
                found.append(line)
    return found


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: readme_commands.py FILE.md")
    found = commands(Path(sys.argv[1]).read_text(encoding="utf-8"))
    if not found:
        sys.exit(f"{sys.argv[1]}: no command found in a ```sh block")
    index, aside = ROOT / ".winnow", ROOT / ".winnow.aside"
    if index.exists():
        index.rename(aside)
    try:
        run(found)
    finally:
        shutil.rmtree(index, ignore_errors=True)
        if aside.exists():
            aside.rename(index)
    print(f"{len(found)} commands of {sys.argv[1]} ran")


def run(found: list[str]) -> None:
    environment = os.environ | {"PATH": f"{ROOT / 'bin'}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}
    for command in found:
        print(f"$ {command}", flush=True)
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=ROOT, env=environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=LIMIT_SECONDS)
        print("\n".join("  " + line for line in done.stdout.splitlines()[:8]), flush=True)
        if done.returncode != 0:
            sys.exit(f"exit code {done.returncode}: {command}")
        if not done.stdout.strip():
            sys.exit(f"printed nothing: {command}")


if __name__ == "__main__":
    main()
