"""Public and own data: fetch by manifest, load into AnnData or MuData that meets the contract, read and write.

``fetch`` and the manifests need no container library; everything else is imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from exomics.datasets._cache import cache_folder
from exomics.datasets.fetch import fetch

if TYPE_CHECKING:
    from exomics.datasets.loaders import Loaders, Tables
    from exomics.datasets.loaders.motrpac_physiology import join_physiology
    from exomics.datasets.loaders.motrpac_published import published_differential
    from exomics.datasets.loading import load, load_files, load_table, load_table_files
    from exomics.datasets.store import read_data, write_data

_HOMES = {
    "Loaders": "exomics.datasets.loaders",
    "Tables": "exomics.datasets.loaders",
    "join_physiology": "exomics.datasets.loaders.motrpac_physiology",
    "load": "exomics.datasets.loading",
    "load_files": "exomics.datasets.loading",
    "load_table": "exomics.datasets.loading",
    "load_table_files": "exomics.datasets.loading",
    "published_differential": "exomics.datasets.loaders.motrpac_published",
    "read_data": "exomics.datasets.store",
    "write_data": "exomics.datasets.store",
}

__all__ = [
    "Loaders",
    "Tables",
    "cache_folder",
    "fetch",
    "join_physiology",
    "load",
    "load_files",
    "load_table",
    "load_table_files",
    "published_differential",
    "read_data",
    "write_data",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'exomics.datasets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
