# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write eval/calibration/testdata/calibration.json.

Platt's sigmoid and isotonic regression by scikit-learn on random judged pairs. Its sigmoid is found by a minimiser that
stops at about five digits, so statsmodels fits the same smoothed targets to all digits as well.

Usage: python scripts/reference/calibration.py      (from the root of the repository)
Needs: pip install scikit-learn==1.9.1 statsmodels==0.15.0 numpy==2.4.6
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from sklearn.calibration import _SigmoidCalibration, calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, log_loss


def libraries(*names):
    return {**{n: version(n) for n in names}, "python": platform.python_version()}


def exact_platt(x, y):
    positive, negative = int(y.sum()), int((~y).sum())
    target = np.where(y, (positive + 1) / (positive + 2), 1 / (negative + 2))
    center, scale = x.mean(), x.std()
    design = np.column_stack([(x - center) / scale, np.ones(len(x))])
    fit = sm.GLM(target, design, family=sm.families.Binomial()).fit(tol=1e-15, maxiter=500, tol_criterion="params")
    a = fit.params[0] / scale
    return float(a), float(fit.params[1] - a * center)


def samples(rng):
    """Yield float32 logits and judgments, with a positive trend."""
    for n in (4, 10, 30, 100, 400):
        for shape in ("sigmoid", "steep", "curved", "ties", "wide"):
            x = rng.normal(-2, 4, n)
            if shape == "ties":
                x = np.round(x)
            chance = {"steep": x > -1, "curved": np.clip((x + 4) / 20, 0, 0.3) + 0.5 * (x > 3)}.get(
                shape, 1 / (1 + np.exp(-0.6 * x - 0.5)))
            y = rng.random(n) < chance
            if shape == "wide":
                x = x * 1000
            x = x.astype(np.float32)
            if not y.any() or y.all() or x[y].mean() <= x[~y].mean():
                continue
            yield x.astype(np.float64), y


def fits(rng):
    for x, y in samples(rng):
        sigmoid = _SigmoidCalibration().fit(x, y)
        a, b = exact_platt(x, y)
        steps = IsotonicRegression().fit(x, y.astype(float)).predict(x)
        yield {"logits": x.tolist(), "relevant": y.tolist(), "sklearn": [-float(sigmoid.a_), -float(sigmoid.b_)],
               "platt": [a, b], "isotonic": steps.tolist()}


def figures(rng):
    for n in (1, 7, 60, 500):
        for bins in (5, 10):
            p = np.round(rng.random(n), 2) if bins == 5 else rng.random(n)
            y = rng.random(n) < p ** 2
            observed, predicted = calibration_curve(y, p, n_bins=bins)
            yield {"p": p.tolist(), "relevant": y.tolist(), "bins": bins, "brier": float(brier_score_loss(y, p, pos_label=True)),
                   "log_loss": float(log_loss(y, np.clip(p, 1e-15, 1 - 1e-15), labels=[False, True])),
                   "observed": observed.tolist(), "predicted": predicted.tolist()}


def main():
    rng = np.random.default_rng(20261124)
    sections = {"fits": list(fits(rng)), "figures": list(figures(rng))}
    head = {"about": "Platt's sigmoid, isotonic regression and figures of calibration on random judged pairs",
            "libraries": libraries("scikit-learn", "statsmodels", "numpy")}
    parts = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    for name, cases in sections.items():
        body = ",\n".join("  " + json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
        parts.append(f" {json.dumps(name)}: [\n{body}\n ]")
    out = Path("eval/calibration/testdata/calibration.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
