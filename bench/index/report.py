# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes what the journal has as Markdown: first every goal with its ratio, then the tables."""

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

import hnsw
import measure

FLAGS = ("avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx_vnni", "amx_bf16", "amx_int8")
PACKAGES = ("faiss-cpu", "hnswlib", "usearch", "tantivy", "bm25s", "numba")
MIB = 2**20
# How a peer of lexical search gets its queries, where that makes a difference.
CALLS = defaultdict(str, {("bm25s", "batch"): ", all queries in one call", ("bm25s", "loop"): ", a call a query"})


def machine() -> dict:
    fields = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        fields[key.strip()] = value.strip()
    flags = set(fields.get("flags", "").split())
    go = subprocess.run(["go", "version"], stdout=subprocess.PIPE, check=True, text=True).stdout.split()[2]
    return {"cpu": fields.get("model name", platform.machine()), "flags": " ".join(f for f in FLAGS if f in flags), "cores": os.cpu_count(),
            "go": go, "simd": os.environ.get("WINNOW_SIMD", ""), "packages": {p: importlib.metadata.version(p) for p in PACKAGES}}


def read(paths: Iterable[Path]) -> list[dict]:
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").splitlines()]


class Rows:
    """The journal with look-ups. With by_cpu, rates are those by processor time, and seconds of building, too."""

    def __init__(self, rows: list[dict], by_cpu: bool = False):
        self.rows = [self.by_cpu(r) for r in rows] if by_cpu else rows

    @staticmethod
    def by_cpu(r: dict) -> dict:
        if "cpu_rate" in r:
            return {**r, "rate": r["cpu_rate"]}
        if r.get("seconds") and "cpu_seconds" in r and "threads" in r:
            return {**r, "seconds": r["cpu_seconds"] / r["threads"]}
        return r

    def of(self, what: str, **fields) -> list[dict]:
        return [r for r in self.rows if r["what"] == what and all(r.get(k) == v for k, v in fields.items())]

    def values(self, key: str, what: str, **fields) -> list:
        """Different values of a field, in the order of the journal."""
        return list(dict.fromkeys(r[key] for r in self.of(what, **fields)))


def label(r: dict) -> str:
    return f"{r['engine']} {r['variant']}"


def bold(name: str) -> str:
    return f"**{name}**" if name.startswith("winnow") else name


def number(x: float) -> str:
    return f"{x:,.0f}" if x >= 100 else f"{x:,.1f}" if x >= 10 else f"{x:,.2f}"


def table(head: list[str], rows: Iterable[list[str]]) -> list[str]:
    marks = ["---"] + ["---:"] * (len(head) - 1)
    return ["| " + " | ".join(head) + " |", "| " + " | ".join(marks) + " |", *("| " + " | ".join(r) + " |" for r in rows), ""]


class Contest:
    """Rates of engines in turns; higher is better. The best turn counts, and the median ratio of turns is shown beside it."""

    def __init__(self, turns: dict[str, list[float]]):
        self.turns = {name: t for name, t in turns.items() if t}
        self.best = {name: max(t) for name, t in self.turns.items()}

    def leader(self, ours: bool, only: Callable[[str], bool] = lambda name: True) -> str | None:
        names = [n for n in self.best if n.startswith("winnow") == ours and only(n)]
        return max(names, key=self.best.get) if names else None

    def ratios(self, name: str, other: str) -> tuple[float, float]:
        return self.best[name] / self.best[other], measure.ratio_of_turns(self.turns[name], self.turns[other])

    def goal(self, title: str, unit: str, only: Callable[[str], bool] = lambda name: True) -> list[list[str]]:
        name, other = self.leader(True), self.leader(False, only)
        if not name or not other:
            return []
        best, median = self.ratios(name, other)
        return [[title, f"{name}: {number(self.best[name])} {unit}", f"{other}: {number(self.best[other])} {unit}", f"**{best:.2f}**", f"{median:.2f}"]]

    def lines(self) -> list[list[str]]:
        other = self.leader(False)
        out = []
        for name in sorted(self.best, key=self.best.get, reverse=True):
            ratios = [f"{x:.2f}" for x in self.ratios(name, other)] if other else ["", ""]
            out.append([bold(name), number(self.best[name]), *ratios])
        return out


RATES = ["", "queries/s", "this / best peer", "median of turns"]


