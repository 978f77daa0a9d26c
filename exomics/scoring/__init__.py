"""Signatures in samples: scores with coverage and status, derivation, matched controls; and cell types in samples."""

from exomics.scoring.control_scores import control_scores
from exomics.scoring.controls import MatchedControls, matched_controls
from exomics.scoring.deconvolution import Deconvolutions, consensus, deconvolve
from exomics.scoring.derivation import Derivation, derive
from exomics.scoring.members import members_in_table
from exomics.scoring.methods import Scorers, scorer
from exomics.scoring.reference import fit_reference
from exomics.scoring.run import resolve_signatures, score

__all__ = [
    "Deconvolutions",
    "Derivation",
    "MatchedControls",
    "Scorers",
    "consensus",
    "control_scores",
    "deconvolve",
    "derive",
    "fit_reference",
    "matched_controls",
    "members_in_table",
    "resolve_signatures",
    "score",
    "scorer",
]
