#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Distils builtin:retriever; scripts/builtin/README.md says what from.
source "$(dirname "$0")/common.sh"

stage "$work/texts.jsonl" go run ./internal/cmd/builtin-data texts --data "$DATA" --out "$work/texts.jsonl"
stage "$work/student" bin/winnow convert "$teacher" --out "$work/student" --dtype int8 --layers 0,1,2,4,5 --intermediate 608
stage "$work/retriever" bin/winnow train bi "$work/texts.jsonl" -m "$work/student" --out "$work/retriever" \
  --loss distil-tokens --teacher "$teacher" --precision bf16 --batch 64 --max-tokens 256 \
  --rate 5e-4 --warmup 0.03 --dropout 0 --steps 4500 --freeze words --seed 7 --checkpoint-every 250 --plot "$work/retriever.svg"
