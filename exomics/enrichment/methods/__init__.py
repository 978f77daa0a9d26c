"""Enrichment methods, one file each; `EnrichmentMethods` is the explicit list."""

from exomics.enrichment.methods.camera import CAMERA
from exomics.enrichment.methods.camera_preranked import CAMERA_PRERANKED
from exomics.enrichment.methods.fry import FRY
from exomics.enrichment.methods.gseapy_prerank import GSEAPY_PRERANK
from exomics.enrichment.methods.kinase_activity import KINASE_ACTIVITY
from exomics.enrichment.methods.mirna_activity import MIRNA_ACTIVITY
from exomics.enrichment.methods.over_representation import OVER_REPRESENTATION
from exomics.enrichment.methods.preranked import PRERANK
from exomics.enrichment.methods.roast import ROAST
from exomics.registry.method import Methods

EnrichmentMethods = Methods(
    "enrichment",
    (
        CAMERA,
        CAMERA_PRERANKED,
        FRY,
        ROAST,
        PRERANK,
        OVER_REPRESENTATION,
        KINASE_ACTIVITY,
        MIRNA_ACTIVITY,
        GSEAPY_PRERANK,
    ),
)

__all__ = ["EnrichmentMethods"]
