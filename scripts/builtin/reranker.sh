#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Trains a reranker that is not shipped, after retriever.sh; scripts/builtin/README.md says what came of it.
source "$(dirname "$0")/common.sh"

[[ -e "$work/retriever" ]] || { echo "$work/retriever is missing: run scripts/builtin/retriever.sh first" >&2; exit 1; }
stage "$work/questions-reranker.jsonl" go run ./internal/cmd/builtin-data questions --data "$DATA" --without trecqa --out "$work/questions-reranker.jsonl"
mine questions-reranker "$work/retriever" mined-reranker
clean "$work/mined-reranker.jsonl"
stage "$work/int8" bin/winnow convert "$teacher" --out "$work/int8" --dtype int8
stage "$work/cross" bin/winnow convert "$work/int8" --out "$work/cross" --dtype f32 --head
stage "$work/reranker" bin/winnow train cross "$work/mined-reranker.jsonl" -m "$work/cross" --out "$work/reranker" \
  --loss softmax --prior 10 --precision bf16 --batch 16 --max-tokens 160 \
  --steps 1280 --rate 7e-5 --seed 9 --warmup 0.05 --dropout 0 --freeze words --checkpoint-every 100 --plot "$work/reranker.svg"
