# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""One analysis for all engines: words of ASCII letters and digits in lower case, without stop words, Snowball-stemmed.

The result is written as lines of terms with spaces between, which a tokenizer that splits at white space, and one that follows
Unicode's word boundaries, both read back as the same terms.
"""

import re

import Stemmer
from bm25s.stopwords import STOPWORDS_EN

WORD = re.compile(r"[a-z0-9]+")
LONGEST = 32  # terms above are left out: tokenizers differ in what they do with them


class Analysis:
    """Terms of texts; every distinct word is stemmed once."""

    def __init__(self):
        self.stemmer = Stemmer.Stemmer("english")
        self.terms: dict[str, str | None] = dict.fromkeys(STOPWORDS_EN)

    def line(self, text: str) -> str:
        terms = []
        for word in WORD.findall(text.lower()):
            try:
                term = self.terms[word]
            except KeyError:
                term = self.stemmer.stemWord(word) if 1 < len(word) <= LONGEST else None
                self.terms[word] = term
            if term:
                terms.append(term)
        return " ".join(terms)
