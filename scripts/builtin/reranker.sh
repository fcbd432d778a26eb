#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Makes builtin:reranker, after retriever.sh; scripts/builtin/README.md says what from.
source "$(dirname "$0")/common.sh"

rank() { # ROWS FROM TO STEPS RATE WARMUP SEED LOSS…
  stage "$work/$3" bin/winnow train cross "$work/$1.jsonl" -m "$work/$2" --out "$work/$3" \
    --precision bf16 --batch 16 --max-tokens 160 --dropout 0 --freeze words --checkpoint-every 100 --plot "$work/$3.svg" \
    --steps "$4" --rate "$5" --warmup "$6" --seed "$7" --loss "${@:8}"
}

[[ -e "$work/retriever" ]] || { echo "$work/retriever is missing: run scripts/builtin/retriever.sh first" >&2; exit 1; }
questions() { # FILE FLAG…
  stage "$work/$1.jsonl" go run ./internal/cmd/builtin-data questions --data "$DATA" --without trecqa --out "$work/$1.jsonl" "${@:2}"
}
questions questions-reranker
questions asked --asked
mine questions-reranker "$work/retriever" mined-reranker
clean "$work/mined-reranker.jsonl"
# The same rows without the retriever's cosines, which softmax would take for a teacher's; and those that were asked, which come first.
sed -E 's/,"scores":\[[^]]*\]//' "$work/mined-reranker.jsonl" > "$work/mined-plain.jsonl"
head -n "$(wc -l < "$work/asked.jsonl")" "$work/mined-plain.jsonl" > "$work/mined-asked.jsonl"
for kind in stuffed stated; do
  stage "$work/$kind.jsonl" go run ./internal/cmd/builtin-data "$kind" --out "$work/$kind.jsonl" "$work/mined-asked.jsonl"
done
clean "$work/stuffed.jsonl" "$work/stated.jsonl"
stage "$work/int8" bin/winnow convert "$teacher" --out "$work/int8" --dtype int8
stage "$work/cross" bin/winnow convert "$work/int8" --out "$work/cross" --dtype f32 --head
rank mined-reranker cross residual 1280 7e-5 0.05 9 softmax --prior 10
rank mined-plain residual ordering 1600 6e-5 0.03 11 softmax
rank mined-asked ordering telling 400 5e-5 0.03 14 bce
rank stuffed telling wary 500 6e-5 0.03 15 softmax
rank stated wary certain 420 5e-5 0.03 17 bce
stage "$work/steady" bin/winnow convert "$work/telling" --out "$work/steady" --dtype f32 --blend "$work/ordering"
stage "$work/reranker" bin/winnow convert "$work/certain" --out "$work/reranker" --dtype f32 --blend "$work/steady" --part 0.4
