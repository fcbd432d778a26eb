# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Reference values of package train: gradients of every loss by every parameter, and 200 steps of both trainers.

Models are the random checkpoints of internal/parity/testdata; losses of bi-encoders are the classes of sentence-transformers,
those of cross-encoders its formulas (natural logarithms instead of base 2). One loss is taken of all kinds of pooling. Dropout is off.
Of each gradient 16 projections on
random signs are stored, and its length: the mean square of the projections of a difference is the difference's length, squared.
Signs come from SplitMix64, which train/reference_test.go has, too.

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
from sentence_transformers import SentenceTransformer, losses
from transformers import AutoModelForSequenceClassification, AutoTokenizer

MODELS = Path("internal/parity/testdata")
OUTPUT = Path("train/testdata/reference.json.gz")
PROJECTIONS = 16
WORDS = "the a red green fast slow train ship house river paper stone wind light is of number and not what".split()
STEPS, BATCH, RATE, DECAY = 200, 8, 1e-3, 0.01
TEMPERATURE, PRIOR = 0.5, 2.5


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
    if kind == "vectors":
        return torch.tensor(np.stack([signs(dim, 100 + i) for i in range(len(rows))]) / math.sqrt(dim), dtype=torch.float32)
    return None


def bi(rows):
    out = {}
    for name in bi_cases(SentenceTransformer(str(MODELS / "bi-mean"), device="cpu")):
        model = SentenceTransformer(str(MODELS / "bi-mean"), device="cpu", model_kwargs={"dtype": torch.float32})
        off(model)
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
        model = SentenceTransformer(str(MODELS / name), device="cpu", model_kwargs={"dtype": torch.float32})
        off(model)
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
        teacher, model = (SentenceTransformer(str(MODELS / "bi-mean"), device="cpu", model_kwargs={"dtype": torch.float32}) for _ in range(2))
        off(teacher), off(model)
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


def lambda_weight(grades, order, mu=10.0):
    """NDCG-Loss2++ weights of all pairs, by ranks from 1."""
    n = len(grades)
    rank = [0] * n
    for r, i in enumerate(order):
        rank[i] = r + 1
    best = sum((2**y - 1) / math.log2(2 + r) for r, y in enumerate(sorted(grades, reverse=True)))
    inv = lambda r: 1 / math.log2(1 + r)  # noqa: E731

    def weight(i, j):
        gap = abs(rank[i] - rank[j])
        return abs(2 ** grades[i] - 2 ** grades[j]) / best * (mu * abs(inv(gap) - inv(gap + 1)) + abs(inv(rank[i]) - inv(rank[j])))

    return weight


def cross_loss(name, x, rows):
    """x has a row of three logits for each row of data."""
    y = torch.tensor(relevance(rows))
    t = torch.tensor([r["scores"] for r in rows])
    if name == "bce":
        return F.binary_cross_entropy_with_logits(x, (y / 2).clamp(max=1))
    if name == "mse":
        return F.mse_loss(x, t)
    if name == "margin-mse":
        d = [(x[i, 0] - x[i, j]) - (t[i, 0] - t[i, j]) for i in range(len(rows)) for j in (1, 2)]
        return torch.stack(d).pow(2).mean()
    if name == "softmax":
        return -(F.softmax(t, -1) * F.log_softmax(x, -1)).sum(-1).mean()
    if name == "softmax temperature":
        return -(F.softmax(t / TEMPERATURE, -1) * F.log_softmax(x, -1)).sum(-1).mean()
    if name == "softmax prior":
        x = PRIOR * t + x
    if name in ("softmax labels", "softmax prior"):
        return -(y / y.sum(-1, keepdim=True) * F.log_softmax(x, -1)).sum(-1).mean()
    terms = []
    for i, grades in enumerate(relevance(rows)):
        weight = (lambda a, b: 1.0) if name == "ranknet" else lambda_weight(grades, torch.argsort(-x[i].detach(), stable=True).tolist())
        terms += [weight(a, b) * F.softplus(-(x[i, a] - x[i, b])) for a in range(3) for b in range(3) if grades[a] > grades[b]]
    return torch.stack(terms).mean()


CROSS = ["bce", "mse", "margin-mse", "softmax", "softmax labels", "softmax temperature", "softmax prior", "ranknet", "lambda"]


def open_cross(name):
    model = AutoModelForSequenceClassification.from_pretrained(MODELS / name, dtype=torch.float32)
    off(model)
    return model, AutoTokenizer.from_pretrained(MODELS / name)


def logits(model, tokenizer, rows):
    pairs = [(r["anchor"], d) for r in rows for d in [r["positive"], *r["negatives"]]]
    x = tokenizer([a for a, _ in pairs], [b for _, b in pairs], padding=True, truncation=True, return_tensors="pt")
    return model(**x).logits


def cross(rows):
    out = {}
    for name in CROSS:
        model, tokenizer = open_cross("cross-default")
        value = cross_loss(name, logits(model, tokenizer, rows[:8]).view(-1, 3), rows[:8])
        value.backward()
        out[name] = {"loss": value.item(), "gradients": described(model.named_parameters())}
    model, tokenizer = open_cross("cross-three-labels")
    x = logits(model, tokenizer, rows[:8])
    value = F.cross_entropy(x, torch.tensor([i % 3 for i in range(len(x))]))
    value.backward()
    out["classes"] = {"loss": value.item(), "gradients": described(model.named_parameters())}
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
    model = SentenceTransformer(str(MODELS / "bi-mean"), device="cpu", model_kwargs={"dtype": torch.float32})
    off(model)
    loss = losses.MultipleNegativesRankingLoss(model)
    out["bi_steps"] = steps(list(model[0].auto_model.parameters()), lambda n: loss(features(model, batch(rows, n), ("anchor", "positive", 0, 1)), None))
    model, tokenizer = open_cross("cross-default")
    out["cross_steps"] = steps(list(model.parameters()), lambda n: cross_loss("softmax labels", logits(model, tokenizer, batch(rows, n)).view(-1, 3), batch(rows, n)))
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    with OUTPUT.open("wb") as f, gzip.GzipFile(fileobj=f, mode="wb", mtime=0) as z:
        z.write(json.dumps(out).encode())
    print(f"{OUTPUT}: {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
