# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Makes some steps of training with PyTorch and prints how long each took, as bench/train/winnow does.

The loop is the plain one: tokenise, forward, loss, backward, clip, AdamW, schedule. Batches are padded to their longest input, as
sentence-transformers does. Queries and passages are encoded in one call each.
"""

import argparse
import json
import resource
import time

import torch
import torch.nn.functional as F
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup


def mean(states, mask):
    m = mask.unsqueeze(-1).to(states.dtype)
    return (states * m).sum(1) / m.sum(1).clamp(min=1e-9)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--kind", default="bi")
    p.add_argument("--model", required=True)
    p.add_argument("--rows", required=True)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--tokens", type=int, default=128)
    p.add_argument("--precision", default="fp32")
    o = p.parse_args()
    torch.set_num_threads(o.threads)
    torch.manual_seed(1)
    tokenizer = AutoTokenizer.from_pretrained(o.model)
    kind = AutoModel if o.kind == "bi" else AutoModelForSequenceClassification
    model = kind.from_pretrained(o.model, dtype=torch.float32)
    model.train()
    with open(o.rows, encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    decay = [q for q in model.parameters() if q.dim() > 1]
    rest = [q for q in model.parameters() if q.dim() <= 1]
    optimizer = torch.optim.AdamW([{"params": decay, "weight_decay": 0.01}, {"params": rest, "weight_decay": 0.0}], lr=2e-5)
    schedule = get_linear_schedule_with_warmup(optimizer, o.steps // 10, o.steps)
    for step in range(o.steps):
        batch = rows[step * o.batch : (step + 1) * o.batch]
        start = time.perf_counter()
        tokens = 0

        def encode(texts, pairs=None):
            nonlocal tokens
            x = tokenizer(texts, pairs, padding=True, truncation=True, max_length=o.tokens, return_tensors="pt")
            tokens += int(x["attention_mask"].sum())
            return x

        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=o.precision == "bf16"):
            if o.kind == "bi":
                q = encode([r["query"] for r in batch])
                d = encode([r["positive"] for r in batch] + [n for r in batch for n in r["negatives"]])
                vq = mean(model(**q).last_hidden_state, q["attention_mask"])
                vd = mean(model(**d).last_hidden_state, d["attention_mask"])
                scores = F.normalize(vq.float(), dim=-1) @ F.normalize(vd.float(), dim=-1).T * 20
                loss = F.cross_entropy(scores, torch.arange(len(batch)))
            else:
                pairs = [(r["query"], t, i == 0) for r in batch for i, t in enumerate([r["positive"], *r["negatives"]])]
                x = encode([a for a, _, _ in pairs], [b for _, b, _ in pairs])
                logits = model(**x).logits.squeeze(-1).float()
                loss = F.binary_cross_entropy_with_logits(logits, torch.tensor([float(y) for _, _, y in pairs]))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        print(json.dumps({"seconds": time.perf_counter() - start, "tokens": tokens, "loss": loss.item()}), flush=True)
    print(json.dumps({"peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}))


if __name__ == "__main__":
    main()
