# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Makes small random BERT checkpoints of every supported kind and stores what the reference library computes with them.

    python scripts/reference/random_checkpoints.py [NAME…]      # default: all

Weights are drawn so that attention is neither flat nor saturated and no two outputs are alike; then they are stored at
the precision asked for and read back, so that the stored outputs belong to the stored weights. Each value is computed in
float32, as users run the library, and once more in float64: the script stops if float32 itself is off by more than a
fifth of the tolerance, because then the comparison would test the reference's rounding and not winnow.
"""

import shutil
import sys
from pathlib import Path

import numpy as np
import torch

import verify_file
from checkpoint import Checkpoint, build
from small_vocab import ODD_TEXTS, words

OUT = Path(__file__).resolve().parents[2] / "internal" / "parity" / "testdata"
TOLERANCE = 1e-5

CHECKPOINTS = [
    # Odd head sizes, intermediate sizes that are no multiple of 16, three activations, three storage types.
    Checkpoint("bi-mean", hidden=48, heads=4, layers=3, intermediate=100, positions=512, dtype="float16",
               modules=["pooling:mean", "normalize"], dimensions=[16]),
    Checkpoint("bi-cls", hidden=32, heads=2, layers=2, intermediate=50, masked_lm=True, modules=["pooling:cls"],
               similarity="dot"),
    Checkpoint("bi-max", hidden=64, heads=2, layers=1, intermediate=72, activation="gelu_new", dtype="bfloat16",
               modules=["pooling:max"], similarity="euclidean"),
    Checkpoint("bi-mean-sqrt-len", hidden=20, heads=5, layers=2, intermediate=37, activation="relu",
               modules=["pooling:mean_sqrt_len_tokens"], similarity="manhattan"),
    Checkpoint("bi-weighted-mean", hidden=24, heads=3, layers=2, intermediate=40, dtype="float16", shards=2,
               modules=["pooling:weightedmean", "normalize"]),
    Checkpoint("bi-last-token", hidden=24, heads=1, layers=2, intermediate=52, dtype="float16",
               modules=["pooling:lasttoken"]),
    Checkpoint("bi-concat", hidden=24, heads=2, layers=2, intermediate=33, dtype="float16",
               modules=["pooling:cls+mean", "normalize"], dimensions=[30]),
    Checkpoint("bi-dense", hidden=32, heads=4, layers=1, intermediate=65, dtype="float16",
               modules=["pooling:mean", "dense:20", "normalize"]),
    Checkpoint("bi-wide", hidden=128, heads=2, layers=1, intermediate=200, dtype="float16",
               modules=["pooling:mean", "normalize"]),
    Checkpoint("bi-prompts", hidden=24, heads=2, layers=1, intermediate=48, dtype="float16", saved_by_library=True,
               modules=["pooling:mean", "normalize"], prompts={"query": "question: ", "document": "passage: "},
               default_prompt="document"),
    Checkpoint("bi-prompts-excluded", hidden=24, heads=2, layers=1, intermediate=48, dtype="float16",
               saved_by_library=True, modules=["pooling:mean"], prompts={"query": "question: ", "none": ""},
               include_prompt=False),
    Checkpoint("cross-identity", hidden=48, heads=4, layers=2, intermediate=90, positions=512, dtype="float16",
               labels=1, activation_key="sentence_transformers", activation_fn="Identity"),
    Checkpoint("cross-sigmoid", hidden=24, heads=2, layers=2, intermediate=47, activation="gelu_new", labels=1,
               dtype="float16", activation_key="sentence_transformers", activation_fn="Sigmoid"),
    Checkpoint("cross-default", hidden=24, heads=3, layers=1, intermediate=31, activation="relu", labels=1,
               vocab_txt=True),
    Checkpoint("cross-old-key", hidden=24, heads=2, layers=1, intermediate=48, labels=1, dtype="bfloat16",
               activation_key="old", activation_fn="Identity"),
    Checkpoint("cross-three-labels", hidden=40, heads=5, layers=2, intermediate=64, labels=3, dtype="float16", shards=3),
]


def lengths(top: int) -> list[int]:
    """Token counts around the sizes where kernels change path, up to the longest text that fits and one that does not."""
    sizes = [2, 3, 5, 8, 15, 16, 17, 31, 33, 48, 63, 65, 100, 127, 129, 200, 255, 257, 400]
    return [n for n in sizes if n < top - 2] + [top - 2, top + 30]


def bi_inputs(c: Checkpoint) -> list[dict]:
    cases = [{"name": name, "text": text} for name, text in ODD_TEXTS.items()]
    cases += [{"name": f"words-{n}", "text": words(n, seed=n)} for n in lengths(c.positions)]
    for d in c.dimensions:
        cases += [{"name": f"words-{n}-cut-to-{d}", "text": words(n, seed=n), "dimensions": d} for n in (5, 33)]
    for p in c.prompts or {}:
        cases += [{"name": f"{p}-{n}", "text": words(n, seed=n), "prompt_name": p} for n in (1, 12, c.positions)]
    return cases


def bi_values(c: Checkpoint, directory: Path, cases: list[dict], dtype: torch.dtype) -> list[np.ndarray]:
    """One text at a time, so that no padding takes part."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(directory), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype}).to(dtype)
    out = []
    for case in cases:
        cut = case.get("dimensions")
        options = {"truncate_dim": cut, "normalize_embeddings": "normalize" in c.modules} if cut else {}
        out.append(model.encode([case["text"]], prompt_name=case.get("prompt_name"), show_progress_bar=False, **options)[0])
    return out


