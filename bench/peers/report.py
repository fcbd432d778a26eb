# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes what was measured as Markdown: first all ratios, then a table a task."""

import os
import platform
import statistics
import subprocess
from pathlib import Path

from extras import Memory, Scaling, Tokenisation
from measure import Row

GRADES = ("float32 grade", "reduced precision")
FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8")


def cpu_fields() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return {}
    return {k.strip(): v.strip() for k, v in (line.split(":", 1) for line in text.splitlines() if ":" in line)}


def cpu_flags() -> set[str]:
    return set(cpu_fields().get("flags", "").split())


def cpu() -> str:
    """Model name and the vector extensions that matter here."""
    flags = cpu_flags()
    name = cpu_fields().get("model name", platform.processor() or platform.machine())
    return f"{name} ({' '.join(f for f in FLAGS if f in flags)})"


def grade(row: Row, int16_is_exact: bool) -> str:
    exact = row.precision == "fp32" or (row.precision == "int16" and int16_is_exact)
    return GRADES[0] if exact else GRADES[1]


def best_peer(rows: list[Row]) -> Row | None:
    return min((r for r in rows if r.name != "winnow"), key=lambda r: r.best, default=None)


def ratio_of_turns(row: Row, peer: Row) -> float:
    """Median over the turns of the peer's seconds divided by the row's."""
    a, b = row.medians or row.turns, peer.medians or peer.turns
    return statistics.median(y / x for x, y in zip(a, b))


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.{0 if seconds >= 10 else 1 if seconds >= 0.1 else 2}f}"


def nearness(cosine: float) -> str:
    """A cosine, or its distance from 1 where digits would not show it."""
    return f"{cosine:.5f}" if cosine < 0.99999 else f"1 - {max(0, 1 - cosine):.0e}"


def fidelity(row: Row) -> str:
    f = row.fidelity
    if f.tau is not None:
        return f"tau {f.tau:.4f}, difference {f.largest:.0e}"
    return f"cosine {nearness(f.mean)}, worst {nearness(f.worst)}"


class Result:
    """The rows of one task with what its table needs: number of inputs and, for encoding, floating-point operations."""

    def __init__(self, title: str, kind: str, rows: list[Row], inputs: int, flops: int):
        self.title, self.kind, self.rows, self.inputs, self.flops = title, kind, rows, inputs, flops

    def groups(self, int16_is_exact: bool):
        for name in GRADES:
            rows = [r for r in self.rows if grade(r, int16_is_exact) == name]
            if rows:
                yield name, rows, best_peer(rows)

    def table(self, int16_is_exact: bool) -> list[str]:
        rate = {"passages": "texts/s", "pairs": "pairs/s", "query": "p99, ms"}[self.kind]
        time = "median, ms" if self.kind == "query" else "ms"
        lines = [f"## {self.title}", "", f"| | {time} | {rate} | GFLOP/s | best peer's time / this | median of turns | outputs | way |",
                 "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"]
        for name, rows, peer in self.groups(int16_is_exact):
            lines.append(f"| *{name}* | | | | | | | |")
            for row in sorted(rows, key=lambda r: r.best):
                ratios = f"{peer.best / row.best:.2f} | {ratio_of_turns(row, peer):.2f}" if peer else " | "
                label = f"**{row.label}**" if row.name == "winnow" else row.label
                second = f"{self.inputs / row.best:,.0f}"
                if self.kind == "query":
                    tail = row.tails[row.medians.index(row.best)]
                    second = f"{milliseconds(tail)} ({tail / row.best:.2f}×)"
                lines.append(f"| {label} | {milliseconds(row.best)} | {second} | {self.flops / row.best / 1e9:,.0f} | {ratios} "
                             f"| {fidelity(row)} | {row.way} |")
        return [*lines, ""]

    def summary(self, int16_is_exact: bool) -> list[str]:
        lines = []
        for name, rows, peer in self.groups(int16_is_exact):
            for row in sorted((r for r in rows if r.name == "winnow"), key=lambda r: r.best):
                if peer:
                    lines.append(f"| {self.title} | {name} | {row.precision}: {milliseconds(row.best)} ms | {peer.label}: {milliseconds(peer.best)} ms "
                                 f"| **{peer.best / row.best:.2f}** | {ratio_of_turns(row, peer):.2f} |")
        return lines


def write(header: dict, results: list[Result], tokens: Tokenisation | None, scaled: list[Scaling], used: list[Memory],
          int16_is_exact: bool) -> str:
    go = subprocess.run(["go", "version"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()[2]
    versions = {r.name: r.version for result in results for r in result.rows if r.name != "winnow"}
    lines = [
        "# winnow and its peers", "",
        f"- CPU: {cpu()}; {os.cpu_count()} cores; {header['threads']} threads each; WINNOW_SIMD={os.environ.get('WINNOW_SIMD', '')!r}",
        f"- {go}; " + ", ".join(f"{n} {v}" for n, v in versions.items()),
        f"- {header['rounds']} alternating turns each, best turn shown; {header['passages']:,} passages of {header['tokens']:,} tokens in all",
        "- winnow's times include tokenisation, the peers' do not; each peer runs in its best way (batch size, threads, streams)",
        "- outputs are compared with ONNX Runtime's in float32; a ratio above 1 means that winnow is faster",
        "",
    ]
    summary = [line for r in results for line in r.summary(int16_is_exact)]
    if summary:
        lines += ["| task | grade | winnow | best peer | ratio of best turns | median ratio of turns |",
                  "| --- | --- | --- | --- | ---: | ---: |", *summary, ""]
    for result in results:
        lines += result.table(int16_is_exact)
    if tokens:
        lines += tokenisation(tokens, results, header["threads"])
    if scaled:
        lines += [f"## One thread and {header['threads']}", "", f"| winnow | 1 thread, ms | {header['threads']} threads, ms | speed-up |",
                  "| --- | ---: | ---: | ---: |",
                  *(f"| {s.what} {s.precision} | {milliseconds(s.one)} | {milliseconds(s.several)} | {s.one / s.several:.2f} |" for s in scaled), ""]
    if used:
        lines += ["## Peak memory of encoding", "", "| winnow | peak resident, MiB | weights at run time, MiB | 1.3 × weights + 64 MiB |",
                  "| --- | ---: | ---: | ---: |",
                  *(f"| {m.precision} | {m.peak / 2**20:.0f} | {m.weights / 2**20:.0f} | {1.3 * m.weights / 2**20 + 64:.0f} |" for m in used), ""]
    return "\n".join(lines)


def tokenisation(t: Tokenisation, results: list[Result], threads: int) -> list[str]:
    lines = ["## Tokenisation, one thread", "", "| | ms | million tokens/s | ratio |", "| --- | ---: | ---: | ---: |",
             f"| **winnow** | {milliseconds(t.winnow)} | {t.tokens / t.winnow / 1e6:.1f} | {t.rust / t.winnow:.1f} |",
             f"| Rust tokenizers {t.version}, {t.way} | {milliseconds(t.rust)} | {t.tokens / t.rust / 1e6:.1f} | 1.0 |", ""]
    shares = [f"{row.precision} {100 * t.winnow / (threads * row.best):.2f} %" for result in results if result.kind == "passages"
              for row in result.rows if row.name == "winnow"]
    if shares:
        lines += ["Share of winnow's encoding time, all threads' together: " + ", ".join(shares) + ".", ""]
    return lines
