#!/usr/bin/env bash
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
# Writes the files of this folder from plain.pdf, the file that the tests build, with qpdf: encrypted in every way, once
# with an empty user password and once with a real one; and with all objects in object streams, encrypted and not. pages.pdf is reportlab's.
set -euo pipefail
cd "$(dirname "$0")"
for method in rc4-40 rc4-128 aes-128 aes-256; do
  args=(--allow-weak-crypto)
  case $method in
    rc4-40) key=(40) ;;
    rc4-128) key=(128 --use-aes=n) ;;
    aes-128) key=(128 --use-aes=y) ;;
    aes-256) key=(256) ;;
  esac
  qpdf "${args[@]}" --static-id --encrypt '' owner "${key[@]}" -- plain.pdf "$method-open.pdf"
  qpdf "${args[@]}" --static-id --encrypt user owner "${key[@]}" -- plain.pdf "$method-closed.pdf"
done
qpdf --static-id --object-streams=generate plain.pdf packed.pdf
python3 pages.py pages.pdf
qpdf --static-id --object-streams=generate pages.pdf pages-packed.pdf
qpdf --static-id --linearize pages.pdf pages-linear.pdf
qpdf --static-id --object-streams=generate --encrypt '' owner 256 -- pages.pdf aes-256-packed-open.pdf
