# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Stores what `winnow verify` compares published models with.

    python scripts/reference/real_models.py --retriever DIR
    python scripts/reference/real_models.py --builtin-retriever DIR --builtin-reranker DIR

The first DIR is a directory with the files of sentence-transformers/all-MiniLM-L6-v2. Of cross-encoder/ms-marco-MiniLM-L-6-v2 only
the five scores printed in the source notebook are stored; they are taken over from internal/notebook/notebooks.json. The others are
the built-in models as `winnow convert builtin:… --dtype f32 --out DIR` writes them: the numbers are those that the 8-bit weights stand for.
"""

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import verify_file

INTERNAL = Path(__file__).resolve().parents[2] / "internal"
OUT = INTERNAL / "parity" / "references"

PARAGRAPH = (
    "A search that runs in two stages first fetches many candidates cheaply and then reads each of them with care. "
    "The first stage compares one vector for the question with one vector for every passage, so its cost does not grow "
    "with the length of the passages. The second stage puts question and passage side by side and lets every word of one "
    "look at every word of the other; it is slower by a factor of hundreds, and it sees negation, order and reference. "
)

TEXTS = {
    "empty": "",
    "spaces": "   \t \r\n ",
    "one-letter": "a",
    "one-word": "retrieval",
    "unknown-word": "\u1234\u1235",
    "question": "How does reranking improve the answers of a search engine?",
    "statement": "Bi-encoders map texts to vectors; cross-encoders score pairs.",
    "upper-case": "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG",
    "mixed-case": "iPhone, McDonald, eBay and LaTeX",
    "punctuation": "...?!;:--'\"()[]{}<>|\\/@#$%^&*~`_+=",
    "digits": "In 1984, 3.14159 times 2,000,000 was -6e6; call +49 (30) 12345-678.",
    "long-number": "0" * 60 + "1234567890" * 4,
    "word-of-100": "b" * 100,
    "word-of-101": "b" * 101,
    "compound": "Donaudampfschifffahrtsgesellschaftskapitänswitwe",
    "german": "Größere Übungen fördern natürlich die Müdigkeit, weiß der Bäcker.",
    "french": "L'été dernier, nous avons dégusté des crêpes à la crème brûlée près de Nîmes.",
    "combining": "re\u0301sume\u0301 and A\u030angstro\u0308m, Vie\u0323\u0302t Nam",
    "polish": "Zażółć gęślą jaźń",
    "turkish": "İstanbul'da ılık bir gün",
    "greek": "Ο γρήγορος καφετής σκύλος",
    "russian": "Съешь же ещё этих мягких французских булок",
    "chinese": "检索增强生成让语言模型引用外部知识。",
    "japanese": "東京タワーは高さ333メートルです。",
    "korean": "검색 엔진은 어떻게 작동합니까?",
    "arabic": "محرك البحث يرتب النتائج حسب الصلة",
    "hebrew": "מנוע חיפוש טוב מוצא תשובות",
    "hindi": "खोज इंजन उत्तर ढूँढता है",
    "thai": "เครื่องมือค้นหาที่ดี",
    "emoji": "\U0001f600 good \U0001f44d\U0001f3fd family \U0001f468\u200d\U0001f469\u200d\U0001f467 flag \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "controls": "null\u0000byte bell\u0007 soft\u00adhyphen zero\u200bwidth bom\ufeff nbsp\u00a0end \u2028 line",
    "replacement": "broken \ufffd character",
    "full-width": "ＡＢＣ１２３ ｔｅｘｔ ﬁligree ① ½",
    "special-tokens": "first [SEP] second [CLS] third [MASK] fourth [PAD] fifth [UNK]",
    "near-special-tokens": "[sep] [ CLS ] <s> [MASK",
    "code": "func Dot(a, b []float32) (s float32) {\n\tfor i := range a {\n\t\ts += a[i] * b[i]\n\t}\n\treturn s\n}",
    "markup": "<p class=\"lead\">Read <a href='https://example.org/a?b=c&d=%20'>this page</a> &amp; that.</p>",
    "json": '{"id": 7, "tags": ["x", "y"], "nested": {"ok": true, "none": null}}',
    "markdown": "# Title\n\n- first\n- second\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
    "paragraph": PARAGRAPH,
    "paragraphs-3": PARAGRAPH * 3,
    "paragraphs-9": PARAGRAPH * 9,
    "exactly-254": "water " * 254,
    "exactly-255": "water " * 255,
    "cjk-long": "检索增强生成让语言模型引用外部知识" * 20,
    "no-spaces-long": "supercalifragilistic" * 80,
}


def retriever(directory: Path, name: str, about: str, file: str) -> None:
    from sentence_transformers import SentenceTransformer

    def load(dtype: torch.dtype) -> SentenceTransformer:
        options = {"device": "cpu", "local_files_only": True, "model_kwargs": {"dtype": dtype}}
        return SentenceTransformer(str(directory), **options).to(dtype)

    model = load(torch.float32)
    names = list(TEXTS)
    values = [model.encode([TEXTS[n]], show_progress_bar=False)[0] for n in names]
    exact = load(torch.float64)
    worst = max(np.abs(v - exact.encode([TEXTS[n]], show_progress_bar=False)[0]).max() for n, v in zip(names, values))
    print(f"{name}: float32 against float64: {worst:.1e}")
    assert worst < 2e-6
    cases = []
    for case, value in zip(names, values):
        ids = model.preprocess([TEXTS[case]])["input_ids"][0].tolist()
        whole = model.tokenizer(TEXTS[case], truncation=False, verbose=False)["input_ids"]
        cases.append({"name": case, "text": TEXTS[case], "ids": ids, "tokens_cut": (len(whole) - len(ids)) or None,
                      "embedding": verify_file.pack(value)})
    head = {
        "schema": verify_file.SCHEMA,
        "model": name,
        "kind": "bi",
        "about": about,
        "libraries": verify_file.libraries(),
        "weights_sha256": None if name.startswith("builtin:") else verify_file.weights_sha256(directory),
        "tolerance": 1e-5,
        "max_length": model.max_seq_length,
        "dimension": model.get_embedding_dimension(),
        "pooling": ["mean"],
        "normalized": True,
        "similarity": "cosine",
    }
    verify_file.write(OUT / file, head, cases)


def reranker(directory: Path) -> None:
    """Logits of the texts for three questions, one pair at a time."""
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(directory), device="cpu", local_files_only=True, max_length=512, model_kwargs={"dtype": torch.float32})
    cases = []
    for query in ("question", "one-word", "german"):
        for case, text in TEXTS.items():
            logit = model.predict([(TEXTS[query], text)], activation_fn=torch.nn.Identity(), show_progress_bar=False)
            cases.append({"name": f"{query} / {case}", "query": TEXTS[query], "document": text, "logits": verify_file.numbers(logit)})
    head = {
        "schema": verify_file.SCHEMA,
        "model": "builtin:reranker",
        "kind": "cross",
        "about": "Logits by sentence_transformers.CrossEncoder, CPU, float32, one pair at a time, of the numbers that the 8-bit weights stand for.",
        "libraries": verify_file.libraries(),
        "tolerance": 1e-4,
        "max_length": 512,
        "labels": 1,
        "activation": "identity",
    }
    verify_file.write(OUT / "reranker.json", head, cases)


def printed_reranker() -> None:
    """Scores that the notebook printed, with the environment unknown: hence the wider tolerance and no token ids."""
    notebook = json.loads((INTERNAL / "notebook" / "notebooks.json").read_text(encoding="utf-8"))["notebook_002"]
    cases = []
    for document, logit in notebook["printed_cross_encoder_ms_marco_MiniLM_L6_v2"]:
        cases.append({"name": document, "query": notebook["smoke_query"], "document": notebook["corpus"][document],
                      "logits": [logit], "scores": [logit]})
    head = {
        "schema": verify_file.SCHEMA,
        "model": "cross-encoder/ms-marco-MiniLM-L-6-v2",
        "kind": "cross",
        "about": "Scores printed in the source notebook; the versions and the machine that computed them are not known.",
        "libraries": {},
        "tolerance": 1e-3,
        "max_length": 512,
        "labels": 1,
        "activation": "identity",
    }
    verify_file.write(OUT / "ms-marco-MiniLM-L-6-v2.json", head, cases)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--retriever", type=Path, help="directory of all-MiniLM-L6-v2")
    arguments.add_argument("--builtin-retriever", type=Path, help="directory of builtin:retriever, converted to float32")
    arguments.add_argument("--builtin-reranker", type=Path, help="directory of builtin:reranker, converted to float32")
    torch.set_num_threads(1)
    found = arguments.parse_args()
    by = "Values by sentence_transformers.SentenceTransformer, CPU, float32, one text at a time"
    if found.retriever:
        retriever(found.retriever, "sentence-transformers/all-MiniLM-L6-v2", by + ".", "all-MiniLM-L6-v2.json")
        printed_reranker()
    if found.builtin_retriever:
        retriever(found.builtin_retriever, "builtin:retriever", by + ", of the numbers that the 8-bit weights stand for.", "retriever.json")
    if found.builtin_reranker:
        reranker(found.builtin_reranker)


if __name__ == "__main__":
    main()
