# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Writes a PDF file of six pages to the named file, with reportlab 5.1.0: each page says which it is, in words of its own."""

import sys

from reportlab.pdfgen.canvas import Canvas

THINGS = ["a kettle", "the lighthouse", "an orchard", "two bridges", "the archive", "a harbour"]

canvas = Canvas(sys.argv[1], pagesize=(420, 595), invariant=1)
canvas.setTitle("Six pages")
for number, thing in enumerate(THINGS, 1):
    text = canvas.beginText(40, 540)
    text.setFont("Helvetica" if number % 2 else "Times-Roman", 11)
    text.textLine(f"Page number {number} is about {thing}.")
    for line in range(1, 21):
        text.textLine(f"Line {line} of it says {(line * 7919 + number * 104729) % 99991} things of {thing}.")
    text.textLine(f"Here page number {number} ends.")
    canvas.drawText(text)
    canvas.showPage()
canvas.save()
