#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Makes builtin:retriever; scripts/builtin/README.md says what from.
source "$(dirname "$0")/common.sh"

distil() { # FROM TO STEPS RATE SEED
  stage "$work/$2" bin/winnow train bi "$work/texts.jsonl" -m "$work/$1" --out "$work/$2" \
    --loss distil-tokens --teacher "$teacher" --precision bf16 --batch 64 --max-tokens 256 \
    --steps "$3" --rate "$4" --seed "$5" --warmup 0.03 --dropout 0 --freeze words --checkpoint-every 250 --plot "$work/$2.svg"
}

stage "$work/texts.jsonl" go run ./internal/cmd/builtin-data texts --data "$DATA" --out "$work/texts.jsonl"
clean "$work/texts.jsonl"
stage "$work/student" bin/winnow convert "$teacher" --out "$work/student" --dtype int8 --layers 0,1,2,4,5 --intermediate 608
distil student distilled 4500 5e-4 7
distil distilled longer 3000 4e-4 8
stage "$work/questions.jsonl" go run ./internal/cmd/builtin-data questions --data "$DATA" --out "$work/questions.jsonl"
mine questions "$teacher" mined
clean "$work/mined.jsonl"
stage "$work/tuned" bin/winnow train bi "$work/mined.jsonl" -m "$work/distilled" --out "$work/tuned" \
  --loss mnr --precision bf16 --batch 32 --max-tokens 160 \
  --steps 220 --rate 4e-5 --seed 7 --warmup 0.1 --dropout 0 --freeze words --checkpoint-every 250 --plot "$work/tuned.svg"
stage "$work/retriever" bin/winnow convert "$work/tuned" --out "$work/retriever" --dtype f32 --blend "$work/longer"
