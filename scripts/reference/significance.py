# Copyright 2026 The winnow authors. SPDX-License-Identifier: Apache-2.0
"""Write eval/significance/testdata/significance.json.

Tests, intervals and corrections by SciPy and statsmodels, on random paired values: continuous ones, and multiples of
1/16 with ties and zeros, whose differences and ranks are exact in binary.

Usage: python scripts/reference/significance.py      (from the root of the repository)
Needs: pip install scipy==1.17.1 numpy==2.4.6 statsmodels==0.15.0
"""

import json
import platform
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from warnings import catch_warnings, simplefilter

import numpy as np
from scipy import stats
from statsmodels.stats.multitest import multipletests


def libraries(*names):
    return {**{n: version(n) for n in names}, "python": platform.python_version()}


def pairs(rng):
    """Yield (a, b): n of every size class, half of them with many ties and zeros."""
    for n in (2, 3, 4, 5, 7, 8, 10, 12, 13, 14, 15, 16, 20, 25, 40, 49, 50, 51, 60, 120, 300):
        for levels in (0, 4, 16):
            shift = rng.choice([0, 0.05, 0.2])
            if levels == 0:
                a = rng.beta(1, 2, n)
                b = np.clip(a + rng.normal(shift, 0.2, n), 0, 1.5)
            else:
                a = rng.integers(0, levels + 1, n) / 16
                b = np.where(rng.random(n) < 0.4, a, rng.integers(0, levels + 1, n) / 16)
            d = b - a
            if len(set(d.tolist())) > 1:
                yield a, b


def paired(rng):
    for a, b in pairs(rng):
        d = b - a
        test = stats.ttest_rel(b, a)
        case = {"a": a.tolist(), "b": b.tolist(), "t": float(test.statistic), "t_p": float(test.pvalue),
                "cohen_d": float(d.mean() / d.std(ddof=1))}
        for zeros in ("pratt", "zsplit"):
            if len(d) > 13:
                auto = stats.wilcoxon(d, zero_method=zeros, correction=True)
            else:  # SciPy's default number of resamples, 9999, covers all 2^13
                auto = stats.wilcoxon(d, zero_method=zeros)
            plus = stats.wilcoxon(d, zero_method=zeros, alternative="greater", method="asymptotic")
            case[zeros] = {"plus": float(plus.statistic), "p": float(auto.pvalue)}
        nonzero = d[d != 0]
        ranks = stats.rankdata(np.abs(nonzero))
        case["rank_biserial"] = float((ranks * np.sign(nonzero)).sum() / ranks.sum())
        if len(d) <= 16:
            flips = stats.permutation_test((d,), np.mean, permutation_type="samples", n_resamples=np.inf)
            case["randomisation"] = float(flips.pvalue)
        yield case


def intervals(rng):
    """Fixed resampled means, so that the same numbers reach both implementations."""
    for n in (3, 5, 12, 40):
        for skew in (False, True):
            values = rng.exponential(1, n) if skew else rng.normal(0.1, 1, n)
            means = np.sort(np.array([rng.choice(values, n).mean() for _ in range(250)]))
            # SciPy compares with the mean exactly, so that the rounding of equal means would decide the bias.
            means[np.isclose(means, values.mean(), rtol=0, atol=1e-12)] = values.mean()
            for confidence in (0.8, 0.95):
                case = {"values": values.tolist(), "means": means.tolist(), "confidence": confidence}
                for method in ("percentile", "BCa"):
                    low, high = stats.bootstrap(
                        (values,), np.mean, n_resamples=0, method=method, confidence_level=confidence,
                        bootstrap_result=SimpleNamespace(bootstrap_distribution=means)).confidence_interval
                    case[method.lower()] = [float(low), float(high)]
                yield case


def corrections(rng):
    for n in (1, 2, 3, 10, 40):
        p = np.round(rng.random(n) ** 3, 3)
        yield {"p": p.tolist(), "holm": multipletests(p, method="holm")[1].tolist()}


def main():
    rng = np.random.default_rng(20261123)
    with catch_warnings():
        simplefilter("ignore")  # SciPy warns of small samples
        sections = {"paired": list(paired(rng)), "intervals": list(intervals(rng)), "holm": list(corrections(rng))}
    head = {"about": "paired tests, bootstrap intervals of given resamples, and Holm's correction on random values",
            "libraries": libraries("scipy", "numpy", "statsmodels")}
    parts = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in head.items()]
    for name, cases in sections.items():
        body = ",\n".join("  " + json.dumps(c, separators=(",", ":"), allow_nan=False) for c in cases)
        parts.append(f" {json.dumps(name)}: [\n{body}\n ]")
    out = Path("eval/significance/testdata/significance.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
