"""Scores of matched random sets as a table, for every signature that could be scored."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.harmonize import AliasTable
from exomics.registry.signature import Signature
from exomics.results import ScoreTable
from exomics.scoring.controls import MatchedControls, matched_controls

COLUMNS = ("sample_id", "subject_id", "time_point", "signature_id", "control", "score")
_SCORED = ("ok", "wrong_layer_override")


def control_scores(
    adata: AnnData,
    signatures: Sequence[Signature],
    scores: ScoreTable,
    *,
    n_sets: int,
    seed: int,
    method: str | None = None,
    aliases: AliasTable | None = None,
) -> pd.DataFrame:
    """Scores of random sets matched to each signature that `scores` could score.

    Parameters
    ----------
    adata
        Samples x features, as scored.
    signatures
        As scored.
    scores
        The table of `score`; a signature without a number in it gets no controls.
    n_sets
        Sets per signature.
    seed
        The same sets are drawn for the same seed; each signature has a stream of its own.
    method
        As in `score`.
    aliases
        As in `score`: the sets are matched to the members that were found.

    Returns
    -------
    DataFrame
        One row per sample, signature and set: ``sample_id, subject_id, time_point, signature_id, control`` (number of
        the set) and ``score``.
    """
    totals = scores.frame[scores.frame["arm"].eq("total") & scores.frame["status"].isin(_SCORED)]

    def draw(signature: Signature) -> MatchedControls:
        return matched_controls(adata, signature, seed=seed, n_sets=n_sets, method=method, aliases=aliases)

    frames = [
        _controls(totals, draw(signature), signature.id)
        for signature in signatures
        if (totals["signature_id"] == signature.id).any()
    ]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COLUMNS))


def _controls(totals: pd.DataFrame, found: MatchedControls, signature_id: str) -> pd.DataFrame:
    who = totals[totals["signature_id"] == signature_id].set_index("sample_id").reindex(list(found.sample_ids))
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
