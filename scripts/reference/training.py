# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Reference values of package train: gradients of every loss by every parameter, and 200 steps of both trainers.

Models are the random checkpoints of internal/parity/testdata. Losses are the classes of sentence-transformers, called as its trainer does: texts in,
a loss out. RankNetLoss and LambdaLoss are told to take natural logarithms, GISTEmbedLoss to have no other anchors and positives among its candidates. Only distil-cosine
and distil-tokens, which it does not have as ours are, are formulas. One loss is taken of all kinds of pooling. Dropout is off.

Of each gradient 16 projections on random signs are stored, and its length: the mean square of the projections of a difference is the difference's length, squared.
Signs come from SplitMix64, which train/reference_test.go has, too. Learning rates are those of transformers' schedulers.

Usage, from the root of the repository:
  python scripts/reference/training.py
      writes train/testdata/reference.json.gz

Needs: pip install torch==2.15.0 sentence-transformers==6.2.0 transformers==5.23.0 numpy==2.4.6
"""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sentence_transformers import CrossEncoder, SentenceTransformer, losses
from sentence_transformers.cross_encoder import losses as cross_losses
from sentence_transformers.util import dot_score, pairwise_cos_sim
from transformers import get_scheduler

MODELS = Path("internal/parity/testdata")
OUTPUT = Path("train/testdata/reference.json.gz")
PROJECTIONS = 16
WORDS = "the a red green fast slow train ship house river paper stone wind light is of number and not what".split()
STEPS, BATCH, RATE, DECAY = 200, 8, 1e-3, 0.01
TEMPERATURE, PRIOR, MASK_MARGIN, POSITIVE_WEIGHT, LAMBDA_MU = 0.5, 2.5, 0.1, 3.0, 4.0


def signs(n, k):
    """+1 and -1, by SplitMix64 of position and number."""
    with np.errstate(over="ignore"):
        z = (np.arange(n, dtype=np.uint64) + np.uint64(k) * np.uint64(1 << 32)) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
    return np.where(z & np.uint64(1), 1.0, -1.0)


def make_rows(n):
    """Rows with an anchor, a positive, two negatives, a label and scores; no text comes twice in 8 rows that follow each other."""
    g = np.random.default_rng(7)

    def text(tag, i, length):
        return " ".join([str(tag), str(i), *g.choice(WORDS, size=length)])

    return [
        {
            "anchor": text("q", i, 3 + i % 7),
            "positive": text("p", i, 5 + i * 5 % 23),
            "negatives": [text("n", i, 4 + i * 3 % 31), text("m", i, 2 + i % 5)],
            "label": round(float(g.random()), 3),
            "scores": [round(float(x), 3) for x in g.normal(size=3)],
        }
        for i in range(n)
    ]


def off(module):
    """Switches dropout off and training on."""
    module.train()
    for m in module.modules():
        if isinstance(m, torch.nn.Dropout):
            m.p = 0.0
        for name in ("dropout_prob", "attention_dropout"):
            if isinstance(getattr(m, name, None), float):
                setattr(m, name, 0.0)


def described(named):
    """The gradients of parameters by name."""
    out = {}
    for name, p in named:
        if p.grad is None:
            continue
        g = p.grad.double().numpy().ravel()
        out[name] = {"length": float(np.linalg.norm(g)), "projections": [float(g @ signs(len(g), k)) for k in range(PROJECTIONS)]}
    return out


def open_bi(name):
    model = SentenceTransformer(str(MODELS / name), device="cpu", model_kwargs={"dtype": torch.float32})
    off(model)
    return model


def guided(model, guide, margin):
    """GISTEmbed as mnr with a mask: a temperature of 1/20, and no candidates but positives. It leaves out a row's own negatives, too, which mnr never does: give it none."""
    return losses.GISTEmbedLoss(model, guide, temperature=1 / 20, margin=margin, contrast_anchors=False, contrast_positives=False)


