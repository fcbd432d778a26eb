# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The Rust tokenizers on one thread: reads the workload, prints the seconds of each run over its passages as JSON."""

import json
import os
import sys
import time
from pathlib import Path

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers  # noqa: E402

from workload import load_tokenizer  # noqa: E402


def main() -> None:
    directory, path, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    tokenizer = load_tokenizer(directory)
    passages = json.loads(path.read_text(encoding="utf-8"))["passages"]
    seconds, tokens = {}, 0
    # The second one leaves offsets out and is the faster; both are shown what they can do.
    for name in ("encode_batch", "encode_batch_fast"):
        encode, seconds[name] = getattr(tokenizer, name), []
        for _ in range(times):
            start = time.perf_counter()
            encoded = encode(passages)
            seconds[name].append(time.perf_counter() - start)
        tokens = sum(len(e) for e in encoded)
    best = min(seconds, key=lambda name: min(seconds[name]))
    print(json.dumps({"seconds": seconds[best], "variant": best, "tokens": tokens, "version": tokenizers.__version__}))


if __name__ == "__main__":
    main()
