# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""The texts of the comparison: distinct passages and queries of the shared data, and the large corpus built from them.

The shared data is a folder with eval/NAME/{corpus,queries}.jsonl in the layout of BEIR, and train/*.jsonl.gz whose rows
have "query", "positive" and "negatives", or "text1" and "text2", or "text".
"""

import gzip
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

SENTENCE = re.compile(r"(?<=[.!?])\s+")
SEED = 20261123


def rows(path: Path) -> Iterator[dict]:
    opened = gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")
    with opened as f:
        for line in f:
            yield json.loads(line)


def eval_passages(shared: Path, name: str = "*") -> Iterator[str]:
    """Every passage of the evaluation sets, or of one, as title + " " + text, in the order of the files."""
    for corpus in sorted(shared.glob(f"eval/{name}/corpus.jsonl")):
        for row in rows(corpus):
            yield f"{row.get('title', '')} {row['text']}".strip()


def train_passages(shared: Path) -> Iterator[str]:
    """Positives, negatives and plain passages of the training files; neither queries nor sentence pairs."""
    for path in sorted(shared.glob("train/*.jsonl.gz")):
        if path.name.startswith("queries_"):
            continue
        for row in rows(path):
            if "positive" in row:
                yield row["positive"].strip()
                yield from (n.strip() for n in row["negatives"])
            elif "text" in row:
                yield row["text"].strip()


def distinct(texts: Iterator[str], seen: set[str]) -> list[str]:
    """Texts that are neither empty nor in seen, each once, in their order; seen grows by them."""
    result = []
    for text in texts:
        if text and text not in seen:
            seen.add(text)
            result.append(text)
    return result


def eval_queries(shared: Path, name: str = "*") -> list[str]:
    return distinct((r["text"].strip() for path in sorted(shared.glob(f"eval/{name}/queries.jsonl")) for r in rows(path)), set())


def train_queries(shared: Path, limit: int) -> list[str]:
    """limit of the training rows' distinct queries, in an order shuffled with a fixed seed."""
    found = distinct((r["query"].strip() for path in sorted(shared.glob("train/*.jsonl.gz")) for r in rows(path) if "query" in r), set())
    random.Random(SEED).shuffle(found)
    return found[:limit]


def windows(passages: list[str], count: int) -> Iterator[str]:
    """count passages: the given ones first, then windows over sentences.

    There are fewer distinct passages than wanted. The rest is recombined: the sentences of all passages stand in one
    sequence, passages shuffled, and a window starts at a random sentence and takes sentences until it has as many words
    as a passage drawn at random. So words, sentence lengths and passage lengths keep their distributions, and the
    vocabulary grows no further, as it hardly would in a larger collection of the same kind.
    """
    yield from passages[:count]
    draw = random.Random(SEED)
    lengths = [len(p.split()) for p in passages]
    shuffled = passages[:]
    draw.shuffle(shuffled)
    sentences = [s for p in shuffled for s in SENTENCE.split(p) if s]
    words = [len(s.split()) for s in sentences]
    for _ in range(count - len(passages)):
        at, want, parts = draw.randrange(len(sentences)), draw.choice(lengths), []
        while want > 0 and at < len(sentences):
            parts.append(sentences[at])
            want -= words[at]
            at += 1
        yield " ".join(parts)
