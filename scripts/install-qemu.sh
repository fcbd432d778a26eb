#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Installs qemu-aarch64, which runs the arm64 tests on other processors.
set -euo pipefail

if ! command -v apt-get >/dev/null; then
  echo "qemu-aarch64 is missing: install QEMU's user-mode emulation (package qemu-user)"
  exit 1
fi
sudo=()
((EUID == 0)) || sudo=(sudo)
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends qemu-user >/dev/null
command -v qemu-aarch64
