"""The result tables of every stage: typed frames that carry their provenance."""

from exomics.results._table import ResultTable
from exomics.results.axes import AxisTable
from exomics.results.benefit import BenefitTable
from exomics.results.benefit_scores import BenefitGroupTable, BenefitScoreTable, SubgroupTable, UpliftTable
from exomics.results.cargo import CargoTable
from exomics.results.chain import ChainTable
from exomics.results.curves import CurveTable
from exomics.results.deconvolution import DeconvolutionTable
from exomics.results.differential import DifferentialTable
from exomics.results.enrichment import EnrichmentTable
from exomics.results.mirna import MirnaTable
from exomics.results.performance import PerformanceTable
from exomics.results.pooled import PooledTable, read_differential
from exomics.results.power import PowerTable
from exomics.results.prediction import PredictionTable
from exomics.results.provenance import Provenance
from exomics.results.reference import ReferenceTable
from exomics.results.scores import ScoreTable
from exomics.results.selection import OperatingTable, SelectionTable

__all__ = [
    "BenefitGroupTable",
    "BenefitScoreTable",
    "BenefitTable",
    "CargoTable",
    "ChainTable",
    "AxisTable",
    "CurveTable",
    "DeconvolutionTable",
    "DifferentialTable",
    "EnrichmentTable",
    "MirnaTable",
    "OperatingTable",
    "PerformanceTable",
    "PooledTable",
    "PowerTable",
    "PredictionTable",
    "Provenance",
    "ReferenceTable",
    "ResultTable",
    "ScoreTable",
    "SelectionTable",
    "SubgroupTable",
    "UpliftTable",
    "read_differential",
]
