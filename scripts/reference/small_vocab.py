# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""A WordPiece vocabulary of about 300 entries and texts of an exact number of tokens, for the random checkpoints."""

import random
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the of and a to in is that for it as with on by at this are an be from or which search text query document
rank score token model word index vector sentence passage answer question retrieve fast small deep night river stone
light green apple music paper water train garden window silver north winter seven eight city people house year time
number letter open close first last new old good long over under between after before while where when how why who
not no all some many more most other only same such than then there these those was were been has have had can could
would should will may one two three four five zero""".split()
ENDINGS = ["##s", "##ed", "##ing", "##er", "##est", "##ly", "##tion", "##ness", "##able", "##ment"]
LETTERS = list("abcdefghijklmnopqrstuvwxyz0123456789")
MARKS = list("!\"#$%&'()*+,-./:;<=>?@[]_") + ["é", "ß", "中", "文", "日", "я", "д", "ا", "🙂", "–"]


def vocabulary() -> list[str]:
    """Entries in id order; no entry twice."""
    entries = SPECIAL + LETTERS + ["##" + c for c in LETTERS] + MARKS + ENDINGS + WORDS
    return list(dict.fromkeys(entries))


def tokenizer() -> Tokenizer:
    """The tokenizer that BERT checkpoints carry: lower case, BertPreTokenizer, WordPiece, [CLS] and [SEP]."""
    ids = {token: i for i, token in enumerate(vocabulary())}
    tok = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tok.add_special_tokens(SPECIAL)
    tok.normalizer = normalizers.BertNormalizer(lowercase=True)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.post_processor = processors.TemplateProcessing(
        single="[CLS]:0 $A:0 [SEP]:0",
        pair="[CLS]:0 $A:0 [SEP]:0 $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])],
    )
    tok.decoder = decoders.WordPiece()
    return tok


def write_vocab_txt(path: Path) -> None:
    path.write_text("\n".join(vocabulary()) + "\n", encoding="utf-8")


def words(n: int, seed: int) -> str:
    """A text of exactly n tokens without special tokens: every word is one entry of the vocabulary."""
    return " ".join(random.Random(seed).choices([w for w in WORDS if len(w) > 1], k=n))


# Texts that go through every step of normalisation: accents, CJK, combining marks, emoji with ZWJ, controls, right to
# left, words longer than the limit, special tokens inside text, unknown characters.
ODD_TEXTS = {
    "empty": "",
    "spaces": " \t\n ",
    "one-token": "a",
    "punctuation": "Who? What!! (where) [when]: why...",
    "accents": "Éclair naïve Straße ÀÉÎÕÜ e\u0301",
    "cjk": "search 中文日本 text",
    "cyrillic-arabic": "дядя search اا",
    "emoji": "good 🙂 new \U0001f469\u200d\U0001f4bb text",
    "controls": "open\u0000close\u0007 \ufeffindex\u200b word\u00a0paper",
    "special-inside": "query [SEP] document [MASK] rank [CLS]",
    "long-word": "x" * 101 + " " + "y" * 100,
    "pieces": "searching tokenization fastest rankings modelable",
}
