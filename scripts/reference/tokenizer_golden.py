# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write tokenizer/testdata: a tokenizer.json and what the reference library makes of hard and real texts.

Usage: python scripts/reference/tokenizer_golden.py MODEL_DIR LINES tokenizer/testdata

MODEL_DIR holds all-MiniLM-L6-v2's tokenizer.json and vocab.txt; LINES is a file of real text, a line each (UTF-8). The
stored lines are 200 passages of the CIA World Factbook (CC0) and of US presidential speeches (public domain); they can be
had back from golden.json.gz (first variant, from index "real" on).
Writes tokenizer.json.gz (the same file, compressed), golden.json.gz (texts, ids, byte offsets) and
sweep.json.gz (a hash of the result for every block of 256 code points, in several contexts).
"""

import base64
import copy
import gzip
import hashlib
import json
import os
import struct
import sys

import tokenizers
from tokenizers import BertWordPieceTokenizer, Tokenizer

import tokenizer_nasty as nasty

PLAIN, ALONE, MARKED = "a{}b", "{}", "e{}\u0323\u0301x"
SWEEPS = {
    "base": [PLAIN, ALONE, MARKED], "cased": [PLAIN], "lower, accents kept": [PLAIN], "no normalizer": [PLAIN],
    "sequence": [PLAIN, MARKED], "nfd": [MARKED], "not cleaned": [PLAIN],
}


def byte_offsets(text, offsets):
    """Character ranges as byte ranges."""
    if text.isascii():
        return list(offsets)
    at = [0]
    for c in text:
        at.append(at[-1] + len(c.encode("utf-8", "surrogatepass")))
    return [(at[a], at[b]) for a, b in offsets]


def make(base, change):
    config = copy.copy(base)
    config["truncation"] = config["padding"] = None
    for name, value in change.items():
        config[name] = {**base["model"], **value} if name == "model" else value
    return Tokenizer.from_str(json.dumps(config))


def case(tok, data):
    text = data.decode("utf-8", "replace")
    e = tok.encode(text, add_special_tokens=False)
    flat = [x for k, (a, b) in zip(e.ids, byte_offsets(text, e.offsets)) for x in (k, a, b)]
    return [base64.b64encode(data).decode(), flat]


def pair_case(tok, a, b):
    e = tok.encode(a, b)
    return {"a": a, "b": b, "ids": e.ids, "types": e.type_ids, "mask": e.special_tokens_mask}


def cut_cases(tok, pairs):
    """Pairs as the reference cuts them: only the second text."""
    out = []
    for a, b in pairs:
        for limit in (8, 16, 24, 64, 128):
            tok.enable_truncation(limit, strategy="only_second")
            try:
                e = tok.encode(a, b)
            except Exception:
                continue  # the reference refuses where the first text alone is too long
            out.append({"a": a, "b": b, "max": limit, "ids": e.ids, "types": e.type_ids})
    tok.no_truncation()
    return out


def sweep(tok, contexts):
    """For each context and block of 256 code points, the first 8 bytes of SHA-256 over (count, then id, start, end) as little-endian uint32."""
    out = []
    for context in contexts:
        hashes = []
        for block in range(0, 0x110000, 256):
            texts = [context.replace("{}", chr(c)) for c in range(block, block + 256) if not 0xD800 <= c < 0xE000]
            h = hashlib.sha256()
            for text, e in zip(texts, tok.encode_batch(texts, add_special_tokens=False)):
                flat = [len(e.ids)] + [x for k, (a, b) in zip(e.ids, byte_offsets(text, e.offsets)) for x in (k, a, b)]
                h.update(struct.pack(f"<{len(flat)}I", *flat))
            hashes.append(h.hexdigest()[:16])
        out.append({"context": context, "hashes": runs(hashes)})
    return out


def runs(hashes):
    """Run-length code: [hash, count] pairs."""
    out = []
    for h in hashes:
        if out and out[-1][0] == h:
            out[-1][1] += 1
        else:
            out.append([h, 1])
    return out


def write(path, value):
    raw = value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()
    with open(path, "wb") as f, gzip.GzipFile("", "wb", 9, f, 0) as z:
        z.write(raw)
    print(path, os.path.getsize(path))


def main():
    model, lines, out = sys.argv[1:]
    raw = open(os.path.join(model, "tokenizer.json"), "rb").read()
    base = json.loads(raw)
    with open(lines, encoding="utf-8") as f:
        real = [line.rstrip("\n") for line in f]
    golden = {"tokenizers": tokenizers.__version__, "variants": []}
    swept = {"tokenizers": tokenizers.__version__, "variants": []}
    for name, change in nasty.variants(base).items():
        tok = make(base, change)
        if name == "base":
            corpus = nasty.texts(300)
            golden["real"] = len(corpus)
            corpus += [t.encode() for t in real]
        else:
            corpus = nasty.texts(40)
        pairs = [("what is [SEP] it?", "it is  a [MASK]."), ("", ""), ("a", ""), ("", "b")]
        golden["variants"].append({
            "name": name, "change": change, "texts": [case(tok, t) for t in corpus], "pairs": [pair_case(tok, a, b) for a, b in pairs],
        })
        if name in SWEEPS:
            swept["variants"].append({"name": name, "change": change, "sweep": sweep(tok, SWEEPS[name])})
    tok = make(base, {})
    golden["cuts"] = cut_cases(tok, list(zip(real[0:60:2], real[1:60:2])) + [(a[:40], b) for a, b in zip(real[60:100:2], real[61:100:2])])
    for lower in (True, False):
        tok = BertWordPieceTokenizer(os.path.join(model, "vocab.txt"), lowercase=lower)
        golden["vocab_" + ("lower" if lower else "cased")] = [case(tok, t) for t in nasty.texts(40)]
    write(os.path.join(out, "tokenizer.json.gz"), raw)
    write(os.path.join(out, "golden.json.gz"), golden)
    write(os.path.join(out, "sweep.json.gz"), swept)


if __name__ == "__main__":
    main()
