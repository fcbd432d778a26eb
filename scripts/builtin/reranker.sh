#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Trains builtin:reranker, after retriever.sh; scripts/builtin/README.md says what from.
source "$(dirname "$0")/common.sh"

[[ -e "$work/retriever" ]] || { echo "$work/retriever is missing: run scripts/builtin/retriever.sh first" >&2; exit 1; }
stage "$work/questions.jsonl" go run ./internal/cmd/builtin-data questions --data "$DATA" --out "$work/questions.jsonl"
stage "$work/mined.jsonl" bin/winnow mine "$work/questions.jsonl" --out "$work/mined.jsonl" -m "$teacher" --scores \
  --negatives 4 --from 0 --to 30 --random --relative-margin NaN --precision int8 --max-tokens 160 --cache "$work/index"
stage "$work/cross" bin/winnow convert "$work/retriever" --out "$work/cross" --dtype f32 --head
stage "$work/reranker" bin/winnow train cross "$work/mined.jsonl" -m "$work/cross" --out "$work/reranker" \
  --loss softmax --prior 10 --precision bf16 --batch 16 --max-tokens 160 \
  --rate 1.5e-4 --warmup 0.05 --dropout 0 --epochs 1 --freeze words --seed 7 --checkpoint-every 250 --plot "$work/reranker.svg"
