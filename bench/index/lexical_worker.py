# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""A peer of lexical search in a process of its own: reads requests from standard input, answers with what it measured.

"index": reads a file of passages, one a line, and indexes them; the seconds are those of indexing alone. "search":
passes queries, one a line, through the index, by "loop", a call for each query, or "batch", in one call where the
peer has such; round and round until "seconds" have passed. With "save" it makes one pass and writes rows (int64) and scores (float32).
"absent" measures a query that has no match: what a call costs by itself.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import lexical_peers


def read(path: str, limit: int = 0) -> list[str]:
    with open(path, encoding="utf-8") as f:
        lines = f.read().split("\n")[:-1]
    return lines[:limit or None]


class Worker:
    def __init__(self, engine: str):
        self.peer = lexical_peers.PEERS[engine]()
        self.prepared = {}

    def index(self, r: dict) -> dict:
        self.prepared = {}
        folder = Path(tempfile.mkdtemp(dir=r["folder"]))
        try:
            steps = self.peer.index(read(r["data"], r["rows"]), r["variant"], r["threads"], folder)
            run = next(steps)
            start = time.perf_counter()
            run()
            seconds = time.perf_counter() - start
            return {"seconds": seconds, **next(steps)}
        finally:
            # Files stay readable while they are mapped; the space is free when this process ends.
            shutil.rmtree(folder)

    def search(self, r: dict) -> dict:
        if r["queries"] not in self.prepared:
            lines = [lexical_peers.ABSENT] * 1000 if r["queries"] == "absent" else read(r["queries"])
            self.prepared[r["queries"]] = self.peer.prepare(lines)
        queries, k = self.prepared[r["queries"]][:r["limit"] or None], r["k"]
        if r["save"]:
            rows, scores = self.peer.found(queries, k)
            rows.astype("<i8").tofile(r["save"] + ".rows")
            scores.astype("<f4").tofile(r["save"] + ".scores")
            return {"queries": len(queries), "seconds": None}
        count, start = 0, time.perf_counter()
        while True:
            if r["way"] == "batch":
                self.peer.batch(queries, k, r["threads"])
                count += len(queries)
            else:
                for q in queries:
                    self.peer.one(q, k)
                    count += 1
                    if time.perf_counter() - start >= r["seconds"]:
                        break
            seconds = time.perf_counter() - start
            if seconds >= r["seconds"]:
                return {"queries": count, "seconds": seconds}


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--engine", choices=lexical_peers.PEERS, required=True)
    o = a.parse_args()
    # Libraries write to standard output, too: it is for answers only.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    worker = Worker(o.engine)
    print(json.dumps({"name": worker.peer.NAME, "version": worker.peer.version}), file=answers, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        answer = {"index": worker.index, "search": worker.search}[request["task"]](request)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
