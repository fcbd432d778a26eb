#!/usr/bin/env python3
# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Fits the polynomials of internal/kernel/_gen/elementwise.go; needs numpy.

    python3 scripts/kernel_coefficients.py

Both fits are near-minimax: least squares on Chebyshev nodes, reweighted by the
error (Lawson's algorithm). Printed are the largest errors and the coefficients
as float32, ascending.
"""

import math

import numpy as np


def nodes(n=4000):
    return np.cos(np.pi * (np.arange(n) + 0.5) / n)


def show(name, values):
    print(name, ", ".join(repr(float(np.float32(v))) for v in values))


def erf_rational(numerator=5, denominator=5, limit=5.6, rounds=60):
    """erf(x/sqrt 2) = x P(x^2)/Q(x^2) on [0, limit], least absolute error."""
    x = (nodes() * 0.5 + 0.5) * limit
    s = x * x / limit**2
    f = np.array([math.erf(v / math.sqrt(2)) for v in x]) / x
    weight, q, best = np.ones_like(x), np.ones_like(x), None
    for turn in range(rounds):
        w = weight * x / q
        columns = [s**i for i in range(numerator + 1)] + [-f * s**i for i in range(1, denominator + 1)]
        c, *_ = np.linalg.lstsq(np.stack(columns, 1) * w[:, None], f * w, rcond=None)
        p_c, q_c = c[: numerator + 1], np.concatenate([[1], c[numerator + 1 :]])
        q = np.polyval(q_c[::-1], s)
        error = np.abs((np.polyval(p_c[::-1], s) / q - f) * x)
        if best is None or error.max() < best[0]:
            best = (error.max(), p_c.copy(), q_c.copy())
        if turn > 8:
            weight *= np.sqrt(error / error.max() + 1e-3)
            weight /= weight.max()
    largest, p_c, q_c = best
    scale = limit ** (2.0 * np.arange(max(numerator, denominator) + 1))
    print(f"erf: largest error {largest:.2e}")
    show("P", p_c / scale[: len(p_c)])
    show("Q", q_c / scale[: len(q_c)])


def exp2_polynomial(degree=6, rounds=80):
    """2^f on [-0.5, 0.5] with constant term 1, least relative error."""
    x = nodes() * 0.5
    f = 2.0**x
    weight, best = np.ones_like(x), None
    for _ in range(rounds):
        w = weight / f
        a = np.stack([x**i for i in range(1, degree + 1)], 1) * w[:, None]
        b = (f - 1) * w
        c, *_ = np.linalg.lstsq(a, b, rcond=None)
        error = np.abs((a @ c - b) / weight)
        if best is None or error.max() < best[0]:
            best = (error.max(), c.copy())
        weight = weight * np.sqrt(error / error.max() + 1e-3)
        weight /= weight.max()
    print(f"exp2: largest relative error {best[0]:.2e}")
    show("C", [1.0, *best[1]])


erf_rational()
exp2_polynomial()
