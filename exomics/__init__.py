"""exomics: biomarker discovery in exercise oncology.

Sub-packages load on first use, so that ``import exomics`` and the command line stay quick.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from exomics._version import __version__

_SUBPACKAGES = (
    "datasets",
    "differential",
    "enrichment",
    "errors",
    "harmonize",
    "plotting",
    "preprocess",
    "publish",
    "registry",
    "response",
    "results",
    "schema",
    "scoring",
    "stats",
    "stratify",
    "validation",
)

__all__ = ["__version__"]


def __getattr__(name: str) -> ModuleType:
    if name in _SUBPACKAGES:
        return importlib.import_module(f"exomics.{name}")
    raise AttributeError(f"module 'exomics' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_SUBPACKAGES])
