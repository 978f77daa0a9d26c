"""A user's list of secreted genes. None is shipped: which gene is secreted is the word of the list, not ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from exomics._files import sha256_of
from exomics.errors import InputError
from exomics.registry._gene_rows import GENE_COLUMNS, column_of, listed_genes, text_rows

SPECIES = ("human", "rat", "mouse")
_COLUMNS = ("gene", "symbol", "gene_symbol", "Gene", "Gene symbol", "Gene Names (primary)", *GENE_COLUMNS)


@dataclass(frozen=True)
class Secretome:
    """Genes whose products a list calls secreted.

    Parameters
    ----------
    genes
        Symbols, each once.
    species
        Of the symbols: ``human``, ``rat`` or ``mouse``.
    source
        Name of the list, for notes and provenance.
    sha256
        Of its file; "" if it came from none.

    Raises
    ------
    InputError
        If no gene is listed, or the species is none of the three.
    """

    genes: tuple[str, ...]
    species: str = "human"
    source: str = "the secretome"
    sha256: str = ""

    def __post_init__(self) -> None:
        if not self.genes:
            raise InputError(f"{self.source} lists no gene; give one symbol per line.")
        if self.species not in SPECIES:
            raise InputError(f"the species of {self.source} must be one of {', '.join(SPECIES)}; got {self.species!r}.")


def read_secretome(path: Path | str, *, species: str = "human") -> Secretome:
    """Read a list of secreted genes.

    Parameters
    ----------
    path
        One symbol per line, or a TSV with a column ``gene``, ``symbol``, ``gene_symbol``, ``Gene`` (Human Protein
        Atlas) or ``Gene Names (primary)`` (UniProt); it may be gzip-compressed.
    species
        Of the symbols: ``human``, ``rat`` or ``mouse``.

    Returns
    -------
    Secretome
        Each symbol once, in the order of the file.

    Raises
    ------
    InputError
        If the file is missing, empty or no text, or has several columns and none of these names.

    Examples
    --------
    >>> read_secretome("none.txt")
    Traceback (most recent call last):
    exomics.errors.InputError: none.txt does not exist; give a list of secreted genes, one symbol per line.
    """
    source = Path(path)
    if not source.is_file():
        raise InputError(f"{source} does not exist; give a list of secreted genes, one symbol per line.")
    rows = text_rows(source)
    if len(rows[0]) > 1 and column_of(rows[0], _COLUMNS) is None:
        raise InputError(
            f"{source} has the columns {', '.join(rows[0][:6])}; call the one of gene symbols gene, or give one symbol "
            "per line."
        )
    return Secretome(listed_genes(rows, _COLUMNS), species, source.name, sha256_of(source))
