# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Opens models that winnow wrote with sentence-transformers and compares outputs: vectors of a bi-encoder, scores of a cross-encoder.

The largest difference of any number is printed; above 1e-5 the script fails. Texts are short and long, with prompts of the model
for queries and documents where it has some.

Usage, from the root of the repository, after `make build`:
  python scripts/reference/trained_models.py DIR…

Needs: pip install torch==2.15.0 sentence-transformers==6.2.0 transformers==5.23.0 numpy==2.4.6
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import CrossEncoder, SentenceTransformer

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
    for query in TEXTS[:2]:
        printed = winnow(binary, ["rerank", "-m", str(directory), "--query", query, "--format", "json"], TEXTS)
        ours = {hit["index"]: hit["score"] for hit in json.loads(printed)}
        theirs = model.predict([(query, t.strip()) for t in TEXTS])
        worst = max([worst, *(abs(ours[i] - float(x)) for i, x in enumerate(theirs))])
    return worst


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIR")
    parser.add_argument("--winnow", default="bin/winnow", help="the binary to compare with")
    options = parser.parse_args()
    failed = False
    for directory in options.directories:
        settings = json.loads((directory / "config.json").read_text())
        kind = cross if settings["architectures"][0].endswith("ForSequenceClassification") else bi
        worst = kind(options.winnow, directory)
        failed |= not worst <= TOLERANCE
        print(f"{directory}: {kind.__name__}, off by {worst:.1e} at most")
    if failed:
        sys.exit(f"more than {TOLERANCE:g}")


if __name__ == "__main__":
    main()
