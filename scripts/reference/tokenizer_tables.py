# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write tokenizer/unicode.bin: what the reference library says about every code point.

The Rust `tokenizers` library mixes Unicode tables of several versions (the standard library's for
lower case and white space, crates' own for categories and decompositions). Go's tables are of yet
another version and change with the tool chain. So this script asks the reference about every code
point and writes the answers down; the Go package uses nothing else.

Usage: python scripts/reference/tokenizer_tables.py tokenizer/unicode.bin

Format: the magic "wnuc1\n", the reference's version as a length byte and text, then sections in a
fixed order. All numbers are unsigned LEB128 varints.
  range set   count, then (gap from the previous end, length) for each range
  value set   count, then (gap from the previous end, length, value) for each range
  map         count, then (gap from the previous key, n, n times zigzag(target - key))
Sections: dropped, space, punctuation, Mn, M, word (range sets), ccc (value set), NFD, lower (maps).
Hangul syllables are left out of the NFD map: they decompose by arithmetic.
"""

import sys
import unicodedata

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SURROGATES = range(0xD800, 0xE000)
CODE_POINTS = [c for c in range(0x110000) if c not in SURROGATES]
HANGUL = range(0xAC00, 0xD7A4)


def varint(n):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    return bytes(out)


def zigzag(n):
    return n << 1 if n >= 0 else (-n << 1) - 1


def ranges(points):
    """Sorted code points as half-open ranges."""
    out = []
    for c in points:
        if out and out[-1][1] == c:
            out[-1][1] = c + 1
        else:
            out.append([c, c + 1])
    return out


def range_set(points):
    out, end, rs = b"", 0, ranges(points)
    for lo, hi in rs:
        out += varint(lo - end) + varint(hi - lo)
        end = hi
    return varint(len(rs)) + out


def value_set(values):
    out, end, rs = b"", 0, []
    for c, v in sorted(values.items()):
        if rs and rs[-1][1] == c and rs[-1][2] == v:
            rs[-1][1] = c + 1
        else:
            rs.append([c, c + 1, v])
    for lo, hi, v in rs:
        out += varint(lo - end) + varint(hi - lo) + varint(v)
        end = hi
    return varint(len(rs)) + out


def mapping(pairs):
    out, last = b"", 0
    for c, targets in sorted(pairs.items()):
        out += varint(c - last) + varint(len(targets))
        out += b"".join(varint(zigzag(t - c)) for t in targets)
        last = c
    return varint(len(pairs)) + out


def bert(**flags):
    base = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**base, **flags})


def word_characters():
    """Code points that keep a single_word added token from matching beside them."""
    tok = Tokenizer(models.WordLevel({"[UNK]": 0}, unk_token="[UNK]"))
    tok.add_tokens([AddedToken("QQ", single_word=True, normalized=False)])
    qq = tok.token_to_id("QQ")
    batch = tok.encode_batch([chr(c) + "QQ" for c in CODE_POINTS])
    return [c for c, e in zip(CODE_POINTS, batch) if qq not in e.ids]


def combining_classes(nfd):
    """ccc of every code point as the reference's NFD orders it (0 where it does not know the mark)."""
    out = {}
    for c in CODE_POINTS:
        k = unicodedata.combining(chr(c))
        if nfd.normalize_str(chr(c)) != chr(c):
            continue
        if k == 0:  # a mark newer than this Python's tables would show here
            assert nfd.normalize_str("\u0345" + chr(c)) == "\u0345" + chr(c), hex(c)
            continue
        if k < 240:  # U+0345 has the highest class, so a known mark moves before it
            text, moved = "\u0345" + chr(c), chr(c) + "\u0345"
        else:
            text, moved = chr(c) + "\u0301", "\u0301" + chr(c)
        if nfd.normalize_str(text) == moved:
            out[c] = k
    return out


def main():
    clean, marks, nfd = bert(clean_text=True), bert(strip_accents=True), normalizers.NFD()
    lower, accents, bert_pre = normalizers.Lowercase(), normalizers.StripAccents(), pre_tokenizers.BertPreTokenizer()
    dropped, space, punct, mn, m, decompose, small = [], [], [], [], [], {}, {}
    for c in CODE_POINTS:
        s = chr(c)
        cleaned = clean.normalize_str("a" + s + "b")
        if cleaned == "ab":
            dropped.append(c)
        parts = len(bert_pre.pre_tokenize_str("a" + s + "b"))
        if parts == 2:
            space.append(c)
            assert cleaned == "a b" or cleaned == "ab", hex(c)
        elif parts == 3:
            punct.append(c)
            assert cleaned != "a b", hex(c)
        d = nfd.normalize_str(s)
        if d != s and c not in HANGUL:
            decompose[c] = [ord(x) for x in d]
        if d == s and marks.normalize_str("a" + s + "b") == "ab":
            mn.append(c)
        if accents.normalize_str(s) == "":
            m.append(c)
        low = lower.normalize_str(s)
        if low != s:
            small[c] = [ord(x) for x in low]
    version = tokenizers.__version__.encode()
    blob = b"wnuc1\n" + bytes([len(version)]) + version
    for points in (dropped, space, punct, mn, m, word_characters()):
        blob += range_set(points)
    blob += value_set(combining_classes(nfd)) + mapping(decompose) + mapping(small)
    with open(sys.argv[1], "wb") as f:
        f.write(blob)
    print(f"{sys.argv[1]}: {len(blob)} bytes, tokenizers {tokenizers.__version__}")
    print({k: len(v) for k, v in dict(dropped=dropped, space=space, punct=punct, mn=mn, m=m, nfd=decompose, lower=small).items()})


if __name__ == "__main__":
    main()