def bi_cases(model):
    """Names of winnow's losses: the reference, the columns it reads, the labels."""
    base = {
        "mnr": (losses.MultipleNegativesRankingLoss(model), ("anchor", "positive", 0, 1), None),
        "symmetric-mnr": (losses.MultipleNegativesSymmetricRankingLoss(model), ("anchor", "positive"), None),
        "contrastive": (losses.ContrastiveLoss(model), ("anchor", "positive"), "binary"),
        "online-contrastive": (losses.OnlineContrastiveLoss(model), ("anchor", "positive"), "binary"),
        "cosent": (losses.CoSENTLoss(model), ("anchor", "positive"), "label"),
        "cosine": (losses.CosineSimilarityLoss(model), ("anchor", "positive"), "label"),
        "triplet": (losses.TripletLoss(model), ("anchor", "positive", 0), None),
        "margin-mse": (losses.MarginMSELoss(model), ("anchor", "positive", 0), "margin"),
        "distil": (losses.MSELoss(model), ("anchor",), "vectors"),
    }
    both_ways = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
    base |= {
        "mnr dot": (losses.MultipleNegativesRankingLoss(model, scale=1.0, similarity_fct=dot_score), ("anchor", "positive", 0, 1), None),
        "symmetric-mnr negatives": (losses.MultipleNegativesRankingLoss(model, **both_ways), ("anchor", "positive", 0, 1), None),
        "mnr mask": (guided(model, open_bi("bi-mean"), 0.0), ("anchor", "positive"), None),
        "mnr mask guide": (guided(model, open_bi("bi-cls"), 0.0), ("anchor", "positive"), None),
        "mnr mask guide margin": (guided(model, open_bi("bi-cls"), MASK_MARGIN), ("anchor", "positive"), None),
        "margin-mse cosine": (losses.MarginMSELoss(model, similarity_fct=pairwise_cos_sim), ("anchor", "positive", 0, 1), "scores"),
    }
    inner = losses.MultipleNegativesRankingLoss(model)
    base["matryoshka"] = (losses.MatryoshkaLoss(model, inner, [48, 24, 12], [1.0, 0.5, 0.25]), ("anchor", "positive", 0, 1), None)
    return base


def features(model, rows, columns):
    out = []
    for c in columns:
        texts = [r["negatives"][c] if isinstance(c, int) else r[c] for r in rows]
        f = model.preprocess(texts) if hasattr(model, "preprocess") else model.tokenize(texts)
        out.append({k: v for k, v in f.items() if isinstance(v, torch.Tensor)})
    return out


def labels(rows, kind, dim):
    if kind == "binary":
        return torch.tensor([i % 2 for i in range(len(rows))])
    if kind == "label":
        return torch.tensor([r["label"] for r in rows])
    if kind == "margin":
        return torch.tensor([r["scores"][0] - r["scores"][1] for r in rows])
    if kind == "scores":
        return torch.tensor([r["scores"] for r in rows])
    if kind == "vectors":
        return torch.tensor(np.stack([signs(dim, 100 + i) for i in range(len(rows))]) / math.sqrt(dim), dtype=torch.float32)
    return None


def bi(rows):
    out = {}
    for name in bi_cases(open_bi("bi-mean")):
        model = open_bi("bi-mean")
        loss, columns, kind = bi_cases(model)[name]
        value = loss(features(model, rows[:8], columns), labels(rows[:8], kind, model.get_sentence_embedding_dimension()))
        value.backward()
        out[name] = {"loss": value.item(), "negatives": sum(isinstance(c, int) for c in columns), "gradients": described(model[0].auto_model.named_parameters())}
    return out


# Kinds of pooling, a dense module after it, and prompts that take part in it or do not.
POOLINGS = ["bi-cls", "bi-max", "bi-mean-sqrt-len", "bi-weighted-mean", "bi-last-token", "bi-concat", "bi-dense", "bi-prompts", "bi-prompts-excluded"]


def prompted(model, texts, prompt):
    f = model.preprocess(texts, prompt=prompt) if prompt else model.preprocess(texts)
    return {k: v for k, v in f.items() if isinstance(v, torch.Tensor) or k == "prompt_length"}