def graphs(rows: Rows) -> tuple[list[list[str]], list[str]]:
    goals, text = [], []
    for name in rows.values("data", "build"):
        builds = rows.of("build", data=name)
        text += [f"## Graph search, {name}: {builds[0]['rows']:,} vectors", ""]
        recalls: dict[str, dict[int, float]] = defaultdict(dict)
        for r in rows.of("recall", data=name):
            recalls[label(r)][r["ef"]] = r["recall"]
        for wanted in hnsw.WANTED:
            for threads in rows.values("threads", "rate", data=name):
                turns: dict[str, list[dict]] = defaultdict(list)
                for r in rows.of("rate", data=name, threads=threads):
                    while len(turns[label(r)]) <= r["turn"]:
                        turns[label(r)].append({})
                    turns[label(r)][r["turn"]][r["ef"]] = r["rate"]
                found = {n: [measure.rate_at(recalls[n], t, wanted) for t in ts] for n, ts in turns.items()}
                c = Contest({n: [x for x in ts if x] for n, ts in found.items()})
                plural = "thread" if threads == 1 else "threads"
                text += [f"### recall@{hnsw.K} of {wanted}, {threads} {plural}", "", *table(RATES, c.lines())]
                goals += c.goal(f"{name}: recall {wanted}, {threads} {plural}", "queries/s")
        rates = {label(b): [b["rows"] / b["seconds"]] for b in builds if b["seconds"]}
        goals += Contest(rates).goal(f"{name}: building the graph, {builds[0]['threads']} threads", "vectors/s")
        same = {n: t for n, t in rates.items() if n.endswith("fp32") or n == f"winnow hnsw{hnsw.M}:{hnsw.WIDTH}"}
        goals += Contest(same).goal(f"{name}: building the graph, same parameters and float32, {builds[0]['threads']} threads", "vectors/s")
        memory = {label(r): r["anonymous"] + r["file"] for r in rows.of("resident", data=name)}
        body = []
        for b in builds:
            seconds = f"{b['seconds']:,.1f}" if b["seconds"] else ""
            resident = memory.get(label(b))
            body.append([bold(label(b)), seconds, f"{b['bytes'] / MIB:,.0f}", f"{resident / MIB:,.0f}" if resident else ""])
        text += [f"### Building on {builds[0]['threads']} threads, and size", "", *table(["", "seconds", "file, MiB", "resident, MiB"], body)]
    return goals, text


def exacts(rows: Rows) -> tuple[list[list[str]], list[str]]:
    goals, text = [], []
    for name in rows.values("data", "exact rate"):
        size = rows.of("exact size", data=name)[0]["rows"]
        text += [f"## Exact search, {name}: {size:,} vectors", ""]
        recalls = {(label(r), r["oversample"]): r["recall"] for r in rows.of("exact recall", data=name)}
        for task, threads in dict.fromkeys((r["task"], r["threads"]) for r in rows.of("exact rate", data=name)):
            turns, widths = defaultdict(list), {}
            for r in rows.of("exact rate", data=name, task=task, threads=threads):
                turns[label(r)].append(r["rate"])
                widths[label(r)] = r["oversample"]
            exact = Contest({n: t for n, t in turns.items() if "," not in n})
            title = f"{'one query at a time' if task == 'one' else 'batches of 1,000'}, {threads} {'thread' if threads == 1 else 'threads'}"
            goals += exact.goal(f"{name}: exact, {title}", "queries/s")
            every = Contest(dict(turns))
            lines = [[*line, f"{recalls[n, widths[n]]:.4f}", str(widths[n] or "")] for line in every.lines() for n in [line[0].strip("*")]]
            text += [f"### {title}", "", *table([*RATES, "recall@10", "rescored, × k"], lines)]
            binary = "winnow flat,binary"
            if binary in every.best and exact.best:
                fastest = max(exact.best, key=exact.best.get)
                best, median = every.ratios(binary, fastest)
                goals.append([f"{name}: binary and rescoring, {title}", f"{binary}, recall {recalls[binary, widths[binary]]:.3f}: {number(every.best[binary])} queries/s",
                              f"{fastest}: {number(every.best[fastest])} queries/s", f"**{best:.2f}**", f"{median:.2f}"])
    return goals, text


