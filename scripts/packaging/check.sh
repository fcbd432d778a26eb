#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Checks what is given to others: the Dockerfile with hadolint, the service with systemd's own check, and a release for this machine:
# checksums, the bill of materials against CycloneDX's schema, that another directory gives the same bytes, and that the archive's
# program starts.
#   check.sh DIR_OF_TOOLS DIR_OF_RELEASE
set -euo pipefail
tools=$1 release=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$tools/hadolint" --failure-threshold style Dockerfile
echo "Dockerfile: nothing to complain of"

command -v systemd-analyze >/dev/null || { echo "systemd-analyze is missing: install systemd"; exit 1; }
# It looks whether the program is there: the one that was built stands in for the one that is to be installed.
sed "s|/usr/local/bin/winnow|$PWD/bin/winnow|" packaging/winnow.service >"$scratch/winnow.service"
complaints=$(systemd-analyze verify --man=no "$scratch/winnow.service" 2>&1) || { echo "$complaints"; exit 1; }
[[ -z $complaints ]] || { echo "$complaints"; exit 1; }
# From 0, shut in, to 10.
systemd-analyze security --offline=yes --threshold=15 --no-pager "$scratch/winnow.service" | tail -1

(cd "$release" && sha256sum --check --strict SHA256SUMS)
"$tools/python" scripts/packaging/bill.py "$release"/*.cdx.json

if [[ -d .git && -z $(git status --porcelain) ]]; then # a clone has nothing that is not committed
  git clone --quiet . "$scratch/elsewhere"
  make --no-print-directory -C "$scratch/elsewhere" release RELEASE="$scratch/again" TARGETS="$(go env GOHOSTOS)/$(go env GOHOSTARCH)" >/dev/null
  diff "$release/SHA256SUMS" "$scratch/again/SHA256SUMS" || { echo "another directory gives other bytes"; exit 1; }
  echo "the same bytes from another directory"
else
  echo "NOT COMPARED with the bytes from another directory: this is no clone, or something in it is not committed"
fi

tar -xzf "$release"/*.tar.gz -C "$scratch"
cd "$scratch"/winnow_*/
for file in LICENSE NOTICE THIRD-PARTY.txt README.md CHANGELOG.md man/man1/winnow-search.1 completions/{winnow.bash,_winnow,winnow.fish,winnow.ps1}; do
  [[ -s $file ]] || { echo "the archive has no $file"; exit 1; }
done
bash -n completions/winnow.bash
echo "bread" | ./winnow embed --dimensions 4 >/dev/null
./winnow --version
