"""FragPipe: the combined table of proteins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._protein_groups import (
    PROTEIN_OPTIONS,
    ProteinGroups,
    chosen_quantity,
    flags_of,
    gene_names,
    protein_groups,
    words,
)
from exomics.datasets.loaders._text_table import TextTable, read_text_table
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

QUANTITIES: Final = (
    "MaxLFQ Intensity", "Razor Intensity", "Total Intensity", "Unique Intensity", "Intensity",
    "MaxLFQ Total Intensity", "MaxLFQ Unique Intensity", "MaxLFQ Razor Intensity",
)  # fmt: skip
OPTIONS: Final = {name: value for name, value in PROTEIN_OPTIONS.items() if name != "strip"}
MISSING: Final = ("", "NA", "NaN")


def load_fragpipe(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Proteins of FragPipe's combined table.

    Parameters
    ----------
    files
        Role ``proteins``: ``combined_protein.tsv``, of this or of an older release. Optional ``samples``: a sheet.
    manifest
        Options: ``quantity`` (``MaxLFQ Intensity``, ``Razor Intensity``, ``Total Intensity``, ``Unique Intensity``,
        ``Intensity``; else the first that is there), ``flagged`` (``keep`` or ``drop`` contaminants and decoys),
        ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features: proteins by ``Protein ID``, linear intensities; 0 means not quantified and becomes missing.

    Raises
    ------
    InputError
        If the table has no protein ids or no such quantity, an id occurs twice, or a value is no number.

    Notes
    -----
    Format: da Veiga Leprevost et al. 2020 (Philosopher), doi:10.1038/s41592-020-0912-y.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "Protein\\tProtein ID\\tGene\\ta Intensity\\ta MaxLFQ Intensity\\nsp|P1|X\\tP1\\tHPX\\t10\\t12.5\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "combined_protein.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("fragpipe", {"proteins": path})
    >>> data.X.tolist(), list(data.obs_names), data.var["feature_name"].tolist()
    ([[12.5]], ['a'], ['HPX'])
    """
    path = only_file(files, "proteins")
    options = {**OPTIONS, **manifest.options}
    table = read_text_table(path, quoted=False, delimiter="\t", missing=MISSING, needs=("Protein", "Protein ID"))
    available = {quantity: quantity_columns(table, quantity) for quantity in QUANTITIES}
    quantity = chosen_quantity(options["quantity"], available, path)
    groups = ProteinGroups(
        table=table,
        identifiers=words(table.frame["Protein ID"]),
        names=gene_names(table.frame, "Gene" if "Gene" in table.frame else "Gene Names"),
        columns=available[quantity],
        flags=flags_of(table.frame, ["Protein", "Protein ID"], marked={}),
        quantity=quantity,
    )
    return protein_groups(groups, files, options, manifest)


def quantity_columns(table: TextTable, quantity: str) -> dict[str, str]:
    """Sample to column: those that end with the quantity and with no longer name of one.

    A bare ``Razor Intensity`` is of no sample: it stands in the ``protein.tsv`` of one.
    """
    longer = tuple(f" {other}" for other in QUANTITIES if other.endswith(f" {quantity}"))
    found = [name for name in table.frame.columns if name.endswith(f" {quantity}") and name not in QUANTITIES]
    return {name.removesuffix(f" {quantity}"): name for name in found if not (longer and name.endswith(longer))}


FRAGPIPE = MethodSpec(
    name="fragpipe",
    kind="loader",
    title="FragPipe combined proteins",
    function=load_fragpipe,
    reference="10.1038/s41592-020-0912-y",
    input_scale=("linear",),
    feature_types=("protein",),
    parameters=OPTIONS,
)