def write_bi(c: Checkpoint, directory: Path) -> None:
    from sentence_transformers import SentenceTransformer

    cases = bi_inputs(c)
    values = bi_values(c, directory, cases, torch.float32)
    check_against_float64(c, values, bi_values(c, directory, cases, torch.float64))
    model = SentenceTransformer(str(directory), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32})
    assert model.max_seq_length == c.positions, model.max_seq_length
    for case, value in zip(cases, values):
        prompt = (c.prompts or {}).get(case.get("prompt_name", c.default_prompt), "")
        ids = model.tokenizer(prompt + case["text"], truncation=True, max_length=c.positions)["input_ids"]
        whole = model.tokenizer(prompt + case["text"], truncation=False, verbose=False)["input_ids"]
        assert ids == model.preprocess([prompt + case["text"]])["input_ids"][0].tolist()
        case["ids"] = ids
        case["tokens_cut"] = (len(whole) - len(ids)) or None
        case["embedding"] = verify_file.pack(value)
    head = head_of(c, directory) | {
        "dimension": c.dimension(),
        "pooling": c.pooling(),
        "normalized": "normalize" in c.modules,
        "similarity": c.similarity,
        "prompts": c.prompts,
        "default_prompt": c.default_prompt,
    }
    verify_file.write(directory / "reference.json", head, cases)


