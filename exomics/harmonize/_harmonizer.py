"""What a harmonization declares beyond a `MethodSpec`: the table it reads, and what it can be told besides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from anndata import AnnData

from exomics.registry.method import MethodSpec


@dataclass(frozen=True, kw_only=True)
class Harmonizer(MethodSpec):
    """One kind of harmonization: ``function(adata, table, **options) -> (AnnData, LossReport)``.

    Parameters
    ----------
    table
        Dataset whose table is used unless another is named; "" where none is needed.
    load
        The samples and the dataset -> the table; None where none is needed.
    options
        Names of what it can be told besides.
    """

    table: str = ""
    load: Callable[[AnnData, str], Any] | None = None
    options: tuple[str, ...] = ()