def bi_poolings(rows):
    """Multiple negatives ranking of each kind of pooling. Anchors have the prompt of queries; the other texts that of documents, or the standard one."""
    out = {}
    for name in POOLINGS:
        model = open_bi(name)
        prompts = {k: v for k, v in (model.prompts or {}).items() if v}
        document = prompts.get("document", prompts.get(model.default_prompt_name, ""))
        columns = [([r["anchor"] for r in rows], prompts.get("query", "")), ([r["positive"] for r in rows], document)]
        columns += [([r["negatives"][i] for r in rows], document) for i in (0, 1)]
        value = losses.MultipleNegativesRankingLoss(model)([prompted(model, t, p) for t, p in columns], None)
        value.backward()
        gradients = described(model[0].auto_model.named_parameters())
        for number, module in enumerate(model):
            if type(module).__name__ == "Dense":
                gradients |= described((f"{number}_Dense/{n}", p) for n, p in module.named_parameters())
        out[name] = {"loss": value.item(), "negatives": 2, "gradients": gradients}
    return out


def bi_distilled(rows):
    """bi-mean as the teacher of itself without its second layer: the vectors' cosines, and those with all tokens' vectors."""
    texts = [t for r in rows for t in (r["anchor"], r["positive"])]
    out = {}
    for name in ("distil-cosine", "distil-tokens"):
        teacher, model = open_bi("bi-mean"), open_bi("bi-mean")
        layers = model[0].auto_model.encoder.layer
        model[0].auto_model.encoder.layer = torch.nn.ModuleList([layers[0], layers[2]])
        with torch.no_grad():
            want = teacher(prompted(teacher, texts, ""))
        got = model(prompted(model, texts, ""))
        value = (1 - F.cosine_similarity(got["sentence_embedding"], want["sentence_embedding"])).mean()
        if name == "distil-tokens":
            there = want["attention_mask"].unsqueeze(-1)
            value = value + ((got["token_embeddings"] - want["token_embeddings"]).pow(2) * there).sum() / (want["token_embeddings"].pow(2) * there).sum()
        value.backward()
        out[name] = {"loss": value.item(), "negatives": 0, "gradients": described(model[0].auto_model.named_parameters())}
    return out


def relevance(rows):
    """The grades of a row's three documents: the second negative is a little relevant in every other row."""
    return [[2.0, 0.0, float(i % 2)] for i in range(len(rows))]


class Prior(torch.nn.Module):
    """What a retriever says, added to the logits of all pairs in order."""

    def __init__(self, scores):
        super().__init__()
        self.scores = PRIOR * scores.flatten()

    def forward(self, x):
        return x + self.scores


def cross_case(name, model, rows):
    """A loss, and its inputs and labels as the trainer of sentence-transformers gives them."""
    anchors, columns = [r["anchor"] for r in rows], [[r["positive"] for r in rows], *([r["negatives"][i] for r in rows] for i in (0, 1))]
    documents = [list(d) for d in zip(*columns)]
    pairs = [[a for a in anchors for _ in columns], [d for ds in documents for d in ds]]
    grades, scores = torch.tensor(relevance(rows)), torch.tensor([r["scores"] for r in rows])
    of_list = {
        # ListNet's targets are a softmax of its labels: logarithms make it the labels' shares.
        "softmax": (lambda: cross_losses.ListNetLoss(model), scores),
        "softmax temperature": (lambda: cross_losses.ListNetLoss(model), scores / TEMPERATURE),
        "softmax labels": (lambda: cross_losses.ListNetLoss(model), grades.log()),
        "softmax prior": (lambda: cross_losses.ListNetLoss(model, activation_fn=Prior(scores)), grades.log()),
        "ranknet": (lambda: cross_losses.RankNetLoss(model, reduction_log="natural"), grades),
        "lambda": (lambda: cross_losses.LambdaLoss(model, reduction_log="natural"), grades),
        "lambda k": (lambda: cross_losses.LambdaLoss(model, k=1, reduction_log="natural"), grades),
        "lambda mu": (lambda: cross_losses.LambdaLoss(model, weighting_scheme=cross_losses.NDCGLoss2PPScheme(mu=LAMBDA_MU), reduction_log="natural"), grades),
    }
    of_pair = {
        "bce": (lambda: cross_losses.BinaryCrossEntropyLoss(model), grades.flatten() / 2),
        "bce weight": (lambda: cross_losses.BinaryCrossEntropyLoss(model, pos_weight=torch.tensor(POSITIVE_WEIGHT)), grades.flatten() / 2),
        "mse": (lambda: cross_losses.MSELoss(model), scores.flatten()),
        "classes": (lambda: cross_losses.CrossEntropyLoss(model), torch.arange(len(pairs[0])) % 3),
    }
    if name in of_list:
        loss, labels = of_list[name]
        return loss(), [anchors, documents], list(labels)
    if name in of_pair:
        loss, labels = of_pair[name]
        return loss(), pairs, labels
    return cross_losses.MarginMSELoss(model), [anchors, *columns], scores


