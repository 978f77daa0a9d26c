"""Signatures in samples: scores with coverage and status, derivation, matched controls; and cell types in samples."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from exomics.scoring.axes import axis_scores, rank_axes
from exomics.scoring.control_scores import ControlScores, control_scores
from exomics.scoring.controls import MatchedControls, RandomSets, matched_controls
from exomics.scoring.deconvolution import Deconvolutions, consensus, deconvolve
from exomics.scoring.derivation import Derivation, derive
from exomics.scoring.members import members_in_table
from exomics.scoring.methods import Scorers, scorer
from exomics.scoring.overlap import jaccard_overlap, without_shared_members
from exomics.scoring.reference import fit_reference
from exomics.scoring.run import resolve_signatures, score
from exomics.scoring.secreted import add_secreted
from exomics.scoring.single_sample import require_single_sample

if TYPE_CHECKING:
    from exomics.scoring.cargo import cargo_verdict
    from exomics.scoring.transformer import SignatureTransformer

_HOMES = {
    "SignatureTransformer": "exomics.scoring.transformer",
    "cargo_verdict": "exomics.scoring.cargo",
}

__all__ = [
    "ControlScores",
    "Deconvolutions",
    "Derivation",
    "MatchedControls",
    "RandomSets",
    "Scorers",
    "SignatureTransformer",
    "add_secreted",
    "axis_scores",
    "cargo_verdict",
    "consensus",
    "control_scores",
    "deconvolve",
    "derive",
    "fit_reference",
    "jaccard_overlap",
    "matched_controls",
    "members_in_table",
    "rank_axes",
    "require_single_sample",
    "resolve_signatures",
    "score",
    "scorer",
    "without_shared_members",
]


def __getattr__(name: str) -> Any:
    """What needs more than scoring does (scikit-learn, preprocessing) is imported when first used."""
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'exomics.scoring' has no attribute {name!r}")
