"""One lineage tree of cell types: what every method's own words mean, and which types add up to which."""

from __future__ import annotations

from collections.abc import Iterator

from exomics.errors import RegistryError

__all__ = ["LINEAGE", "ancestors", "children", "nearest_measured"]

LINEAGE: dict[str, str] = {
    "immune cell": "",
    "lymphocyte": "immune cell",
    "T cell": "lymphocyte",
    "T cell CD4+": "T cell",
    "T cell CD4+ non-regulatory": "T cell CD4+",
    "T cell CD4+ naive": "T cell CD4+ non-regulatory",
    "T cell CD4+ memory": "T cell CD4+ non-regulatory",
    "T cell CD4+ central memory": "T cell CD4+ memory",
    "T cell CD4+ effector memory": "T cell CD4+ memory",
    "T cell regulatory": "T cell CD4+",
    "T cell CD8+": "T cell",
    "T cell CD8+ naive": "T cell CD8+",
    "T cell CD8+ memory": "T cell CD8+",
    "T cell CD8+ central memory": "T cell CD8+ memory",
    "T cell CD8+ effector memory": "T cell CD8+ memory",
    "T cell gamma delta": "T cell",
    "T cell gamma delta Vd2": "T cell gamma delta",
    "T cell gamma delta non-Vd2": "T cell gamma delta",
    "MAIT cell": "T cell",
    "NKT cell": "T cell",
    "B lineage": "lymphocyte",
    "B cell": "B lineage",
    "B cell naive": "B cell",
    "B cell memory": "B cell",
    "plasma cell": "B lineage",
    "NK cell": "lymphocyte",
    "myeloid cell": "immune cell",
    "monocytic lineage": "myeloid cell",
    "monocyte": "monocytic lineage",
    "monocyte classical": "monocyte",
    "monocyte non-classical": "monocyte",
    "macrophage": "monocytic lineage",
    "macrophage M1": "macrophage",
    "macrophage M2": "macrophage",
    "dendritic cell": "immune cell",
    "dendritic cell myeloid": "dendritic cell",
    "dendritic cell plasmacytoid": "dendritic cell",
    "granulocyte": "myeloid cell",
    "neutrophil": "granulocyte",
    "eosinophil": "granulocyte",
    "basophil": "granulocyte",
    "mast cell": "myeloid cell",
    "stromal cell": "",
    "fibroblast": "stromal cell",
    "endothelial cell": "stromal cell",
    "epithelial cell": "",
}
"""Cell type -> the type of which it is a part; "" for a root. Types that cut across lineages (cytotoxic lymphocytes)
are not in the tree: they add up to nothing."""


def ancestors(cell_type: str) -> tuple[str, ...]:
    """The types that `cell_type` is a part of, nearest first.

    Parameters
    ----------
    cell_type
        A name in `LINEAGE`.

    Returns
    -------
    tuple of str
        Empty for a root.

    Raises
    ------
    RegistryError
        If the tree has no such type.

    Examples
    --------
    >>> ancestors("T cell regulatory")
    ('T cell CD4+', 'T cell', 'lymphocyte', 'immune cell')
    """
    _require_known(cell_type)
    found = []
    while parent := LINEAGE[cell_type]:
        found.append(parent)
        cell_type = parent
    return tuple(found)


def children(cell_type: str) -> tuple[str, ...]:
    """The parts of a cell type, one level down.

    Parameters
    ----------
    cell_type
        A name in `LINEAGE`.

    Returns
    -------
    tuple of str
        In the order of the tree; empty for a leaf.

    Raises
    ------
    RegistryError
        If the tree has no such type.

    Examples
    --------
    >>> children("T cell CD4+")
    ('T cell CD4+ non-regulatory', 'T cell regulatory')
    """
    _require_known(cell_type)
    return tuple(name for name, parent in LINEAGE.items() if parent == cell_type)


def nearest_measured(cell_type: str, measured: set[str]) -> tuple[str, ...]:
    """The measured types that add up to a cell type: itself, or the nearest measured types on every branch below.

    Parameters
    ----------
    cell_type
        A name in `LINEAGE`.
    measured
        What a method gives.

    Returns
    -------
    tuple of str
        Empty where nothing at or below the type is measured. A branch without a measured type is left out, so a sum
        over the result is a lower bound.

    Raises
    ------
    RegistryError
        If the tree has no such type.

    Examples
    --------
    >>> nearest_measured("T cell CD4+", {"T cell regulatory", "T cell CD4+ naive", "T cell CD4+ memory", "B cell"})
    ('T cell CD4+ naive', 'T cell CD4+ memory', 'T cell regulatory')
    """
    _require_known(cell_type)
    return tuple(_below(cell_type, measured))


def _below(cell_type: str, measured: set[str]) -> Iterator[str]:
    if cell_type in measured:
        yield cell_type
        return
    for part in children(cell_type):
        yield from _below(part, measured)


def _require_known(cell_type: str) -> None:
    if cell_type not in LINEAGE:
        raise RegistryError(f"the lineage tree has no cell type {cell_type!r}; it has: {', '.join(LINEAGE)}.")
