#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Runs go generate and fails if a generated file changed, appeared or went away: such files are committed, never edited.
set -euo pipefail
cd "$(dirname "$0")/.."

sums() {
  { grep -rlE '^// Code generated .* DO NOT EDIT\.$' --include='*.go' --include='*.s' --exclude-dir=.cache . || true; } |
    sort | xargs -r sha256sum
}

before=$(sums)
[[ -n $before ]] || { echo "no generated file found"; exit 1; }
go generate ./...
if ! diff <(echo "$before") <(sums); then
  echo "generated files were stale: run make generate and commit the result"
  exit 1
fi
echo "$(wc -l <<<"$before") generated files are up to date"
