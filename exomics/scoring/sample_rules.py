"""What a sample itself rules out: hemolysis, heparin, another cell type; and what must be said of it beside a score."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics.registry.signature import Signature
from exomics.schema import keys, scale_of
from exomics.schema.hemolysis import GRADE, RAISED
from exomics.schema.numbers import numbers_of
from exomics.schema.timing import RESTING, TIMING_CLASSES, exposure_of
from exomics.scoring.features import dense
from exomics.scoring.scale import linear_values

__all__ = ["CARGO_LAYERS", "cargo_failures", "with_sample_rules"]

CARGO_LAYERS: Final = tuple(
    f"{specimen}_{assay}" for specimen in ("plasma", "serum", "plasma_ev") for assay in ("qpcr", "smallrna")
)
"""Layers of cell-free RNA, on which hemolysis and heparin count."""

LEAST_FAST: Final = 8.0
"""Hours without calories from which a subject is fasting."""

CELL_TYPE, ANTICOAGULANT, UNIT = "cell_type", "anticoagulant", "unit"
_FASTING, _FASTING_HOURS = "fasting", "fasting_hours"
_ELEVATED = "elevated_pg_ml"
_QC = "qc"

Text = NDArray[np.object_]


class _Rows(NamedTuple):
    """The rows of one signature in the score table, all samples for each unit, and the samples."""

    frame: pd.DataFrame
    adata: AnnData
    layer: str
    signature: Signature

    def column(self, name: str) -> Text:
        """A column of the samples as text, "" where it is missing."""
        return self.of_samples(_text(self.adata, name))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column of the samples as numbers, NaN where it is missing."""
        absent = pd.Series(np.nan, index=self.adata.obs.index)
        known = numbers_of(self.adata.obs[name]) if name in self.adata.obs.columns else absent
        return self.of_samples(known.to_numpy(dtype=np.float64))

    def of_samples(self, values: NDArray[Any]) -> NDArray[Any]:
        """One value per sample, for every row."""
        return np.tile(values, len(self.frame) // max(self.adata.n_obs, 1))


def with_sample_rules(frame: pd.DataFrame, adata: AnnData, signature: Signature, *, layer: str) -> pd.DataFrame:
    """Rows of a score table after the rules of their samples.

    Parameters
    ----------
    frame
        Rows of one signature: all samples in their order, for each of its arms or members.
    adata
        Samples x features that were scored.
    signature
        The signature.
    layer
        Layer of the samples.

    Returns
    -------
    DataFrame
        The same rows. A rule takes the score away, with its status and reason, or adds a note.

    Notes
    -----
    Cell-free RNA (`CARGO_LAYERS`) of a sample whose hemolysis failed, or with heparin, which inhibits PCR, is
    ``qc_fail``; so is a miRNA that red cells release in a sample graded ``caution`` (Kirschner et al. 2013,
    doi:10.3389/fgene.2013.00094). A signature of one cell type is ``not_applicable`` to samples of another, and a
    ``bulk_proxy`` in bulk tissue; one of the fasting state to a sample after less than 8 h without calories
    (doi:10.2337/dc24-S002). Said beside the score: hemolysis that nobody graded, other findings of quality, a sample
    within a day after a bout under a signature of the resting state, fasting or rest that nobody stated, and the
    thresholds of the document.

    Examples
    --------
    >>> from exomics.registry.signature_files import load_signature
    >>> obs = pd.DataFrame({"hemolysis": ["ok", "fail"]}, index=["a", "b"])
    >>> rows = pd.DataFrame({"sample_id": ["a", "b"], "arm": "total", "score": 1.0, "status": "ok", "note": ""})
    >>> cargo = load_signature("ev.mir29a_cargo")
    >>> ev = AnnData(np.ones((2, 1)), obs=obs)
    >>> with_sample_rules(rows, ev, cargo, layer="plasma_ev_qpcr")["status"].tolist()
    ['ok', 'qc_fail']
    """
    rows = _Rows(frame, adata, layer, signature)
    status, note = (frame[name].to_numpy(dtype=object).copy() for name in ("status", "note"))
    for verdict, rule in _RULES:
        said = rule(rows)
        if said is None:
            continue
        struck = (said != "") & np.isin(status, _SCORED)
        if verdict:
            status[struck] = verdict
        note = np.array([f"{new}; {old}" if new and old else new or old for new, old in zip(said, note, strict=True)])
    score = frame["score"].where(np.isin(status, _SCORED), np.nan)
    return frame.assign(score=score, status=status, note=note)


def cargo_failures(adata: AnnData) -> Text:
    """Why the cell-free RNA of each sample cannot be read, shape (n_samples,); "" where it can.

    Parameters
    ----------
    adata
        Samples x features, graded by `exomics.preprocess.check_hemolysis`, with ``anticoagulant`` in obs if known.

    Returns
    -------
    ndarray
        Reasons.

    Examples
    --------
    >>> obs = pd.DataFrame({"hemolysis": ["ok", "fail"], "anticoagulant": ["heparin", "EDTA"]}, index=["a", "b"])
    >>> cargo_failures(AnnData(np.ones((2, 1)), obs=obs)).tolist()
    ['heparin inhibits PCR', 'hemolysis fail']
    """
    word = np.char.lower(_text(adata, ANTICOAGULANT).astype(str))
    return _texts(
        (_text(adata, GRADE) == "fail", "hemolysis fail"), (np.char.find(word, "heparin") >= 0, "heparin inhibits PCR")
    )


def _failed(rows: _Rows) -> Text | None:
    return rows.of_samples(cargo_failures(rows.adata)) if _is_cargo(rows) else None


def _red_cells(rows: _Rows) -> Text | None:
    raised = [name for name in RAISED if any(bare_name(member.feature_id) == name for member in rows.signature.members)]
    if not raised or not _is_cargo(rows):
        return None
    listed = np.isin([bare_name(arm) for arm in rows.frame["arm"]], raised) | (rows.frame["arm"] == "total").to_numpy()
    return _texts(((rows.column(GRADE) == "caution") & listed, "red cells release " + ", ".join(raised)))


def _other_cells(rows: _Rows) -> Text | None:
    wanted = rows.signature.cell_types.get(rows.layer)
    if wanted is None:
        return None
    found = rows.column(CELL_TYPE)
    kinds = [_words(one) for one in wanted]
    is_one = np.array([any(kind <= _words(name) for kind in kinds) for name in found], dtype=bool)
    told = f"defined in {' or '.join(wanted)} alone; the sample is "
    return np.where(is_one, "", [told + (name or f"of unknown cell type (column {CELL_TYPE})") for name in found])


def _unfasted(rows: _Rows) -> Text | None:
    if rows.signature.conditions.get(rows.layer) != _FASTING:
        return None
    told = f"fasted less than {LEAST_FAST:g} h, and the signature is of the fasting state"
    return _texts((rows.numbers(_FASTING_HOURS) < LEAST_FAST, told))


def _unstated(rows: _Rows) -> Text | None:
    wanted = rows.signature.conditions.get(rows.layer)
    if wanted == _FASTING:
        return _texts((np.isnan(rows.numbers(_FASTING_HOURS)), f"fasting not stated (column {_FASTING_HOURS})"))
    if wanted == RESTING:
        is_unknown = rows.column(keys.TIMING_CLASS) == ""
        return _texts((is_unknown, "rest not stated: no time after a bout (exomics harmonize --study)"))
    return None


def _bulk_proxy(rows: _Rows) -> Text | None:
    wanted = rows.signature.cell_types
    is_bulk = wanted and rows.layer not in wanted and not rows.layer.startswith("sorted_")
    names = dict.fromkeys(name for group in wanted.values() for name in group)
    return _all(rows, f"bulk_proxy: also of other cells than {' or '.join(names)}") if is_bulk else None


def _ungraded(rows: _Rows) -> Text | None:
    if not _is_cargo(rows):
        return None
    if GRADE not in rows.adata.obs.columns:
        return _all(rows, "hemolysis not graded (exomics preprocess --flag check_hemolysis)")
    return _texts((rows.column(GRADE) == "", "hemolysis not graded: no cut is calibrated, or a miRNA is missing"))


def _flagged(rows: _Rows) -> Text | None:
    if not _is_cargo(rows):
        return None
    return np.where(rows.column(GRADE) == "fail", "", rows.column(keys.QC_FLAG))


def _acute(rows: _Rows) -> Text | None:
    wanted = rows.signature.timing_class
    if wanted not in TIMING_CLASSES or keys.TIMING_CLASS not in rows.adata.obs.columns:
        return None
    found = rows.column(keys.TIMING_CLASS)
    states = np.array([exposure_of(word) for word in found], dtype=object)
    is_other = (states != "") & (states != exposure_of(wanted))
    told = [f"{state}: sampled {word}, the signature is of {wanted}" for state, word in zip(states, found, strict=True)]
    return np.where(is_other, told, "")


def _thresholds(rows: _Rows) -> Text | None:
    limits = rows.signature.thresholds
    if _ELEVATED in limits:
        return _elevated(rows, float(limits[_ELEVATED]))
    if not limits:
        return None
    score = rows.frame["score"].to_numpy(dtype=np.float64)
    return _texts(*((_within(score, str(span)), f"{word} ({span})") for word, span in limits.items()))


def _elevated(rows: _Rows, limit: float) -> Text:
    """Levels of the one member in pg/mL against a limit; the unit is declared, never guessed."""
    member, var = rows.signature.members[0].feature_id, rows.adata.var
    names = var[keys.FEATURE_NAME] if keys.FEATURE_NAME in var.columns else var.index.to_series()
    at = np.flatnonzero((names.astype(str) == member).to_numpy())
    if UNIT not in var.columns or at.size != 1 or str(var[UNIT].iloc[at[0]]).lower() != "pg/ml":
        return _all(rows, f"limit of {limit:g} pg/mL not applied: {member} has no unit pg/mL (column {UNIT} of var)")
    level = linear_values(dense(rows.adata, at)[:, 0], scale_of(rows.adata))
    level = rows.of_samples(np.round(level, 6))  # 1500 stays 1500 through its logarithm
    return _texts((level >= limit, f"elevated (>= {limit:g} pg/mL)"), (level < limit, f"below {limit:g} pg/mL"))


def _within(values: NDArray[np.float64], span: str) -> NDArray[np.bool_]:
    """Whether values lie in a span of a document: ``<5``, ``5-7``, ``>7``."""
    if span[0] in "<>":
        return values < float(span[1:]) if span[0] == "<" else values > float(span[1:])
    low, high = map(float, span.split("-"))
    return (values >= low) & (values <= high)


def _is_cargo(rows: _Rows) -> bool:
    return rows.layer in CARGO_LAYERS and rows.signature.signature_class != _QC


def _text(adata: AnnData, name: str) -> Text:
    """A column of obs as text, "" where it is missing."""
    if name not in adata.obs.columns:
        return np.full(adata.n_obs, "", dtype=object)
    given = adata.obs[name].astype(object)
    return given.where(given.notna(), "").astype(str).to_numpy(dtype=object)


def _texts(*cases: tuple[NDArray[np.bool_], str]) -> Text:
    """The text of the first case that holds in each row, "" where none does."""
    return np.select([where for where, _ in cases], [np.array(text, dtype=object) for _, text in cases], default="")


def _all(rows: _Rows, text: str) -> Text:
    return np.full(len(rows.frame), text, dtype=object)


def bare_name(name: str) -> str:
    """A miRNA without its species: ``hsa-miR-16-5p`` as ``miR-16-5p``."""
    return name.partition("-")[2] if name[:4] in ("hsa-", "mmu-", "rno-") else name


def _words(name: str) -> frozenset[str]:
    """The words of a cell type, without plural and ``cell``: ``T.cells.CD8`` holds those of ``T cell``."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return frozenset(word.removesuffix("s") for word in words if word.removesuffix("s") != "cell")


_SCORED: Final = ("ok", "wrong_layer_override")
_RULES: Final[tuple[tuple[str, Callable[[_Rows], Text | None]], ...]] = (
    ("qc_fail", _failed),
    ("qc_fail", _red_cells),
    ("not_applicable", _other_cells),
    ("not_applicable", _unfasted),
    ("", _unstated),
    ("", _bulk_proxy),
    ("", _ungraded),
    ("", _flagged),
    ("", _acute),
    ("", _thresholds),
)
"""Status and rule: each says its reason for the rows that it holds for, "" for the others, None where for none."""
