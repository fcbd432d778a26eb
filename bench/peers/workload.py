# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Chooses the texts all engines get, and the token ids that say what the texts are worth in work.

The file written holds the texts (winnow reads those) and the ids (the peers get those), made by the reference tokenizer.
"""

import itertools
import json
from pathlib import Path

from tokenizers import Tokenizer

QUERY_TOKENS, DOCUMENT_TOKENS, PAIRS, LIMIT = 16, 80, 100, 256


def load_tokenizer(directory: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def records(path: Path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def cut_to(tokenizer: Tokenizer, text: str, tokens: int) -> str | None:
    """The longest run of whole words from the start with exactly that many tokens; None if no run has that many."""
    spans = tokenizer.encode(text, add_special_tokens=False)
    if len(spans.ids) < tokens or (len(spans.ids) > tokens and spans.word_ids[tokens] == spans.word_ids[tokens - 1]):
        return None
    cut = text[: spans.offsets[tokens - 1][1]]
    return cut if len(tokenizer.encode(cut, add_special_tokens=False).ids) == tokens else None


def build(retriever: Path, reranker: Path, collection: Path, out: Path, count: int) -> dict:
    tokenizer = load_tokenizer(retriever)
    corpus = [r["text"] for r in itertools.islice(records(collection / "corpus.jsonl"), 2 * count + 2000)]
    passages = corpus[:count]
    encoded = tokenizer.encode_batch(passages)
    # Cut as the tokenizer cuts: the last content tokens go, the closing [SEP] stays.
    ids = [e.ids if len(e.ids) <= LIMIT else e.ids[: LIMIT - 1] + e.ids[-1:] for e in encoded]

    pair_tokenizer = load_tokenizer(reranker)
    documents = [d for d in (cut_to(pair_tokenizer, t, DOCUMENT_TOKENS) for t in corpus) if d][:PAIRS]
    joined = " ".join(r["text"] for r in itertools.islice(records(collection / "queries.jsonl"), 20))
    query = cut_to(pair_tokenizer, joined, QUERY_TOKENS) or cut_to(pair_tokenizer, corpus[0], QUERY_TOKENS)
    if query is None or len(documents) < PAIRS:
        raise SystemExit(f"{collection}: too few texts of {QUERY_TOKENS} and {DOCUMENT_TOKENS} tokens")
    pairs = [pair_tokenizer.encode(query, d) for d in documents]
    workload = {
        "passages": passages,
        "passage_ids": ids,
        "query": query,
        "query_ids": tokenizer.encode(query).ids,
        "documents": documents,
        "pair_ids": [p.ids for p in pairs],
        "pair_types": [p.type_ids for p in pairs],
    }
    out.write_text(json.dumps(workload), encoding="utf-8")
    return workload
