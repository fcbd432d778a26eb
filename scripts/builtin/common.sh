# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# What both scripts begin with: sourced, not run.
set -euo pipefail
: "${DATA:?name the folder of training sets: DATA=path/to/train bash $0}"
DATA=$(realpath "$DATA")
EVAL=$(realpath "${EVAL:-$DATA/../eval}") # what nothing may be trained on
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
export HF_HUB_CACHE=${HF_HUB_CACHE:-$PWD/.cache/huggingface/hub}
teacher=sentence-transformers/all-MiniLM-L6-v2
work=.cache/builtin
mkdir -p "$work"
make --no-print-directory build models

# stage FILE CMD…: runs CMD unless FILE is there.
stage() {
  local out=$1
  shift
  if [[ -e "$out" ]]; then
    echo "$out is there"
    return
  fi
  echo "$out: $*"
  "$@"
}

# clean FILE…: stops if a text of FILE is one of evaluation.
clean() { go run ./internal/cmd/builtin-data overlap --eval "$EVAL" "$@"; }

# mine QUESTIONS MODEL OUT: four negatives a question from the first 30 of MODEL, with its cosines.
mine() {
  stage "$work/$3.jsonl" bin/winnow mine "$work/$1.jsonl" --out "$work/$3.jsonl" -m "$2" --scores \
    --negatives 4 --from 0 --to 30 --random --relative-margin NaN --precision int8 --max-tokens 160 --cache "$work/$3.index"
}
