"""chain: is a chain of causes supported link by link, as a whole, and by this design?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from exomics._checks import FloatArray
from exomics.errors import DesignError, InputError
from exomics.results.chain import ChainTable
from exomics.results.provenance import Provenance
from exomics.stats.path_links import Link, link_fit, robustness_value

BASELINE = "_baseline"
LEAST_SUBJECTS = 10
"""Subjects with every node of a link below which resampling them says nothing of it."""
DESIGNS = ("randomized", "observational", "cross_sectional")
_CRITICAL = float(special.ndtri(0.975))
_SIGNS = {"+": 1.0, "-": -1.0}
_NO_ESTIMATE = f"no interval: fewer than {LEAST_SUBJECTS} subjects have both, or one of the two does not vary"


@dataclass(frozen=True)
class _Study:
    """Values of the measured nodes and of their baselines, by node; the whole chain and which outcomes are binary."""

    nodes: tuple[str, ...]
    values: Mapping[str, FloatArray]
    baselines: Mapping[str, FloatArray]
    binary: frozenset[str]

    def complete(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each subject has all of `names` and their baselines."""
        held = [self.values[name] for name in names] + [
            self.baselines[name] for name in names if name in self.baselines
        ]
        return np.asarray(~np.isnan(np.column_stack(held)).any(axis=1))


def chain(
    frame: pd.DataFrame,
    nodes: Sequence[str],
    *,
    signs: str,
    design: str,
    levels: Mapping[str, str] | None = None,
    claim: str = "association",
    resampling: tuple[int, int] = (1000, 1),
) -> ChainTable:
    """Estimate each link of a chain, their product, and where the chain is broken.

    Link k regresses node k + 1 on node k, given all measured nodes before k and the baselines of both
    (``<node>_baseline``), by least squares, or by logistic regression (Firth) for a binary node.

    Parameters
    ----------
    frame
        One row per subject. A node without a column, or without a value, is not measured, and its links say so.
    nodes
        Columns in causal order, such as arm, EV miRNA, collagen, CD8, response.
    signs
        Expected sign of each link, one letter each: ``+--+``.
    design
        ``randomized`` (the first node is assigned at random and the others follow it in time), ``observational``
        (measured in the order of the chain), or ``cross_sectional``.
    levels
        Node -> the level of a text column that counts as 1.
    claim
        ``association``, or ``mediation``, which only a randomized design with baselines can carry.
    resampling
        Bootstrap resamples of subjects (within the levels of a binary first node), and their seed.

    Returns
    -------
    ChainTable
        The row ``joint`` is the product of the links with its percentile interval; its note is the verdict: ``chain
        broken at link k``, ``untested`` where a link is not measured or cannot be estimated, or supported in words that
        the design carries.

    Raises
    ------
    DesignError
        If the design is unknown, or cannot carry the claim.
    InputError
        If signs and nodes do not match, no link is measured, a text column has no level, or a value is infinite.

    Notes
    -----
    The product of coefficients is an indirect effect only if nothing unmeasured causes two nodes (Imai et al. 2010,
    doi:10.1037/a0020761), which no table can show: ``robustness`` (Cinelli and Hazlett 2020, doi:10.1111/rssb.12348)
    says how strong such a cause must be. With a binary end the product is in log odds.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> arm = np.repeat(["usual", "exercise"], 40)
    >>> mirna = (arm == "exercise") + rng.normal(0, 0.3, 80)
    >>> collagen = -mirna + rng.normal(0, 0.3, 80)
    >>> study = pd.DataFrame({"arm": arm, "mirna": mirna, "collagen": collagen})
    >>> found = chain(study, ["arm", "mirna", "collagen", "cd8"], signs="+--", design="cross_sectional",
    ...               levels={"arm": "exercise"}, resampling=(200, 1))
    >>> found.frame["status"].tolist()
    ['supported', 'supported', 'not_measured', 'not_measured']
    """
    _check(nodes, signs, design, claim)
    study = _study(frame, nodes, levels or {})
    _check_claim(study, design, claim)
    links = [_fit(study, at, slice(None)) for at in range(len(nodes) - 1)]
    if all(link is None for link in links):
        raise InputError(f"no link is measured: the table needs two neighbors of {', '.join(nodes)} as columns.")
    drawn = _resampled(study, links, resampling)
    rows = [_row(study, at, link, (signs[at], drawn[:, at], design)) for at, link in enumerate(links)]
    frame_of = pd.DataFrame([*rows, _joint(study, rows, drawn, (signs, design, claim))])
    parameters = {"nodes": list(nodes), "signs": signs, "design": design, "claim": claim, "levels": dict(levels or {})}
    notes = ("links are regressions; that nothing unmeasured causes two nodes is assumed, not shown",)
    return ChainTable(frame_of, Provenance(method="chain", parameters=parameters, seed=resampling[1], notes=notes))


