"""Every declared method, kind by kind, for the catalog and the citations."""

from __future__ import annotations

from collections.abc import Iterator

from exomics.datasets import Loaders
from exomics.differential import Tests
from exomics.enrichment import EnrichmentMethods
from exomics.preprocess import Preprocessors
from exomics.registry.method import MethodSpec
from exomics.scoring import Deconvolutions, Scorers
from exomics.stratify import Pipelines, Selectors


def all_methods() -> Iterator[MethodSpec]:
    """The methods of every kind, in the order of their declaration."""
    for methods in (Loaders, Preprocessors, Tests, EnrichmentMethods, Scorers, Deconvolutions, Pipelines, Selectors):
        yield from methods
