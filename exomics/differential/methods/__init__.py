"""Differential methods, one file each; `Tests` is the explicit list."""

from exomics.differential.methods._result import FeatureTests, OmnibusTests
from exomics.differential.methods.deseq2_lrt import NEGATIVE_BINOMIAL_LRT
from exomics.differential.methods.deseq2_wald import NEGATIVE_BINOMIAL_WALD
from exomics.differential.methods.edger_ql import QUASI_LIKELIHOOD_F
from exomics.differential.methods.limma_ancova import LIMMA_ANCOVA
from exomics.differential.methods.limma_trend import LIMMA_TREND
from exomics.differential.methods.limma_voom import LIMMA_VOOM
from exomics.differential.methods.pydeseq2_wald import PYDESEQ2_WALD
from exomics.differential.methods.voom_lm_fit import VOOM_LM_FIT
from exomics.registry.method import Methods

Tests = Methods(
    "test",
    (
        LIMMA_TREND,
        LIMMA_VOOM,
        VOOM_LM_FIT,
        LIMMA_ANCOVA,
        NEGATIVE_BINOMIAL_WALD,
        NEGATIVE_BINOMIAL_LRT,
        QUASI_LIKELIHOOD_F,
        PYDESEQ2_WALD,
    ),
)

__all__ = ["FeatureTests", "OmnibusTests", "Tests"]
