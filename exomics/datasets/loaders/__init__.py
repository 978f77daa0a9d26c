"""The loaders: one `MethodSpec` each, standing under its function.

``Loaders`` make an AnnData or a MuData, ``Tables`` a frame.
"""

from exomics.datasets.loaders.bioconductor import BIOCONDUCTOR
from exomics.datasets.loaders.cbioportal import CBIOPORTAL
from exomics.datasets.loaders.diann import DIANN
from exomics.datasets.loaders.excerpt import EXCERPT
from exomics.datasets.loaders.expression_table import EXPRESSION_TABLE
from exomics.datasets.loaders.feature_counts import FEATURE_COUNTS
from exomics.datasets.loaders.fragpipe import FRAGPIPE
from exomics.datasets.loaders.fragpipe_peptides import FRAGPIPE_PEPTIDES
from exomics.datasets.loaders.fragpipe_sites import FRAGPIPE_SITES
from exomics.datasets.loaders.gdc_clinical import GDC_CLINICAL
from exomics.datasets.loaders.gdc_htseq_counts import GDC_HTSEQ_COUNTS
from exomics.datasets.loaders.gdc_mirna import GDC_MIRNA
from exomics.datasets.loaders.gdc_star_counts import GDC_STAR_COUNTS
from exomics.datasets.loaders.geo_series_matrix import GEO_SERIES_MATRIX
from exomics.datasets.loaders.geo_soft import GEO_SOFT
from exomics.datasets.loaders.maf import MAF
from exomics.datasets.loaders.maxquant import MAXQUANT, MAXQUANT_SITES
from exomics.datasets.loaders.measurements import MEASUREMENTS
from exomics.datasets.loaders.mirbase import MIRBASE
from exomics.datasets.loaders.mirge import MIRGE
from exomics.datasets.loaders.mirna_table import MIRNA_TABLE
from exomics.datasets.loaders.motrpac import MOTRPAC
from exomics.datasets.loaders.motrpac_differential import MOTRPAC_DIFFERENTIAL
from exomics.datasets.loaders.motrpac_human import MOTRPAC_HUMAN
from exomics.datasets.loaders.motrpac_immunoassay import MOTRPAC_IMMUNOASSAY
from exomics.datasets.loaders.motrpac_metabolomics import MOTRPAC_METABOLOMICS
from exomics.datasets.loaders.motrpac_native import MOTRPAC_NATIVE
from exomics.datasets.loaders.motrpac_physiology import MOTRPAC_PHYSIOLOGY
from exomics.datasets.loaders.motrpac_platforms import MOTRPAC_PLATFORMS
from exomics.datasets.loaders.mwtab import MWTAB
from exomics.datasets.loaders.olink import OLINK
from exomics.datasets.loaders.qpcr import QPCR
from exomics.datasets.loaders.simulate import SIMULATE, SIMULATED_TABLE
from exomics.datasets.loaders.single_cell import SINGLE_CELL
from exomics.datasets.loaders.somascan import SOMASCAN
from exomics.datasets.loaders.spectronaut import SPECTRONAUT
from exomics.datasets.loaders.tables import DELIMITED_TABLE, GENE_SETS, R_TABLE
from exomics.datasets.loaders.tenx import TENX
from exomics.datasets.loaders.tumor_sets import MIRIT, MIXOMICS_BREAST
from exomics.datasets.loaders.xena import XENA
from exomics.registry.method import Methods

Loaders = Methods(
    "loader",
    (
        BIOCONDUCTOR,
        CBIOPORTAL,
        DIANN,
        EXCERPT,
        EXPRESSION_TABLE,
        FEATURE_COUNTS,
        FRAGPIPE,
        FRAGPIPE_PEPTIDES,
        FRAGPIPE_SITES,
        GDC_CLINICAL,
        GDC_HTSEQ_COUNTS,
        GDC_MIRNA,
        GDC_STAR_COUNTS,
        GEO_SERIES_MATRIX,
        GEO_SOFT,
        MAF,
        MAXQUANT,
        MAXQUANT_SITES,
        MEASUREMENTS,
        MIRGE,
        MIRIT,
        MIRNA_TABLE,
        MIXOMICS_BREAST,
        MOTRPAC,
        MOTRPAC_IMMUNOASSAY,
        MOTRPAC_METABOLOMICS,
        MOTRPAC_NATIVE,
        MOTRPAC_PHYSIOLOGY,
        MOTRPAC_PLATFORMS,
        MWTAB,
        OLINK,
        QPCR,
        SIMULATE,
        SINGLE_CELL,
        SOMASCAN,
        SPECTRONAUT,
        TENX,
        XENA,
    ),
)
Tables = Methods(
    "loader",
    (DELIMITED_TABLE, GENE_SETS, MIRBASE, MOTRPAC_DIFFERENTIAL, MOTRPAC_HUMAN, R_TABLE, SIMULATED_TABLE),
)

__all__ = ["Loaders", "Tables"]