def cross_inputs(c: Checkpoint) -> list[dict]:
    top = c.positions
    pairs = [(name, "what is a good query", text) for name, text in ODD_TEXTS.items()]
    pairs += [("empty-query", "", "the document alone"), ("both-empty", "", "")]
    pairs += [(f"query-{name}", text, "the green garden") for name, text in ODD_TEXTS.items() if name not in ("empty", "long-word")]
    for n in lengths(top):
        q = min(8, max(1, n // 3))
        pairs.append((f"words-{n}", words(q, seed=1000 + n), words(max(1, n - q - 1), seed=n)))
    pairs.append(("long-query", words(top // 2, seed=5), words(top, seed=6)))
    cases = [{"name": name, "query": query, "document": document} for name, query, document in pairs]
    for limit in (16, 40):
        cases.append({"name": f"cut-to-{limit}", "query": words(6, seed=limit), "document": words(60, seed=limit + 1), "max_length": limit})
    return cases


def cross_values(c: Checkpoint, directory: Path, cases: list[dict], dtype: torch.dtype) -> list[tuple[np.ndarray, np.ndarray]]:
    """Logits and scores. Where nothing is cut, CrossEncoder.predict must agree: it would cut the longer of the two texts."""
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(directory), device="cpu", local_files_only=True, model_kwargs={"dtype": dtype})
    out = []
    for case in cases:
        limit = case.get("max_length", c.positions)
        # Lists of one: given bare strings, the tokenizer takes an empty document for no document at all.
        pair = ([case["query"]], [case["document"]])
        features = model.tokenizer(*pair, truncation="only_second", max_length=limit, return_tensors="pt")
        whole = model.tokenizer(*pair, truncation=False, verbose=False)["input_ids"][0]
        with torch.inference_mode():
            logits = model.model(**features).logits
            scores = model.activation_fn(logits)
        case["ids"] = features["input_ids"][0].tolist()
        case["types"] = features["token_type_ids"][0].tolist()
        case["tokens_cut"] = (len(whole) - len(case["ids"])) or None
        if not case["tokens_cut"]:
            predicted = model.predict([(case["query"], case["document"])], show_progress_bar=False)
            assert np.abs(np.ravel(predicted) - scores.numpy().ravel()).max() < 1e-6, case["name"]
        out.append((logits[0].numpy(), scores[0].numpy()))
    return out


def write_cross(c: Checkpoint, directory: Path) -> None:
    cases = cross_inputs(c)
    values = cross_values(c, directory, cases, torch.float32)
    exact = cross_values(c, directory, cases, torch.float64)
    check_against_float64(c, [v[0] for v in values], [v[0] for v in exact])
    for case, (logits, scores) in zip(cases, values):
        case["logits"] = verify_file.numbers(logits)
        case["scores"] = verify_file.numbers(scores)
    source = {"sentence_transformers": "sentence_transformers.activation_fn",
              "old": "sbert_ce_default_activation_function", None: "default"}[c.activation_key]
    default = "sigmoid" if c.labels == 1 else "identity"
    head = head_of(c, directory) | {
        "labels": c.labels,
        "activation": c.activation_fn.lower() if c.activation_fn else default,
        "activation_source": source,
    }
    verify_file.write(directory / "reference.json", head, cases)


def check_against_float64(c: Checkpoint, values: list[np.ndarray], exact: list[np.ndarray]) -> None:
    worst = max(float(np.abs(a.astype(np.float64) - b).max()) for a, b in zip(values, exact))
    whole = [v for v in values if len(v) == len(values[0])]
    spread = float(np.std(whole, axis=0).max())
    print(f"{c.name:22} float32 against float64: {worst:.1e}; standard deviation over the cases: {spread:.2g}")
    assert worst < TOLERANCE / 5, f"{c.name}: the reference's own rounding is too large"
    assert spread > 0.05, f"{c.name}: outputs are nearly the same, the checkpoint tests nothing"


def head_of(c: Checkpoint, directory: Path) -> dict:
    library = "sentence_transformers.CrossEncoder" if c.labels else "sentence_transformers.SentenceTransformer"
    return {
        "schema": verify_file.SCHEMA,
        "model": c.name,
        "kind": "cross" if c.labels else "bi",
        "about": f"Random weights; values by {library}, CPU, float32, one input at a time.",
        "libraries": verify_file.libraries(),
        "weights_sha256": verify_file.weights_sha256(directory),
        "tolerance": TOLERANCE,
        "max_length": c.positions,
    }


def main() -> None:
    wanted = sys.argv[1:] or [c.name for c in CHECKPOINTS]
    known = {c.name: c for c in CHECKPOINTS}
    torch.set_num_threads(1)
    for name in wanted:
        if name not in known:
            sys.exit(f"no checkpoint {name!r}; known: {', '.join(known)}")
        directory = OUT / name
        shutil.rmtree(directory, ignore_errors=True)
        build(known[name], directory, seed=1 + [c.name for c in CHECKPOINTS].index(name))
        (write_cross if known[name].labels else write_bi)(known[name], directory)


if __name__ == "__main__":
    main()
