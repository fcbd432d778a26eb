#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Runs every fuzz target of the module for COUNT inputs, one after the other.
#   scripts/fuzz.sh COUNT [PACKAGE…]
# COUNT may also be a duration such as 10m.
set -euo pipefail
cd "$(dirname "$0")/.."

count=${1:?usage: scripts/fuzz.sh COUNT [PACKAGE…]}
shift
[[ $count =~ ^[0-9]+$ ]] && count="${count}x"
(($#)) || set -- ./...

ran=0
for package in $(go list "$@"); do
  listed=$(go test -list '^Fuzz' "$package")
  for target in $(grep -E '^Fuzz' <<<"$listed" || true); do
    echo "--- $package $target"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$count" -fuzzminimizetime 1s "$package"
    ran=$((ran + 1))
  done
done
echo "$ran fuzz targets, $count each"
((ran > 0)) || { echo "no fuzz target found"; exit 1; }