def words(rows: Rows) -> tuple[list[list[str]], list[str]]:
    goals, text = [], []
    for english, name in dict.fromkeys((r["english"], r["data"]) for r in rows.of("corpus")):
        corpus = rows.of("corpus", data=name, english=english)[0]
        kind = "raw text, each engine's English analysis" if english else "the same terms"
        text += [f"## BM25, {name}: {corpus['passages']:,} passages, {kind}", ""]
        for k, threads in dict.fromkeys((r["k"], r["threads"]) for r in rows.of("lexical rate", data=name, english=english)):
            turns = defaultdict(list)
            for r in rows.of("lexical rate", data=name, english=english, k=k, threads=threads):
                turns[label(r) + CALLS[r["engine"], r["way"]]].append(r["rate"])
            c = Contest(turns)
            title = f"k = {k}, {threads} {'thread' if threads == 1 else 'threads'}"
            for peer in ("tantivy", "bm25s"):
                goals += c.goal(f"BM25 {name}{', raw text' if english else ''}, {title}", "queries/s", lambda n, p=peer: n.startswith(p))
            text += [f"### {title}", "", *table(RATES, c.lines())]
        turns = defaultdict(lambda: defaultdict(list))
        for r in rows.of("index", data=name, english=english):
            if r["engine"] == "tantivy" or r["variant"] in ("lucene", "english"):
                turns[r["threads"]][label(r)].append(corpus["passages"] / r["seconds"])
        for threads, rates in turns.items():
            shared = min(len(t) for t in rates.values())
            c = Contest({n: t[:max(shared, 1)] for n, t in rates.items()})
            plural = "thread" if threads == 1 else "threads"
            goals += c.goal(f"BM25 {name}{', raw text' if english else ''}: indexing, {threads} {plural}", "passages/s", lambda n: n.startswith("tantivy"))
            sizes = {label(r): r["bytes"] for r in rows.of("index", data=name, english=english, threads=threads)}
            text += [f"### Indexing, {threads} {plural}", "",
                     *table(["", "passages/s", "this / best peer", "median of turns", "MiB"], ([*line, f"{sizes[line[0].strip('*')] / MIB:,.1f}"] for line in c.lines()))]
        calls = rows.of("call", data=name, english=english)
        if calls:
            text += ["A call that finds nothing: " + ", ".join(f"{label(r)} {r['microseconds']:.1f} µs" for r in calls) + ".", ""]
    agreements = [r for r in rows.of("agreement") if r["engine"].startswith("winnow")]
    if agreements:
        text += ["## Scores beside bm25s", "", "Best 100 rows of each query on the same terms; scores of rows that both lists have.", "",
                 *table(["", "beside", "scores compared", "largest difference", "best ten in common, equal scores counted"],
                        ([f"{r['data']}", r["reference"], f"{r['common']:,}", f"{r['difference']:.1e}", f"{r['overlap_with_ties']:.4f}"] for r in agreements))]
    return goals, text


def grown(rows: Rows) -> list[str]:
    body = []
    for size in rows.values("rows", "growth"):
        turns = rows.of("growth", rows=size)
        last = turns[-1]
        build = rows.of("growth build", rows=size)
        first = statistics.median(r["first"] for r in turns)
        body.append([f"{size:,}", f"{1000 * statistics.median(r['opened'] for r in turns):.1f}", f"{1000 * first:.1f}", f"{1000 * last['dense']:.2f}",
                     f"{1000 * last['lexical']:.2f}", f"{last['idle']['anonymous'] / MIB:.0f} + {last['idle']['file'] / MIB:.0f}",
                     f"{last['used']['anonymous'] / MIB:.0f} + {last['used']['file'] / MIB:.0f}",
                     f"{last['idle_after_use']['anonymous'] / MIB:.0f} + {last['idle_after_use']['file'] / MIB:.0f}",
                     f"{1000 * last['first_after_idle']:.1f}", f"{last['disk'] / MIB:,.0f}",
                     f"{build[0]['seconds']:,.0f}" if build else ""])
    if not body:
        return []
    head = ["passages", "open, ms", "open and first query, ms", "vector query, ms", "BM25 query, ms", "resident after one query, MiB",
            "resident after many, MiB", "idle after that, MiB", "first query then, ms", "disk, MiB", "indexing, s"]
    return ["## Growth of an index directory", "",
            "Files are in the page cache. Resident memory is the process's own plus pages of mapped files, which the system may take back; "
            "idle is after DB.Idle, which gives back what searches brought in.", "", *table(head, body)]


def write(journal: list[dict], by_cpu: bool = False) -> str:
    rows = Rows(journal, by_cpu)
    m = rows.of("machine")[0]
    text = ["# winnow's index and its peers", "",
            f"- CPU: {m['cpu']} ({m['flags']}); {m['cores']} cores; WINNOW_SIMD={m['simd']!r}",
            f"- {m['go']}; " + ", ".join(f"{n} {v}" for n, v in m["packages"].items()),
            f"- {m['rounds']} alternating turns of {m['seconds']:g} seconds each; the best turn counts; a ratio above 1 means that winnow is faster",
            "- each peer runs in its faster way: a call for each query, or all queries in one call; winnow gets one query at a time, except where batches are measured", ""]
    if by_cpu:
        text[-1:] = ["- **all rates are by processor time, not by the clock**: for trials on a busy machine only", ""]
    goals, body = [], []
    for part in (graphs, exacts, words):
        g, t = part(rows)
        goals += g
        body += t
    if goals:
        head = ["task", "winnow", "peer", "ratio of best turns", "median ratio of turns"]
        text += ["| " + " | ".join(head) + " |", "| --- | --- | --- | ---: | ---: |", *("| " + " | ".join(g) + " |" for g in goals), ""]
    return "\n".join([*text, *body, *grown(rows)])
