"""Rows of a chain table: each link with its interval and status, their product, and the verdict in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from scipy import special

from exomics._checks import FloatArray
from exomics.stats.path_links import Link, robustness_of_interval, robustness_value
from exomics.stats.t_distribution import t_quantile
from exomics.validation._chain_study import ChainStudy

LEAST_SUBJECTS = 10
"""Subjects with every node of a link below which there is no verdict on it."""

SIGNS = {"+": 1.0, "-": -1.0}
_NO_ESTIMATE = (
    f"no interval: fewer than {LEAST_SUBJECTS} subjects have all that the link needs, or a node does not vary"
)
_NOT_SHOWN = "its interval holds 0: it is not shown, nor shown to be absent"


def link_row(study: ChainStudy, at: int, link: Link | None, how: tuple[str, FloatArray]) -> dict[str, Any]:
    """The row of link number `at`; `how` holds its expected sign and its estimates in resamples."""
    sign, drawn = how
    cause, effect = study.nodes[at : at + 2]
    row = {"link": str(at + 1), "from_node": cause, "to_node": effect, "expected_sign": sign, "n_subjects": 0,
           "unit": "", "note": ""}  # fmt: skip
    if link is None:
        missing = " and ".join(name for name in (cause, effect) if name not in study.values)
        return row | {"status": "not_measured", "note": f"{missing} not measured in this study"}
    n_subjects = int(study.complete(at).sum())
    row |= {"n_subjects": n_subjects}
    if n_subjects < LEAST_SUBJECTS or not np.isfinite([link.estimate, *_percentiles(drawn)]).all():
        return row | {"status": "not_estimated", "note": _NO_ESTIMATE}
    is_binary = effect in study.binary
    critical = float(special.ndtri(0.975) if is_binary else t_quantile(0.975, link.degrees_of_freedom))
    low, high = (link.estimate + side * critical * link.standard_error for side in (-1, 1))
    status = _status(low, high, SIGNS[sign])
    return row | {
        "estimate": link.estimate,
        "ci_low": low,
        "ci_high": high,
        "unit": ("log odds" if is_binary else effect) + f" per {cause}",
        "p_value": link.p_value,
        **_robustness(study, at, link, critical),
        "status": status,
        "note": "; ".join(filter(None, [_of_randomized(study, at), _NOT_SHOWN if status == "not_supported" else ""])),
    }


def _robustness(study: ChainStudy, at: int, link: Link, critical: float) -> dict[str, float]:
    if study.design.is_randomized(at) or not link.standard_error > 0:
        return {"robustness": np.nan, "robustness_of_interval": np.nan}
    t, df = link.estimate / link.standard_error, link.degrees_of_freedom
    return {
        "robustness": robustness_value(t, df),
        "robustness_of_interval": robustness_of_interval(t, df, critical),
    }


def _of_randomized(study: ChainStudy, at: int) -> str:
    """What a randomized cause rules out, and what it does not: who stays is not assigned."""
    if not study.design.is_randomized(at):
        return ""
    assigned = ~np.isnan(study.values[study.nodes[at]])
    n_lost = int((assigned & ~study.complete(at)).sum())
    lost = f", but {n_lost} of {int(assigned.sum())} subjects are lost to it, which was not assigned"
    return "randomized: no confounder can explain it" + (lost if n_lost else "")


def _percentiles(drawn: FloatArray) -> tuple[float, float]:
    """2.5 and 97.5 % of the resamples; NaN where fewer than half of them have an estimate."""
    known = drawn[np.isfinite(drawn)]
    if known.size < max(2, len(drawn) // 2):
        return np.nan, np.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _status(low: float, high: float, sign: float) -> str:
    if not np.isfinite([low, high]).all():
        return "not_estimated"
    if low <= 0 <= high:
        return "not_supported"
    return "supported" if low * sign > 0 else "wrong_direction"


def joint_row(
    study: ChainStudy, rows: Sequence[Mapping[str, Any]], drawn: FloatArray, how: tuple[str, str]
) -> dict[str, Any]:
    """The row of the whole chain; `how` holds the expected signs and the claim."""
    signs, claim = how
    missing = [row for row in rows if row["status"] in ("not_measured", "not_estimated")]
    broken = [row for row in rows if row["status"] in ("not_supported", "wrong_direction")]
    sign = float(np.prod([SIGNS[letter] for letter in signs]))
    joint = {"link": "joint", "from_node": study.nodes[0], "to_node": study.nodes[-1],
             "expected_sign": "+" if sign > 0 else "-", "unit": "product of the links"}  # fmt: skip
    told = [
        f"chain broken at link {row['link']} ({row['from_node']} -> {row['to_node']}): {row['status']}"
        for row in broken
    ]
    if missing:
        for status in dict.fromkeys(row["status"] for row in missing):
            links = ", ".join(f"link {row['link']}" for row in missing if row["status"] == status)
            told.append(f"untested: {status.replace('_', ' ')} are {links}")
        return joint | {"status": missing[0]["status"], "n_subjects": 0, "note": "; ".join(told)}
    product = drawn.prod(axis=1)
    low, high = _percentiles(product)
    as_expected = (np.sign(drawn) == [SIGNS[letter] for letter in signs]).all(axis=1).mean()
    status = "not_supported" if broken else _status(low, high, sign)
    if not told:
        told.append(_words(status, study.design.kind, claim))
    return joint | {
        "estimate": float(np.prod([row["estimate"] for row in rows])),
        "ci_low": low,
        "ci_high": high,
        "n_subjects": int(np.all([study.complete(at) for at in range(len(rows))], axis=0).sum()),
        "robustness": _least(row["robustness"] for row in rows),
        "robustness_of_interval": _least(row["robustness_of_interval"] for row in rows),
        "status": status,
        "note": "; ".join([*told, f"all links in the expected direction in {as_expected:.0%} of resamples"]),
    }


def _least(values: Iterable[float]) -> float:
    return min((value for value in values if np.isfinite(value)), default=float("nan"))


def _words(status: str, design: str, claim: str) -> str:
    if status != "supported":
        return "every link is supported, their product is not"
    if claim == "mediation":
        return "every link is supported: consistent with mediation, if nothing unmeasured causes two nodes"
    kind = {"randomized": "randomized at its first link", "observational": "ordered in time"}
    return f"every link is supported, as associations; the study is {kind.get(design, 'cross-sectional')}"
