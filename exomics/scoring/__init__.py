"""Signatures in samples: scores with coverage and status, derivation of signatures, and matched controls."""

from exomics.scoring.control_scores import control_scores
from exomics.scoring.controls import MatchedControls, matched_controls
from exomics.scoring.derivation import Derivation, derive
from exomics.scoring.members import members_in_table
from exomics.scoring.methods import Scorers, scorer
from exomics.scoring.run import resolve_signatures, score

__all__ = [
    "Derivation",
    "MatchedControls",
    "Scorers",
    "control_scores",
    "derive",
    "matched_controls",
    "members_in_table",
    "resolve_signatures",
    "score",
    "scorer",
]
