# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Opens what winnow wrote with the real sentence-transformers and datasets: `make trained-models`.

Of models outputs are compared, vectors of a bi-encoder and scores of a cross-encoder, over short and long texts, with prompts of the model
for queries and documents where it has some. The largest difference of any number is printed; above 1e-5 the script fails. Without DIR it
trains small models of both kinds, and mines negatives in every format: those are read as data sets, and a loss of sentence-transformers makes
a step with them, which must lower it.

Usage, from the root of the repository, after `make build`:
  python scripts/reference/trained_models.py [DIR…]

Needs: pip install -r scripts/reference/requirements.txt
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"  # all there is to read is here

import numpy as np
import torch
from datasets import load_dataset
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.cross_encoder import losses as cross_losses
from sentence_transformers.sentence_transformer import losses

MODELS = Path("internal/parity/testdata")
TOLERANCE = 1e-5
TEXTS = [
    "what is a cross-encoder",
    "A cross-encoder reads a query and a document together and gives them a score.",
    "x",
    "Ein Text, der nicht englisch ist – mit Umlauten: äöü.",
    "the river runs past the stone house, slowly and for a long time, " * 8,
]


def winnow(binary, arguments, lines):
    """What a command prints, given lines of text."""
    done = subprocess.run([binary, *arguments], input="\n".join(t.strip() for t in lines) + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"winnow {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def bi(binary, directory):
    model = SentenceTransformer(str(directory), device="cpu", model_kwargs={"dtype": torch.float32})
    worst = 0.0
    for kind, encode in (("query", model.encode_query), ("document", model.encode_document)):
        printed = winnow(binary, ["embed", "-m", str(directory), "--kind", kind], TEXTS)
        ours = np.array([json.loads(line)["embedding"] for line in printed.splitlines()])
        theirs = encode([t.strip() for t in TEXTS], convert_to_numpy=True)
        if ours.shape != theirs.shape:
            sys.exit(f"{directory}: {ours.shape} numbers of winnow, {theirs.shape} of sentence-transformers")
        worst = max(worst, float(np.abs(ours - theirs).max()))
    return worst


def cross(binary, directory):
    model = CrossEncoder(str(directory), device="cpu", model_kwargs={"dtype": torch.float32})
    worst = 0.0
    for query in (TEXTS[0], TEXTS[2]):  # short ones: of pairs that are too long winnow cuts the document alone, transformers what is longer
        printed = winnow(binary, ["rerank", "-m", str(directory), "--query", query, "--format", "json"], TEXTS)
        ours = {hit["index"]: hit["score"] for hit in json.loads(printed)}
        theirs = model.predict([(query, t.strip()) for t in TEXTS])
        worst = max([worst, *(abs(ours[i] - float(x)) for i, x in enumerate(theirs))])
    return worst


def make(binary, directory):
    """Trains a bi-encoder and a cross-encoder, and mines rows for others. Returns the models' directories."""
    words = "red green fast slow train ship house river paper stone wind light".split()
    rows = directory / "rows.jsonl"
    with rows.open("w") as f:
        for i in range(24):
            a, b, c = words[i % 12], words[(i * 5 + 1) % 12], words[(i * 7 + 3) % 12]
            json.dump({"query": f"what is the {a} {b} number {i}", "positive": f"the {a} {b} is number {i}", "negatives": [f"a {c}, and no {a}"]}, f)
            f.write("\n")
    made = []
    for kind, model in (("bi", "bi-mean"), ("bi", "bi-dense"), ("bi", "bi-prompts"), ("cross", "cross-default")):
        made.append(directory / f"tuned-{model}")
        winnow(binary, ["train", kind, str(rows), "-m", str(MODELS / model), "--out", str(made[-1]), "--steps", "6", "--batch", "8", "--rate", "1e-3"], [])
    mine = ["mine", str(rows), "-m", str(MODELS / "bi-mean"), "--to", "12", "--relative-margin", "NaN"]  # a random model finds all alike
    winnow(binary, [*mine, "--negatives", "2", "--scores", "--out", str(directory / "tuple.jsonl")], [])
    winnow(binary, [*mine, "--negatives", "1", "--format", "triplet", "--out", str(directory / "triplet.jsonl")], [])
    winnow(binary, [*mine, "--negatives", "3", "--format", "list", "--out", str(directory / "list.jsonl")], [])
    return made


def read(directory, name):
    """A file of rows as a data set, all of which must be there."""
    path = directory / f"{name}.jsonl"
    rows = load_dataset("json", data_files=str(path), split="train", cache_dir=str(directory / "cache"))
    lines = sum(1 for _ in path.open())
    if rows.num_rows != lines or lines == 0:
        sys.exit(f"{path}: {lines} lines, {rows.num_rows} rows of datasets")
    return rows[:]


def step(name, model, value_of):
    """A step of AdamW down the gradient of a loss, which must be lower after it."""
    for module in model.modules():
        for rate in ("p", "dropout_prob"):
            if isinstance(getattr(module, rate, None), float):
                setattr(module, rate, 0.0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)
    before = value_of()
    before.backward()
    optimizer.step()
    with torch.no_grad():
        after = value_of().item()
    if not after < before.item():
        sys.exit(f"{name}: the loss goes from {before.item()} to {after}")
    print(f"{name}: a step takes the loss from {before.item():.7f} to {after:.7f}")


def mined(directory):
    """Feeds what was mined to losses, each format to one that reads it as it is."""
    model = SentenceTransformer(str(MODELS / "bi-mean"), device="cpu", model_kwargs={"dtype": torch.float32})

    def features(rows, *columns):
        out = [model.preprocess(rows[c][:8]) for c in columns]
        return [{k: v for k, v in f.items() if isinstance(v, torch.Tensor)} for f in out]

    rows = read(directory, "tuple")
    ranking, margins = losses.MultipleNegativesRankingLoss(model), losses.MarginMSELoss(model)
    with torch.no_grad():  # the scores are the cosines of this model: there is nothing to learn from them
        off = margins(features(rows, "anchor", "positive", "negative_1", "negative_2"), torch.tensor(rows["scores"][:8])).item()
    if not off < 1e-10:
        sys.exit(f"tuple with scores, MarginMSELoss: {off}; the scores are not the model's")
    print(f"tuple with scores, MarginMSELoss: {off:.1e}, as the scores are the model's")
    step("tuple, MultipleNegativesRankingLoss", model, lambda: ranking(features(rows, "anchor", "positive", "negative_1", "negative_2"), None))
    rows = read(directory, "triplet")
    triplet = losses.TripletLoss(model)
    step("triplet, TripletLoss", model, lambda: triplet(features(rows, "anchor", "positive", "negative"), None))
    rows, reranker = read(directory, "list"), CrossEncoder(str(MODELS / "cross-default"), device="cpu", model_kwargs={"dtype": torch.float32})
    documents = [[p, *n] for p, n in zip(rows["positive"][:8], rows["negatives"][:8])]
    labels = [torch.tensor([1.0] + [0.0] * (len(d) - 1)) for d in documents]
    ranks = cross_losses.LambdaLoss(reranker)
    step("list, LambdaLoss", reranker, lambda: ranks([rows["query"][:8], documents], labels))


def compare(binary, directories):
    """Compares models' outputs. Returns whether one is off by too much."""
    failed = False
    for directory in directories:
        settings = json.loads((directory / "config.json").read_text())
        kind = cross if settings["architectures"][0].endswith("ForSequenceClassification") else bi
        worst = kind(binary, directory)
        failed |= not worst <= TOLERANCE
        print(f"{directory.name}: {kind.__name__}, off by {worst:.1e} at most")
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directories", nargs="*", type=Path, metavar="DIR")
    parser.add_argument("--winnow", default="bin/winnow", help="the binary to compare with")
    options = parser.parse_args()
    if options.directories:
        failed = compare(options.winnow, options.directories)
    else:
        with tempfile.TemporaryDirectory() as temporary:
            failed = compare(options.winnow, make(options.winnow, Path(temporary)))
            mined(Path(temporary))
    if failed:
        sys.exit(f"more than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
