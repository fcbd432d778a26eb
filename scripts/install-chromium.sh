#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Installs Chromium, in which the page's tests run.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
  echo "chromium is missing: install Chromium or Google Chrome"
  exit 1
fi
sudo=()
((EUID == 0)) || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null
command -v chromium
