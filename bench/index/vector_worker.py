# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""A peer of vector search in a process of its own: reads requests from standard input, answers with what it measured.

A request is a line of JSON. "open": builds an index of the first rows of a matrix (or loads it, if file holds it and
rebuild is not asked for). "search": passes queries through it, in one of two ways: "loop", a call for each query, from as
many threads as asked for; "batch", one call with all queries and the peer's own threads. It goes round until
"seconds" have passed. With "save" it makes one pass and writes the ids found, int64, k a query.
"""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np  # noqa: E402

import vector_peers  # noqa: E402


class Worker:
    def __init__(self, engine: str):
        self.peer = vector_peers.PEERS[engine]()
        self.queries, self.queries_file = None, None

    def open(self, r: dict) -> dict:
        file = Path(r["file"])
        rows = np.load(r["data"], mmap_mode="r")[:r["rows"]]
        self.dim = rows.shape[1]
        if file.exists() and not r["rebuild"]:
            self.peer.load(file, r["kind"], r["variant"], self.dim)
            return {"seconds": None, "bytes": file.stat().st_size}
        rows = np.ascontiguousarray(rows)
        start = time.perf_counter()
        self.peer.build(r["kind"], r["variant"], rows, r["m"], r["width"], r["threads"])
        seconds = time.perf_counter() - start
        del rows
        part = file.with_suffix(".part")
        self.peer.save(part)
        os.replace(part, file)
        return {"seconds": seconds, "bytes": file.stat().st_size}

    def search(self, r: dict) -> dict:
        if self.queries_file != r["queries"]:
            self.queries, self.queries_file = np.load(r["queries"]).astype(np.float32), r["queries"]
        queries, k, threads = self.queries[:r["limit"] or None], r["k"], r["threads"]
        self.peer.threads(threads)
        if r["ef"]:
            self.peer.width(r["ef"])
        if r["save"]:
            found = self.peer.search(queries, k, threads)
            found.astype("<i8").tofile(r["save"])
            return {"queries": len(queries), "seconds": None}
        once = self.batch if r["way"] == "batch" else self.loop
        count, start = 0, time.perf_counter()
        while True:
            count += once(queries, k, threads, start + r["seconds"])
            seconds = time.perf_counter() - start
            if seconds >= r["seconds"]:
                return {"queries": count, "seconds": seconds}

    def batch(self, queries: np.ndarray, k: int, threads: int, until: float) -> int:
        self.peer.search(queries, k, threads)
        return len(queries)

    def loop(self, queries: np.ndarray, k: int, threads: int, until: float) -> int:
        """A call for each query; ends early when the time is up."""
        def part(start: int) -> int:
            done = 0
            self.peer.threads(1)  # some libraries keep the number by thread
            for i in range(start, len(queries), threads):
                self.peer.search(queries[i:i + 1], k, 1)
                done += 1
                if time.perf_counter() > until:
                    break
            return done

        if threads == 1:
            return part(0)
        with ThreadPoolExecutor(threads) as pool:
            return sum(pool.map(part, range(threads)))


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--engine", choices=vector_peers.PEERS, required=True)
    o = a.parse_args()
    # Libraries write to standard output, too: it is for answers only.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(o.engine)
    print(json.dumps({"name": worker.peer.NAME, "version": worker.peer.version}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"open": worker.open, "search": worker.search}[request["task"]](request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