def _check(nodes: Sequence[str], signs: str, design: str, claim: str) -> None:
    if len(nodes) < 3 or len(set(nodes)) != len(nodes) or len(signs) != len(nodes) - 1 or set(signs) - set(_SIGNS):
        raise InputError(
            f"a chain of n different nodes (3 or more) needs n - 1 signs of + and -; got {len(nodes)} nodes, {signs!r}."
        )
    if design not in DESIGNS or claim not in ("association", "mediation"):
        raise DesignError(f"design must be one of {', '.join(DESIGNS)}, claim association or mediation.")


def _check_claim(study: _Study, design: str, claim: str) -> None:
    if claim != "mediation":
        return
    middle = [name for name in study.nodes[1:-1] if name in study.values]
    without = [name for name in middle if name not in study.baselines]
    if design != "randomized" or without:
        reason = f"no baseline of {', '.join(without)}" if design == "randomized" else f"the design is {design}"
        raise DesignError(
            f"this study cannot say that anything mediates: {reason}. Only a randomized first node with baselines can "
            "carry the claim; ask for association."
        )


def _study(frame: pd.DataFrame, nodes: Sequence[str], levels: Mapping[str, str]) -> _Study:
    values = {name: found for name in nodes if (found := _numbers(frame, name, levels)) is not None}
    baselines = {name: found for name in values if (found := _numbers(frame, name + BASELINE, levels)) is not None}
    binary = frozenset(name for name, found in values.items() if set(found[~np.isnan(found)]) <= {0.0, 1.0})
    return _Study(tuple(nodes), values, baselines, binary)


def _numbers(frame: pd.DataFrame, column: str, levels: Mapping[str, str]) -> FloatArray | None:
    if column not in frame.columns or frame[column].isna().all():
        return None
    given = frame[column]
    if column in levels:
        if levels[column] not in set(given.dropna().astype(str)):
            raise InputError(
                f"{column} has no level {levels[column]!r}; it has {', '.join(map(str, given.unique()[:5]))}."
            )
        return np.where(given.isna(), np.nan, given.astype(str) == levels[column])
    numbers = pd.to_numeric(given, errors="coerce")
    if (numbers.isna() & given.notna()).any():
        raise InputError(f"{column} holds text; name the level that counts as 1 (levels, --level {column}=LEVEL).")
    if np.isinf(numbers).any():
        raise InputError(f"{column} holds {int(np.isinf(numbers).sum())} infinite values; leave empty what is unknown.")
    return numbers.to_numpy(dtype=np.float64)


def _fit(study: _Study, at: int, rows: Any) -> Link | None:
    cause, effect = study.nodes[at : at + 2]
    if cause not in study.values or effect not in study.values:
        return None
    upstream = [name for name in study.nodes[:at] if name in study.values]
    names = [*upstream, cause, effect]
    adjusted = [study.values[name][rows] for name in upstream]
    adjusted += [study.baselines[name][rows] for name in (cause, effect) if name in study.baselines]
    kept = study.complete(names)[rows]
    covariates = np.column_stack(adjusted)[kept] if adjusted else np.empty((int(kept.sum()), 0))
    y, x = study.values[effect][rows][kept], study.values[cause][rows][kept]
    return link_fit(y, x, covariates, binary=effect in study.binary)


