# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Time the reference library and the Go tokenizer on the same lines, one thread each, in one run.

Usage, from the repository's root:
  python scripts/reference/tokenizer_bench.py --model MODEL_DIR LINES

LINES is text, a line each. Every measurement is the best of five over the whole file, without special tokens.
"""

import argparse
import json
import os
import re
import subprocess
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers

from tokenizer_golden import make


def best(run):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        run()
        times.append(time.perf_counter() - begin)
    return min(times)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, help="directory with tokenizer.json")
    p.add_argument("lines")
    args = p.parse_args()
    tok = make(json.load(open(os.path.join(args.model, "tokenizer.json"), encoding="utf-8")), {})
    with open(args.lines, encoding="utf-8") as f:
        lines = [line.rstrip("\n") for line in f]
    size = sum(len(x.encode()) for x in lines) / 1e6
    peers = {}
    for name, call in [
        ("encode_batch", lambda part: tok.encode_batch(part, add_special_tokens=False)),
        ("encode_batch_fast", lambda part: tok.encode_batch_fast(part, add_special_tokens=False)),
    ]:
        # In parts, so that the results of all lines are not in memory at once.
        spent = best(lambda: [call(lines[i : i + 1000]) for i in range(0, len(lines), 1000)] and None)
        peers[name] = size / spent
        print(f"tokenizers {tokenizers.__version__} {name}: {len(lines) / spent:,.0f} lines/s, {size / spent:.2f} MB/s")
    env = {**os.environ, "GOMAXPROCS": "1", "WINNOW_BENCH_LINES": os.path.abspath(args.lines)}
    cmd = ["go", "test", "-run", "^$", "-bench", "AppendIDs|AppendTokens", "-count=5", "./tokenizer"]
    out = subprocess.run(cmd, env=env, check=True, capture_output=True, text=True).stdout
    for bench, peer in [("AppendIDs", "encode_batch_fast"), ("AppendTokens", "encode_batch")]:
        speed = max(float(x) for x in re.findall(rf"Benchmark{bench}\S*\s.*?([\d.]+) MB/s", out))
        print(f"winnow {bench}: {speed * len(lines) / size:,.0f} lines/s, {speed:.2f} MB/s, {speed / peers[peer]:.1f} times {peer}")


if __name__ == "__main__":
    main()
