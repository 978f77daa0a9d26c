"""Every score beside those of matched random sets: their scores as a table, and an empirical p-value for each score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.errors import InputError
from exomics.harmonize import AliasTable
from exomics.registry.signature import Signature
from exomics.results import ReferenceTable, ScoreTable
from exomics.schema import layer_of
from exomics.scoring._rows import TOTAL, parts_of
from exomics.scoring._species import LocalSignature, localize
from exomics.scoring.controls import MatchedControls, RandomSets, matched_controls
from exomics.scoring.methods import scorer
from exomics.scoring.run import _on_layer
from exomics.stats.multiple_testing import benjamini_hochberg

COLUMNS = ("sample_id", "subject_id", "time_point", "signature_id", "control", "score")
P_VALUE_COLUMNS = (
    "sample_id",
    "subject_id",
    "time_point",
    "signature_id",
    "arm",
    "score",
    "control_median",
    "control_percentile",
    "p_value",
    "adj_p_value",
    "n_controls",
    "member_correlation",
    "control_correlation",
    "note",
)
_LOOSE = 0.1
_SCORED = ("ok", "wrong_layer_override")
_ROW = ["sample_id", "subject_id", "time_point", "signature_id", "arm"]

Key = tuple[str, str]


@dataclass(frozen=True)
class ControlScores:
    """Random sets for the rows of a score table.

    Parameters
    ----------
    rows
        Of the score table: who and what was scored, and the status.
    found
        Signature and arm -> its random sets.
    reasons
        Signature and arm -> why there are none.
    """

    rows: pd.DataFrame
    found: Mapping[Key, MatchedControls]
    reasons: Mapping[Key, str]

    def scores(self) -> pd.DataFrame:
        """One row per sample, whole signature and set: ``sample_id, subject_id, time_point, signature_id, control``
        (number of the set) and ``score``.
        """
        frames = [
            _controls(self.rows, controls, signature_id)
            for (signature_id, arm), controls in self.found.items()
            if arm == TOTAL
        ]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))

    def p_values(self) -> pd.DataFrame:
        """One row per row of the score table.

        ``score`` of the members measured in every sample; ``control_median`` and ``control_percentile`` (share of the
        sets at or below the score, in percent) of the random sets in the same sample; ``p_value``, two-sided,
        ``2 min(1 + #{control >= score}, 1 + #{control <= score}) / (1 + n_controls)``; ``adj_p_value``, of Benjamini
        and Hochberg over all rows; mean pairwise correlation of the members and, on average, of the sets. Where there
        is no score or no random set, the numbers are missing and ``note`` says why; it also says where the random sets
        are less correlated within than the members, whose p-values are then too small.
        """
        rows = self.rows.assign(note="")
        unscored = ~rows["status"].isin(_SCORED)
        rows.loc[unscored, "note"] = "not scored: " + rows.loc[unscored, "status"].astype(str)
        keys = pd.MultiIndex.from_frame(rows[["signature_id", "arm"]])
        looser = {key: told for key, found in self.found.items() if (told := _less_coherent(found))}
        for key, told in {**self.reasons, **looser}.items():
            rows.loc[(keys == key) & ~unscored.to_numpy(), "note"] = told
        parts = [_p_values(controls).assign(signature_id=key[0], arm=key[1]) for key, controls in self.found.items()]
        numbers = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["sample_id", *_ROW[3:]])
        table = rows[[*_ROW, "note"]].merge(numbers, on=["sample_id", "signature_id", "arm"], how="left")
        table = table.reindex(columns=[name for name in P_VALUE_COLUMNS if name != "adj_p_value"])
        table.loc[unscored.to_numpy(), ["score", "control_median", "control_percentile", "p_value"]] = np.nan
        adjusted = benjamini_hochberg(table["p_value"].to_numpy(dtype=np.float64))
        table.insert(P_VALUE_COLUMNS.index("adj_p_value"), "adj_p_value", adjusted)
        return table


def control_scores(
    adata: AnnData,
    signatures: Sequence[Signature],
    scores: ScoreTable,
    *,
    draw: RandomSets,
    method: str | None = None,
    aliases: AliasTable | None = None,
    reference: ReferenceTable | None = None,
) -> ControlScores:
    """Score random sets matched to each signature, and to each of its arms or sets, that `scores` could score.

    Parameters
    ----------
    adata
        Samples x features, as scored.
    signatures
        As scored.
    scores
        The table of `score`; what has no number in it gets no random sets.
    draw
        How many sets for each, and from which seed.
    method, aliases, reference
        As in `score`: the sets are matched to the members that were found, and scored in the same way.

    Returns
    -------
    ControlScores
        With ``scores()`` for `exomics.validation.beside_controls`, and ``p_values()`` for the scores themselves.

    Notes
    -----
    The sets are matched on size, on the tenth of mean expression of every member, and if wanted on correlation
    (`matched_controls`). The p-value asks whether the members stand higher or lower in this sample than random genes of
    their usual levels do; it does not ask whether the samples differ (Phipson and Smyth 2010,
    doi:10.2202/1544-6115.1585).

    Examples
    --------
    >>> from exomics.registry import load_signature
    >>> from exomics.schema import Scale, annotate
    >>> from exomics.scoring import score
    >>> names = ["GZMA", "PRF1", *(f"G{number}" for number in range(98))]
    >>> values = np.random.default_rng(1).normal(5, 1, size=(2, 100))
    >>> values[1, :2] = 9.0
    >>> obs = pd.DataFrame({"specimen": "tumor", "species": "human"}, index=["s1", "s2"])
    >>> tumor = AnnData(values, obs=obs, var=pd.DataFrame({"feature_name": names}, index=names))
    >>> tumor = annotate(tumor, assay="rna", scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    >>> signature = load_signature("imm.cyt")
    >>> table = score(tumor, signature, method="mean_log2")
    >>> found = control_scores(tumor, [signature], table, draw=RandomSets(seed=1, n_sets=99), method="mean_log2")
    >>> found.p_values()[["sample_id", "p_value"]].to_numpy().tolist()[1]
    ['s2', 0.02]
    """
    kept = scores.frame[[*_ROW, "status"]]
    found: dict[Key, MatchedControls] = {}
    reasons: dict[Key, str] = {}
    for signature in signatures:
        rows = kept[kept["signature_id"].eq(signature.id) & kept["status"].isin(_SCORED)]
        rows = rows if draw.of_parts else rows[rows["arm"].eq(TOTAL)]
        local = localize(_on_layer(signature, layer_of(adata)), adata, None)
        for arm in dict.fromkeys(rows["arm"]):
            key = (signature.id, arm)
            try:
                part = _part(local, arm, method or signature.score)
                found[key] = matched_controls(adata, part, draw, method=method, aliases=aliases, reference=reference)
            except InputError as error:
                reasons[key] = str(error)
    return ControlScores(kept, found, reasons)


def _part(local: LocalSignature | str, arm: str, method: str) -> Signature:
    """What the rows of one arm were scored from, as a signature of its own."""
    if isinstance(local, str):
        raise InputError(local)
    parts = dict(parts_of(local.signature, scorer(method)))
    return parts.get(arm, local.signature)


def _less_coherent(found: MatchedControls) -> str:
    """That the members move together and the random sets do not, which makes any score of theirs stand out."""
    sets, highest = found.control_correlations.mean(), np.quantile(found.control_correlations, 0.975)
    if not found.correlation > max(highest, sets + _LOOSE):
        return ""
    return (
        f"the members are more correlated ({found.correlation:.2f}) than the random sets ({sets:.2f}): p is too small; "
        "match the correlation too (--match-correlation)"
    )


def _controls(rows: pd.DataFrame, found: MatchedControls, signature_id: str) -> pd.DataFrame:
    is_scored = rows["signature_id"].eq(signature_id) & rows["arm"].eq(TOTAL) & rows["status"].isin(_SCORED)
    who = rows[is_scored].set_index("sample_id").reindex(list(found.sample_ids))
    n_samples, n_sets = found.controls.shape
    return pd.DataFrame(
        {
            "sample_id": np.repeat(found.sample_ids, n_sets),
            "subject_id": np.repeat(who["subject_id"].to_numpy(), n_sets),
            "time_point": np.repeat(who["time_point"].to_numpy(), n_sets),
            "signature_id": signature_id,
            "control": np.tile(np.arange(n_sets), n_samples),
            "score": found.controls.ravel(),
        },
        columns=list(COLUMNS),
    )[np.repeat(who["subject_id"].notna().to_numpy(), n_sets)].reset_index(drop=True)


def _p_values(found: MatchedControls) -> pd.DataFrame:
    n_sets = found.controls.shape[1]
    return pd.DataFrame(
        {
            "sample_id": found.sample_ids,
            "score": found.observed,
            "control_median": np.median(found.controls, axis=1),
            "control_percentile": 100.0 * (found.controls <= found.observed[:, None]).sum(axis=1) / n_sets,
            "p_value": found.p_values(),
            "n_controls": n_sets,
            "member_correlation": found.correlation,
            "control_correlation": found.control_correlations.mean(),
        }
    )