def _resampled(study: _Study, links: Sequence[Link | None], resampling: tuple[int, int]) -> FloatArray:
    """(n_resamples, n_links) estimates; subjects are drawn once for all links."""
    n_resamples, seed = resampling
    generator = np.random.default_rng(seed)
    n = len(next(iter(study.values.values())))
    first = study.values.get(study.nodes[0])
    strata = [np.arange(n)]
    if first is not None and study.nodes[0] in study.binary:
        strata = [np.flatnonzero(first == level) for level in (0.0, 1.0)]
    drawn = np.full((n_resamples, len(links)), np.nan)
    for resample in range(n_resamples):
        rows = np.concatenate([generator.choice(stratum, len(stratum)) for stratum in strata])
        for at, link in enumerate(links):
            if link is not None and (found := _fit(study, at, rows)) is not None:
                drawn[resample, at] = found.estimate
    return drawn


def _interval(drawn: FloatArray) -> tuple[float, float]:
    known = drawn[np.isfinite(drawn)]
    if known.size < max(2, len(drawn) // 2):
        return np.nan, np.nan
    low, high = np.percentile(known, [2.5, 97.5])
    return float(low), float(high)


def _row(study: _Study, at: int, link: Link | None, how: tuple[str, FloatArray, str]) -> dict[str, Any]:
    sign, drawn, design = how
    cause, effect = study.nodes[at : at + 2]
    row = {"link": str(at + 1), "from_node": cause, "to_node": effect, "expected_sign": sign, "n_subjects": 0,
           "unit": "", "note": ""}  # fmt: skip
    if link is None:
        missing = " and ".join(name for name in (cause, effect) if name not in study.values)
        return row | {"status": "not_measured", "note": f"{missing} not measured in this study"}
    names = [name for name in study.nodes[: at + 2] if name in study.values]
    n_subjects = int(study.complete(names).sum())
    row |= {"n_subjects": n_subjects}
    low, high = _interval(drawn)
    if n_subjects < LEAST_SUBJECTS or not np.isfinite([link.estimate, low, high]).all():
        return row | {"status": "not_estimated", "note": _NO_ESTIMATE}
    is_random = design == "randomized" and at == 0
    t = link.estimate / link.standard_error if link.standard_error > 0 else np.nan
    return row | {
        "estimate": link.estimate,
        "ci_low": low,
        "ci_high": high,
        "unit": ("log odds" if effect in study.binary else effect) + f" per {cause}",
        "p_value": link.p_value,
        "robustness": np.nan if is_random else robustness_value(t, link.degrees_of_freedom),
        "robustness_of_interval": np.nan
        if is_random
        else robustness_value(max(abs(t) - _CRITICAL, 0.0), link.degrees_of_freedom),
        "status": _status(low, high, _SIGNS[sign]),
        "note": "randomized: no confounder can explain it" if is_random else "",
    }


def _status(low: float, high: float, sign: float) -> str:
    if not np.isfinite([low, high]).all():
        return "not_estimated"
    if low <= 0 <= high:
        return "not_supported"
    return "supported" if low * sign > 0 else "wrong_direction"


def _joint(
    study: _Study, rows: Sequence[Mapping[str, Any]], drawn: FloatArray, how: tuple[str, str, str]
) -> dict[str, Any]:
    signs, design, claim = how
    missing = [row for row in rows if row["status"] in ("not_measured", "not_estimated")]
    broken = [row for row in rows if row["status"] in ("not_supported", "wrong_direction")]
    sign = float(np.prod([_SIGNS[letter] for letter in signs]))
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
    low, high = _interval(product)
    as_expected = (np.sign(drawn) == [_SIGNS[letter] for letter in signs]).all(axis=1).mean()
    status = "not_supported" if broken else _status(low, high, sign)
    if not told:
        told.append(_words(status, design, claim))
    return joint | {
        "estimate": float(np.prod([row["estimate"] for row in rows])),
        "ci_low": low,
        "ci_high": high,
        "n_subjects": int(study.complete(study.nodes).sum()),
        "robustness": float(np.nanmin([row["robustness"] for row in rows])),
        "robustness_of_interval": float(np.nanmin([row["robustness_of_interval"] for row in rows])),
        "status": status,
        "note": "; ".join([*told, f"all links in the expected direction in {as_expected:.0%} of resamples"]),
    }


def _words(status: str, design: str, claim: str) -> str:
    if status != "supported":
        return "every link is supported, their product is not"
    if claim == "mediation":
        return "every link is supported: consistent with mediation, if nothing unmeasured causes two nodes"
    kind = {"randomized": "randomized at its first link", "observational": "ordered in time"}
    return f"every link is supported, as associations; the study is {kind.get(design, 'cross-sectional')}"