CROSS = ["bce", "bce weight", "mse", "margin-mse", "softmax", "softmax labels", "softmax temperature", "softmax prior", "ranknet", "lambda", "lambda k", "lambda mu", "classes"]


def open_cross(name):
    model = CrossEncoder(str(MODELS / name), device="cpu", model_kwargs={"dtype": torch.float32})
    off(model)
    return model


def cross(rows):
    out = {}
    for name in CROSS:
        model = open_cross("cross-three-labels" if name == "classes" else "cross-default")
        loss, inputs, labels = cross_case(name, model, rows[:8])
        value = loss(inputs, labels)
        value.backward()
        out[name] = {"loss": value.item(), "gradients": described(model.model.named_parameters())}
    return out


def rates():
    """Learning rates of transformers' schedules of 30 steps with a warm-up over none, 3 and 10 of them, beside the highest."""
    names = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
    out = {}
    for name, theirs in names.items():
        for warm in (0, 3, 10):
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
            scheduler = get_scheduler(theirs, optimizer, num_warmup_steps=warm, num_training_steps=30)
            values = []
            for _ in range(30):
                values.append(scheduler.get_last_lr()[0])
                optimizer.step()
                scheduler.step()
            out[f"{name} {warm}"] = values
    return out


def steps(parameters, value_of):
    """The losses of 200 steps with AdamW, warm-up over 20 steps and linear decay, clipping at 1."""
    parameters = [p for p in parameters if p.requires_grad]
    groups = [{"params": [p for p in parameters if p.dim() > 1], "weight_decay": DECAY}, {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE)
    out = []
    for n in range(STEPS):
        warm = STEPS // 10
        rate = RATE * (n / warm if n < warm else 1 - (n - warm) / (STEPS - warm))
        for g in optimizer.param_groups:
            g["lr"] = rate
        value = value_of(n)
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        out.append(value.item())
    return out


def batch(rows, n):
    at = n * BATCH % len(rows)
    return rows[at : at + BATCH]


def main():
    torch.manual_seed(1)
    torch.use_deterministic_algorithms(True)
    rows = make_rows(64)
    out = {"rows": rows, "bi": bi(rows), "bi_poolings": bi_poolings(rows[:8]), "bi_distilled": bi_distilled(rows[:8]), "cross": cross(rows)}
    out["rates"] = rates()
    model = open_bi("bi-mean")
    loss = losses.MultipleNegativesRankingLoss(model)
    out["bi_steps"] = steps(list(model[0].auto_model.parameters()), lambda n: loss(features(model, batch(rows, n), ("anchor", "positive", 0, 1)), None))
    reranker = open_cross("cross-default")

    def ranked(n):
        loss, inputs, labels = cross_case("softmax labels", reranker, batch(rows, n))
        return loss(inputs, labels)

    out["cross_steps"] = steps(list(reranker.model.parameters()), ranked)
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    with OUTPUT.open("wb") as f, gzip.GzipFile(fileobj=f, mode="wb", mtime=0) as z:
        z.write(json.dumps(out).encode())
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
