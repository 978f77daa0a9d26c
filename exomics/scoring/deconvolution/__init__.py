"""Cell types in bulk samples: marker means, constrained and robust regression, enrichment, and their consensus."""

from exomics.scoring.deconvolution._methods import Deconvolutions
from exomics.scoring.deconvolution.consensus import CONSENSUS_TYPES, consensus
from exomics.scoring.deconvolution.run import deconvolve

__all__ = ["CONSENSUS_TYPES", "Deconvolutions", "consensus", "deconvolve"]
