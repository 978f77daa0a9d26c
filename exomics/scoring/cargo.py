"""Measured cargo between two groups: one difference per normalizer, hemolysis taken out, and one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import FloatArray
from exomics.errors import InputError, LayerError
from exomics.preprocess import check_hemolysis, normalize_cargo, obs_labels
from exomics.preprocess.cargo import IS_SPIKE, possible_normalizers
from exomics.preprocess.hemolysis import DELTA_CQ, GRADE, LOG2_RATIO, RAISED, can_grade
from exomics.results.cargo import CargoTable
from exomics.results.provenance import Provenance
from exomics.schema import keys, layer_of, metadata, steps_of
from exomics.schema.numbers import numbers_of
from exomics.scoring.sample_rules import CARGO_LAYERS, bare_name, cargo_failures
from exomics.stats.path_links import Link, link_fit
from exomics.stats.t_distribution import t_quantile

__all__ = ["cargo_verdict"]

LEAST_PER_GROUP: Final = 3
_WORDS = {1: "rises", -1: "falls"}
_MEASURE = ("miR-451a", "miR-23a-3p")


@dataclass(frozen=True)
class _Question:
    """The samples that passed, which of them are not controls, and what else the model holds."""

    samples: AnnData
    is_second: FloatArray
    covariates: FloatArray
    hemolysis: FloatArray | None
    n_failed: int
    name: str

    @property
    def smallest(self) -> int:
        return int(min(self.is_second.sum(), (1 - self.is_second).sum()))


def cargo_verdict(
    adata: AnnData,
    features: Sequence[str],
    *,
    column: str,
    control: str,
    normalizer: str,
    covariates: Sequence[str] = (),
    maximum_log2_ratio: float | None = None,
) -> CargoTable:
    """The difference of a cargo between two groups under every normalizer that can be computed, and the verdict.

    Parameters
    ----------
    adata
        Samples x features of plasma, serum or their vesicles: counts of small RNA, or quantification cycles.
    features
        miRNAs by name, with or without the species; those that are absent are ``not_measured``.
    column
        Column of obs with two groups. With subjects in both groups the difference is within subjects.
    control
        The group from which the difference is taken: the other minus this one.
    normalizer
        The denominator that the question is about, declared: ``rpm``, ``spike_in``, ``per_ml``, ``per_particle`` or
        ``per_ug_protein``. The others are shown beside it.
    covariates
        Numeric columns of obs.
    maximum_log2_ratio
        For counts: the log2 ratio of miR-451a to miR-23a-3p above which a sample fails, calibrated in your protocol.

    Returns
    -------
    CargoTable
        Rows ``unadjusted``, and ``adjusted`` where hemolysis was measured. The verdict names the direction under the
        declared normalizer (95 % interval without 0, adjusted where that can be), a normalizer that says the
        opposite, and hemolysis where it accounts for the difference. With fewer than three samples in a group left
        the status is ``qc_fail``.

    Raises
    ------
    LayerError
        If these are no samples of cell-free RNA.
    InputError
        If there are not two groups, `control` is none of them, or the normalizer cannot be computed.

    Notes
    -----
    Samples that failed hemolysis or hold heparin are left out and counted. Least squares on log2 amounts
    (`exomics.preprocess.normalize_cargo`, doi:10.1002/jev2.12404) given the covariates, subjects as blocks where the
    groups differ within them, and dCq(miR-23a-3p - miR-451a), for counts log2(miR-451a / miR-23a-3p)
    (doi:10.1016/j.ymeth.2012.09.015). Reads per million test composition, per mL the delivered dose: vesicles become
    more with exercise, so that one can fall while the other rises.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> rng = np.random.default_rng(0)
    >>> counts = rng.poisson([[200, 900, 500]] * 6 + [[800, 900, 500]] * 6).astype(float)
    >>> obs = pd.DataFrame({"specimen": "plasma_ev", "group": ["a"] * 6 + ["b"] * 6}, index=list("abcdefghijkl"))
    >>> var = pd.DataFrame({"feature_name": ["hsa-miR-29a-3p", "hsa-miR-21-5p", "cel-miR-39-3p"]}, index=list("xyz"))
    >>> ev = annotate(AnnData(counts, obs=obs, var=var), assay="smallrna", scale=Scale(kind="counts", quantity="count"))
    >>> found = cargo_verdict(ev, ["miR-29a-3p"], column="group", control="a", normalizer="spike_in")
    >>> found.frame["verdict"].iloc[0]
    'rises in amount per reaction'
    """
    layer = layer_of(adata)
    if layer not in CARGO_LAYERS:
        raise LayerError(f"cargo is measured on {', '.join(CARGO_LAYERS)}; these samples are {layer}.")
    possible = possible_normalizers(adata)
    if normalizer not in possible:
        raise InputError(
            f"the normalizer must be one that can be computed here: {', '.join(possible)}; got {normalizer!r}. "
            "Spike-ins (cel-miR-39-3p, UniSp) and the columns plasma_ml, particles_per_ml, ev_protein_ug_per_ml "
            "allow the others."
        )
    asked = _asked(adata, (column, control), covariates, maximum_log2_ratio)
    order = sorted(possible, key=lambda name: name != normalizer)
    amounts = {name: normalize_cargo(asked.samples, method=name) for name in order}
    rows = [row for name in features for row in _of_feature(name, asked, amounts, possible)]
    provenance = Provenance(
        method="cargo_verdict",
        parameters={"normalizer": normalizer, "column": column, "control": control, "covariates": list(covariates),
                    "maximum_log2_ratio": maximum_log2_ratio, "steps": steps_of(asked.samples)},
        notes=tuple(_notes(asked, possible)),
        acknowledgments=tuple(map(str, metadata(adata).get(keys.ACKNOWLEDGMENTS, ()))),
    )  # fmt: skip
    return CargoTable(pd.DataFrame(rows).reindex(columns=list(CargoTable.columns)), provenance)


def _asked(adata: AnnData, by: tuple[str, str], covariates: Sequence[str], cut: float | None) -> _Question:
    column, control = by
    graded = _graded(adata, cut)
    labels = obs_labels(graded, column)
    groups = sorted(set(labels))
    if len(groups) != 2:
        raise InputError(f"a comparison needs two groups in {column}; got {len(groups)} ({', '.join(groups[:4])}).")
    if control not in groups:
        raise InputError(
            f"the control must be one of the two groups in {column} ({', '.join(groups)}); got {control!r}."
        )
    other = next(group for group in groups if group != control)
    passed = cargo_failures(graded) == ""
    kept = graded[passed].copy()
    second = (labels[passed] == other).astype(np.float64)
    columns = [numbers_of(kept.obs[name]).to_numpy(dtype=np.float64) for name in covariates]
    measure = next((name for name in (DELTA_CQ, LOG2_RATIO) if name in kept.obs.columns), None)
    return _Question(
        samples=kept,
        is_second=second,
        covariates=np.column_stack([*columns, *_blocks(kept, second), np.empty((kept.n_obs, 0))]),
        hemolysis=None if measure is None else kept.obs[measure].to_numpy(dtype=np.float64),
        n_failed=int((~passed).sum()),
        name=f"{column}: {other} - {control}",
    )


def _graded(adata: AnnData, cut: float | None) -> AnnData:
    """The samples with their grades of hemolysis, where these can be given and were not."""
    is_done = GRADE in adata.obs.columns and cut is None
    return adata if is_done or not can_grade(adata) else check_hemolysis(adata, maximum_log2_ratio=cut)


def _blocks(adata: AnnData, is_second: FloatArray) -> list[FloatArray]:
    """One column per further subject, where a subject has samples of both groups."""
    if keys.SUBJECT_ID not in adata.obs.columns:
        return []
    codes, names = pd.factorize(adata.obs[keys.SUBJECT_ID].astype(str))
    paired = any(len(set(is_second[codes == code])) == 2 for code in range(len(names)))
    return [(codes == code).astype(np.float64) for code in range(1, len(names))] if paired else []


def _of_feature(
    name: str, asked: _Question, amounts: dict[str, AnnData], tests: dict[str, str]
) -> list[dict[str, Any]]:
    """Rows of one feature, the declared normalizer first, and their verdict."""
    row = {"feature_id": "", "feature_name": name, "comparison": asked.name, "n_qc_fail": asked.n_failed, "note": ""}
    at = _position(asked.samples, name)
    if at is None:
        arms = [found for found in _names(asked.samples) if bare_name(found).startswith(f"{bare_name(name)}-")]
        hint = f", but has {', '.join(arms)}" if arms else ""
        told = f"not measured: the assay has no such feature{hint}"
        return [row | {"status": "not_measured", "verdict": told}]
    var = asked.samples.var
    row |= {"feature_id": str(var.index[at]), "feature_name": _names(asked.samples)[at]}
    if asked.smallest < LEAST_PER_GROUP:
        told = f"no verdict: {asked.n_failed} samples failed; fewer than {LEAST_PER_GROUP} are left in a group"
        return [row | {"n_samples": asked.samples.n_obs, "status": "qc_fail", "verdict": told}]
    if bare_name(name) in RAISED:
        row["note"] = "red cells release it"
    found = [
        row | {"normalizer": how, "tests": tests[how], "model": model} | _numbers(asked, data, at, model)
        for how, data in amounts.items()
        if not data.var[IS_SPIKE].iloc[at]
        for model in _models(asked, name)
    ]
    verdict = _verdict(found)
    return [one | {"verdict": verdict} for one in found]


def _models(asked: _Question, name: str) -> tuple[str, ...]:
    is_measure = bare_name(name) in _MEASURE
    return ("unadjusted",) if asked.hemolysis is None or is_measure else ("unadjusted", "adjusted")


def _numbers(asked: _Question, amounts: AnnData, at: int, model: str) -> dict[str, Any]:
    y = np.asarray(amounts.X[:, at], dtype=np.float64)
    others = asked.covariates
    if model == "adjusted" and asked.hemolysis is not None:
        others = np.column_stack([others, asked.hemolysis])
    held = ~np.isnan(np.column_stack([y, others])).any(axis=1)
    link = _link(y[held], asked.is_second[held], others[held])
    half = float(t_quantile(0.975, max(link.degrees_of_freedom, 1.0))) * link.standard_error
    return {
        "n_samples": int(held.sum()),
        "log2_difference": link.estimate,
        "ci_low": link.estimate - half,
        "ci_high": link.estimate + half,
        "statistic": link.estimate / link.standard_error if link.standard_error > 0 else np.nan,
        "p_value": link.p_value,
        "status": "ok" if np.isfinite(link.estimate) else "below_floor",
    }


def _link(y: FloatArray, group: FloatArray, others: FloatArray) -> Link:
    """The coefficient of the group; columns that are constant among the samples held are left out."""
    varying = others[:, np.ptp(others, axis=0) > 0] if len(others) else others
    return link_fit(y, group, varying, binary=False)


def _verdict(rows: Sequence[dict[str, Any]]) -> str:
    by = {(row["normalizer"], row["model"]): _direction(row) for row in rows}
    tests = {row["normalizer"]: row["tests"] for row in rows}
    last = rows[-1]["model"]
    declared = next(iter(tests))
    if any(row["status"] != "ok" for row in rows if row["normalizer"] == declared):
        return "no verdict: too few samples with all that the model needs"
    plain, direction = by[(declared, "unadjusted")], by[(declared, last)]
    told = f"{_WORDS[direction]} in {tests[declared]}" if direction else f"no evidence of a change in {tests[declared]}"
    if plain and not direction:
        told += f" once hemolysis is taken out (unadjusted it {_WORDS[plain]})"
    others = {name: by[(name, last)] for name in tests if name != declared}
    opposite = [f"it {_WORDS[sign]} in {tests[name]}" for name, sign in others.items() if sign and sign != direction]
    joint = "the normalizers disagree:" if direction else "but"
    return told + (f"; {joint} {', '.join(opposite)}" if opposite else "")


def _direction(row: dict[str, Any]) -> int:
    return int(np.sign(row["log2_difference"])) if row["ci_low"] > 0 or row["ci_high"] < 0 else 0


def _notes(asked: _Question, possible: dict[str, str]) -> list[str]:
    notes = [f"{asked.n_failed} samples failed quality and were left out"] if asked.n_failed else []
    if asked.hemolysis is None:
        notes.append("hemolysis was not measured (miR-451a and miR-23a-3p): it is not taken out")
    if "per_ml" not in possible:
        notes.append("the delivered dose cannot be told: it needs a spike-in and plasma_ml")
    return notes


def _names(adata: AnnData) -> list[str]:
    names = adata.var[keys.FEATURE_NAME] if keys.FEATURE_NAME in adata.var.columns else adata.var_names
    return [str(name) for name in names]


def _position(adata: AnnData, name: str) -> int | None:
    at = np.flatnonzero([bare_name(one) == bare_name(name) for one in _names(adata)])
    if at.size > 1:
        raise InputError(f"{at.size} features are called {name}; keep one (the loader's option collapse).")
    return int(at[0]) if at.size else None
