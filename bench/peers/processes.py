# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Engines as processes that wait for requests: winnow's own program, or worker.py with a peer."""

import collections
import json
import subprocess
import sys
import threading
from pathlib import Path

from models import Model

HERE = Path(__file__).resolve().parent


class Engine:
    """One engine in one precision with one model. It computes only while it answers."""

    def __init__(self, key: str, precision: str, command: list[object]):
        self.key, self.precision = key, precision
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE if key != "winnow" else None, text=True)
        # A library that writes much must not be stopped by a full pipe.
        self.log = Drain(self.process.stderr) if self.process.stderr else None
        ready = self.answer()
        self.name, self.version, self.in_use = ready["name"], ready["version"], ready["precision"]
        self.variants = ready["variants"]

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise SystemExit(f"{self.key} {self.precision} ended with code {code}:\n{self.log.text() if self.log else ''}")
        return json.loads(line)

    def ask(self, task: str, variant: str = "", batch: int = 0, limit: int = 0, times: int = 1, save: Path | None = None) -> dict:
        request = {"task": task, "variant": variant, "batch": batch, "limit": limit, "times": times, "save": str(save or "")}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Drain:
    """Reads a pipe to its end in the background and keeps the last lines."""

    def __init__(self, pipe):
        self.lines = collections.deque(maxlen=40)
        threading.Thread(target=lambda: self.lines.extend(pipe), daemon=True).start()

    def text(self) -> str:
        return "".join(self.lines)


def peer(key: str, precision: str, model: Model, workload: Path, threads: int) -> Engine:
    command = [sys.executable, HERE / "worker.py", "--engine", key, "--precision", precision, "--name", model.name,
               "--directory", model.directory, "--cache", model.cache, "--workload", workload, "--threads", threads]
    return Engine(key, precision, command + (["--cross"] if model.cross else []))


def winnow(binary: Path, precision: str, model: Model, workload: Path, threads: int) -> Engine:
    command = [binary, "-precision", precision, "-directory", model.directory, "-workload", workload, "-threads", threads]
    return Engine("winnow", precision, command + (["-cross"] if model.cross else []))


def tokenizers(model: Model, workload: Path, times: int) -> dict:
    command = [sys.executable, HERE / "tokenizers_peer.py", model.directory, workload, times]
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])
