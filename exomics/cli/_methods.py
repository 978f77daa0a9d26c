"""Every declared method, kind by kind, for the catalog and the citations."""

from __future__ import annotations

from collections.abc import Iterator

from exomics.datasets import Loaders
from exomics.differential import Tests
from exomics.enrichment import EnrichmentMethods
from exomics.harmonize import Harmonizers
from exomics.preprocess import Preprocessors
from exomics.registry.method import MethodSpec
from exomics.scoring import Deconvolutions, Scorers
from exomics.stratify import Pipelines, Selectors


def all_methods() -> Iterator[MethodSpec]:
    """The methods of every kind, in the order of their declaration."""
    of_data = (Loaders, Harmonizers, Preprocessors)
    for methods in (*of_data, Tests, EnrichmentMethods, Scorers, Deconvolutions, Pipelines, Selectors):
        yield from methods
