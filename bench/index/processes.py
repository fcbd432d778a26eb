# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Engines as processes that wait for requests: winnow's own program, or a peer's worker. They compute only while they answer."""

import collections
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent


class Drain:
    """Reads a pipe to its end in the background and keeps the last lines."""

    def __init__(self, pipe):
        self.lines = collections.deque(maxlen=40)
        threading.Thread(target=lambda: self.lines.extend(pipe), daemon=True).start()

    def text(self) -> str:
        return "".join(self.lines)


class Engine:
    """One engine in one variant in a process of its own."""

    def __init__(self, command: list[object], variant: str):
        self.variant = variant
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        # A library that writes much must not be stopped by a full pipe.
        self.log = Drain(self.process.stderr)
        ready = self.answer()
        self.name, self.version = ready["name"], ready["version"]

    @property
    def label(self) -> str:
        return f"{self.name} {self.variant}"

    def answer(self) -> dict:
        line = self.process.stdout.readline()
        if not line:
            code = self.process.wait()
            raise SystemExit(f"{self.process.args} ended with code {code}:\n{self.log.text()}")
        return json.loads(line)

    def ask(self, task: str, **request) -> dict:
        self.pin(request.get("threads", os.cpu_count()))
        before = self.computed()
        print(json.dumps({"task": task, **request}), file=self.process.stdin, flush=True)
        answer = self.answer()
        return {**answer, "cpu_seconds": self.computed() - before}

    def computed(self) -> float:
        """Seconds of processor time of all threads so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def pin(self, threads: int) -> None:
        """Binds all threads of the process, and those they start, to as many processors as there may be threads."""
        allowed = sorted(os.sched_getaffinity(0))[:threads]
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            try:
                os.sched_setaffinity(int(thread), allowed)
            except ProcessLookupError:
                pass  # it has ended in between

    def resident(self) -> dict[str, int]:
        """Bytes of the process that are in memory: its own ("anonymous") and pages of mapped files ("file")."""
        fields = dict(line.split(":", 1) for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines())
        return {name: int(fields[key].split()[0]) * 1024 for name, key in (("anonymous", "RssAnon"), ("file", "RssFile"), ("peak", "VmHWM"))}

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def peer(side: str, engine: str, variant: str) -> Engine:
    """side is "vector" or "lexical"."""
    return Engine([sys.executable, HERE / f"{side}_worker.py", "--engine", engine], variant)


def winnow(binary: Path, side: str, variant: str) -> Engine:
    return Engine([binary, "-side", side], variant)
