"""Measured cargo between two groups: one difference per normalizer, hemolysis taken out, and one verdict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError, LayerError
from exomics.preprocess import normalize_cargo
from exomics.preprocess.cargo import IS_SPIKE, possible_normalizers
from exomics.results.cargo import CargoTable
from exomics.results.provenance import Provenance
from exomics.schema import keys, layer_of, metadata, steps_of
from exomics.schema.hemolysis import GRADE, RAISED
from exomics.scoring._cargo_difference import difference, note_of, undetected
from exomics.scoring._cargo_question import LEAST_PER_GROUP, Question, question_of
from exomics.scoring.sample_rules import CARGO_LAYERS, bare_name

__all__ = ["cargo_verdict"]

_WORDS = {1: "rises", -1: "falls"}
_MEASURE = ("miR-451a", "miR-23a-3p")
_TOO_FEW = (
    f"fewer than {LEAST_PER_GROUP} samples of each group, or subjects with both, have all that the model needs, or the "
    "covariates leave nothing of the difference"
)


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
        Column of obs with two groups. With subjects in both groups the difference is within subjects; without, a
        subject has one sample.
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
        opposite, and hemolysis where it makes a difference to it. With fewer than three samples in a group left the
        status is ``qc_fail``; of a miRNA with ten reads in less than 20 % of the samples, or with no value in a whole
        group, ``below_detection``.

    Raises
    ------
    LayerError
        If these are no samples of cell-free RNA.
    InputError
        If there are not two groups, `control` is none of them, the normalizer cannot be computed, a covariate is no
        number, or a subject has several samples in one group and none in the other.

    Notes
    -----
    Samples that failed hemolysis or hold heparin are left out and counted. Least squares on log2 amounts
    (`exomics.preprocess.normalize_cargo`, doi:10.1002/jev2.12404) given the covariates, subjects as blocks where the
    groups differ within them, and dCq(miR-23a-3p - miR-451a), for counts log2(miR-451a / miR-23a-3p)
    (doi:10.1016/j.ymeth.2012.09.015). Reads per million test composition, per mL the delivered dose: vesicles become
    more with exercise, so that one can fall while the other rises. Cycles that were never reached (layers ``censored``
    and ``lod`` of the loader ``qpcr``) are known to lie below their limit (Tobit, doi:10.2307/1907382); within
    subjects such samples are left out, and with more than 20 % of them there is no verdict.

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
    asked = question_of(adata, column, control, covariates=covariates, maximum_log2_ratio=maximum_log2_ratio)
    order = sorted(possible, key=lambda name: name != normalizer)
    amounts = {name: normalize_cargo(asked.samples, method=name) for name in order}
    names = list({bare_name(name): name for name in features}.values())
    rows = [row for name in names for row in _of_feature(name, asked, amounts, possible)]
    provenance = Provenance(
        method="cargo_verdict",
        parameters={"normalizer": normalizer, "column": column, "control": control, "covariates": list(covariates),
                    "maximum_log2_ratio": maximum_log2_ratio, "steps": steps_of(asked.samples)},
        notes=tuple(_notes(asked, possible, len(names))),
        acknowledgments=tuple(map(str, metadata(adata).get(keys.ACKNOWLEDGMENTS, ()))),
    )  # fmt: skip
    return CargoTable(pd.DataFrame(rows).reindex(columns=list(CargoTable.columns)), provenance)


def _of_feature(name: str, asked: Question, amounts: dict[str, AnnData], tests: dict[str, str]) -> list[dict[str, Any]]:
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
    everyone = np.ones(asked.samples.n_obs, dtype=bool)
    if min(asked.in_groups(everyone)) < LEAST_PER_GROUP:
        told = f"no verdict: {asked.n_failed} samples failed; fewer than {LEAST_PER_GROUP} are left in a group"
        return [row | {"n_samples": asked.samples.n_obs, "status": "qc_fail", "verdict": told}]
    if next(iter(amounts.values())).var[IS_SPIKE].iloc[at]:
        return [row | {"status": "not_applicable", "verdict": "a spike-in is the measure, not what is measured"}]
    if told := undetected(asked, at):
        return [row | {"n_samples": asked.samples.n_obs, "status": "below_detection", "verdict": told}]
    row["note"] = "; ".join(
        filter(None, ["red cells release it" if bare_name(name) in RAISED else "", note_of(asked, at)])
    )
    found = [
        row | {"normalizer": how, "tests": tests[how], "model": model} | difference(asked, data, at, model=model)
        for how, data in amounts.items()
        for model in _models(asked, name)
    ]
    verdict = _verdict(found)
    return [one | {"verdict": verdict} for one in found]


def _models(asked: Question, name: str) -> tuple[str, ...]:
    is_measure = bare_name(name) in _MEASURE
    return ("unadjusted",) if asked.hemolysis is None or is_measure else ("unadjusted", "adjusted")


def _verdict(rows: Sequence[dict[str, Any]]) -> str:
    by = {(row["normalizer"], row["model"]): _direction(row) for row in rows}
    tests = {row["normalizer"]: row["tests"] for row in rows}
    last = rows[-1]["model"]
    declared = next(iter(tests))
    if any(row["status"] != "ok" for row in rows if row["normalizer"] == declared):
        return f"no verdict: {_TOO_FEW}"
    plain, direction = by[(declared, "unadjusted")], by[(declared, last)]
    told = f"{_WORDS[direction]} in {tests[declared]}" if direction else f"no evidence of a change in {tests[declared]}"
    if plain != direction:
        before = f"it {_WORDS[plain]}" if plain else "there is no evidence"
        told += f" once hemolysis is taken out (unadjusted {before})"
    others = {name: by[(name, last)] for name in tests if name != declared}
    opposite = [f"it {_WORDS[sign]} in {tests[name]}" for name, sign in others.items() if sign and sign != direction]
    joint = "the normalizers disagree:" if direction else "but"
    return told + (f"; {joint} {', '.join(opposite)}" if opposite else "")


def _direction(row: dict[str, Any]) -> int:
    return int(np.sign(row["log2_difference"])) if row["ci_low"] > 0 or row["ci_high"] < 0 else 0


def _notes(asked: Question, possible: dict[str, str], n_features: int) -> list[str]:
    notes = [f"{asked.n_failed} samples failed quality and were left out"] if asked.n_failed else []
    if asked.hemolysis is None:
        notes.append("hemolysis was not measured (miR-451a and miR-23a-3p): it is not taken out")
    elif not asked.samples.obs.get(GRADE, pd.Series(dtype=object)).isin(("ok", "caution")).any():
        notes.append("no sample was graded for hemolysis (reads have no universal cut): none is left out for it")
    if "per_ml" not in possible:
        notes.append("the delivered dose cannot be told: it needs a spike-in and plasma_ml")
    if n_features > 1:
        notes.append(
            f"{n_features} miRNAs were asked for: intervals and p-values are of each alone, not of all together"
        )
    return notes


def _names(adata: AnnData) -> list[str]:
    names = adata.var[keys.FEATURE_NAME] if keys.FEATURE_NAME in adata.var.columns else adata.var_names
    return [str(name) for name in names]


def _position(adata: AnnData, name: str) -> int | None:
    at = np.flatnonzero([bare_name(one) == bare_name(name) for one in _names(adata)])
    if at.size > 1:
        raise InputError(f"{at.size} features are called {name}; keep one (the loader's option collapse).")
    return int(at[0]) if at.size else None
