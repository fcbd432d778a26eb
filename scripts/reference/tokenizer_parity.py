# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Compare the Go tokenizer with the reference on any amount of text, id by id and offset by offset.

Usage, from the repository's root:
  python scripts/reference/tokenizer_parity.py --model MODEL_DIR FILE...

FILEs are text (a line each), BEIR or other .jsonl, or .jsonl.gz (every string in every row is a text). The nasty corpus is always
added. Writes the reference's answers to a temporary file, then runs
  WINNOW_PARITY_LINES=<file> WINNOW_PARITY_TOKENIZER=<tokenizer.json> go test -tags parity -run TestParity -v ./tokenizer
which compares them and prints the counts. The exit code is that of the test.

Record: uint32 bytes of text, text, uint32 tokens, then (id, start, end) as uint32 each; little-endian.
"""

import argparse
import gzip
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

import tokenizers

import tokenizer_nasty as nasty
from tokenizer_golden import byte_offsets, make


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for v in value:
            yield from strings(v)
    elif isinstance(value, dict):
        for v in value.values():
            yield from strings(v)


def texts(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8", errors="replace", newline="\n") as f:
        for line in f:
            if ".jsonl" in path:
                yield from strings(json.loads(line))
            else:
                yield line.rstrip("\n")


def batches(files, size=2000):
    batch, seen = [t for t in nasty.texts(2000)], set()
    for path in files:
        for text in texts(path):
            data = text.encode("utf-8", "replace")
            h = hash(data)
            if h in seen:
                continue
            seen.add(h)
            batch.append(data)
            if len(batch) >= size:
                yield batch
                batch = []
    yield batch


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--model", required=True, help="directory with tokenizer.json")
    p.add_argument("files", nargs="+")
    args = p.parse_args()
    path = os.path.join(args.model, "tokenizer.json")
    tok = make(json.load(open(path, encoding="utf-8")), {})
    lines = tokens = 0
    spent = 0.0
    with tempfile.NamedTemporaryFile(suffix=".parity") as out:
        for batch in batches(args.files):
            decoded = [b.decode("utf-8", "replace") for b in batch]
            begin = time.perf_counter()
            encoded = tok.encode_batch(decoded, add_special_tokens=False)
            spent += time.perf_counter() - begin
            for data, text, e in zip(batch, decoded, encoded):
                flat = [x for k, (a, b) in zip(e.ids, byte_offsets(text, e.offsets)) for x in (k, a, b)]
                out.write(struct.pack("<I", len(data)) + data + struct.pack(f"<I{len(flat)}I", len(e.ids), *flat))
                tokens += len(e.ids)
            lines += len(batch)
        out.flush()
        print(f"reference: tokenizers {tokenizers.__version__}, {lines} texts, {tokens} tokens, {spent:.1f} s in encode_batch", flush=True)
        env = {**os.environ, "WINNOW_PARITY_LINES": out.name, "WINNOW_PARITY_TOKENIZER": os.path.abspath(path)}
        sys.exit(subprocess.call(["go", "test", "-tags", "parity", "-count=1", "-run", "TestParity", "-v", "./tokenizer"], env=env))


if __name__ == "__main__":
    main()
