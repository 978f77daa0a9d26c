"""MaxQuant: ``proteinGroups.txt``, and the tables of modification sites."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import number_option, only_file
from exomics.datasets.loaders._numbers import number_columns
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
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec

QUANTITIES: Final = ("LFQ intensity", "Reporter intensity corrected", "Intensity", "iBAQ", "Reporter intensity")
_MARKED: Final = {
    "is_contaminant": "Potential contaminant",
    "is_reverse": "Reverse",
    "is_only_by_site": "Only identified by site",
}
_SITE_OPTIONS: Final[Mapping[str, Any]] = {**PROTEIN_OPTIONS, "assay": None, "min_localization": 0.75}
_MISSING: Final = ("", "NaN", "NA")
_MODIFICATIONS: Final = {"Phospho": "phospho", "Acetyl": "acetyl"}


def load_maxquant(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Protein groups of MaxQuant.

    Parameters
    ----------
    files
        Role ``proteins``: ``proteinGroups.txt``. Optional ``samples``: a sheet.
    manifest
        Options: ``quantity`` (``LFQ intensity``, ``Reporter intensity corrected``, ``Intensity``, ``iBAQ``; else the
        first that is there), ``flagged`` (``keep`` or ``drop`` contaminants, decoys and proteins identified by a site
        only), ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features: protein groups by their ids, linear intensities; 0 means not quantified and becomes missing.
        ``var`` holds ``is_contaminant``, ``is_reverse``, ``is_only_by_site`` and the columns that are no sample's;
        ``feature_name`` the gene names, of the table or of the FASTA headers. Numbers of all of them, and of the zeros,
        are in ``uns["exomics"]["report"]``. Layer ``ms_ms_count`` where the table has it.

    Raises
    ------
    InputError
        If the table has no protein ids or no such quantity, an id occurs twice, or a value is no number.

    Notes
    -----
    Format: Cox and Mann 2008, doi:10.1038/nbt.1511; LFQ: doi:10.1074/mcp.M113.031591.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "Protein IDs\\tGene names\\tIntensity a\\tIntensity b\\tReverse\\nP1\\tHPX\\t10\\t0\\t\\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "proteinGroups.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("maxquant", {"proteins": path})
    >>> data.X.tolist(), list(data.obs_names), data.var["feature_name"].tolist()
    ([[10.0], [nan]], ['a', 'b'], ['HPX'])
    """
    path = only_file(files, "proteins")
    options = {**PROTEIN_OPTIONS, **manifest.options}
    table = read_text_table(
        path, quoted=False, delimiter="\t", missing=_MISSING, needs=("Protein IDs",), mend=("short_rows",)
    )
    columns, quantity = _quantity(table, options["quantity"])
    counted = {sample: f"MS/MS count {sample}" for sample in columns}
    groups = ProteinGroups(
        table=table,
        identifiers=words(table.frame["Protein IDs"]),
        names=gene_names(table.frame, "Gene names", "Fasta headers"),
        columns=columns,
        flags=flags_of(table.frame, ["Protein IDs"], marked=_MARKED),
        quantity=quantity,
        layers={"ms_ms_count": counted} if set(counted.values()) <= set(table.frame.columns) else {},
    )
    return protein_groups(groups, files, options, manifest)


def _quantity(table: TextTable, wanted: str | None) -> tuple[dict[str, str], str]:
    """Sample to column of the quantity, and its name; a site's columns per multiplicity are left aside."""
    available: dict[str, dict[str, str]] = {}
    for quantity in QUANTITIES:
        start = f"{quantity} "
        found = [name for name in table.frame.columns if name.startswith(start) and not re.search(r"___\d$", name)]
        longer = tuple(f"{other} " for other in QUANTITIES if other.startswith(start))
        available[quantity] = {
            name.removeprefix(start): name for name in found if not (longer and name.startswith(longer))
        }
    quantity = chosen_quantity(wanted, available, table.path)
    return available[quantity], quantity


def load_maxquant_sites(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Modification sites of MaxQuant, with the probability that each is where it is said to be.

    Parameters
    ----------
    files
        Role ``sites``: ``Phospho (STY)Sites.txt``, ``Acetyl (K)Sites.txt``. Optional ``samples``: a sheet.
    manifest
        Options: ``assay`` (``phospho`` or ``acetyl``; else by the column ``Number of Phospho (STY)``),
        ``min_localization`` (a site below it is flagged, default 0.75, class I), ``quantity``, ``flagged``,
        ``sample_id``, and the sample options.

    Returns
    -------
    AnnData
        Samples x features: sites called ``<protein>_<residue><position>`` (a repeated one by its MaxQuant id behind
        ``#``), linear intensities summed over multiplicities, 0 as missing. ``var["localization_probability"]`` and
        ``var["is_localized"]``; layer ``localization_probability`` where samples have their own.

    Raises
    ------
    InputError
        If a needed column is missing, the modification is not told, or a value is no number.

    Notes
    -----
    Localization classes: Olsen et al. 2006, doi:10.1016/j.cell.2006.09.026.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("Protein\\tAmino acid\\tPosition\\tLocalization prob\\tNumber of Phospho (STY)\\tIntensity a\\tid\\n"
    ...         "P1\\tS\\t22\\t0.6\\t1\\t8\\t0\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "Phospho (STY)Sites.txt"
    ...     written = path.write_text(text)
    ...     data = load_files("maxquant_sites", {"sites": path})
    >>> list(data.var_names), data.var["is_localized"].tolist(), data.uns["exomics"]["assay"]
    (['P1_S22'], [False], 'phospho')
    """
    path = only_file(files, "sites")
    options = {**_SITE_OPTIONS, **manifest.options}
    needs = ("Protein", "Amino acid", "Position", "Localization prob", "id")
    table = read_text_table(path, quoted=False, delimiter="\t", missing=_MISSING, needs=needs, mend=("short_rows",))
    columns, quantity = _quantity(table, options["quantity"])
    probability = number_columns(table.frame, ["Localization prob"], path)[0][:, 0]
    per_sample = {sample: f"Localization prob {sample}" for sample in columns}
    flags = flags_of(table.frame, ["Protein"], marked=_MARKED)
    located = table.frame.assign(
        localization_probability=probability, is_localized=probability >= number_option(options, "min_localization")
    )
    groups = ProteinGroups(
        table=TextTable(path, located, table.comments, table.format),
        identifiers=_sites(table.frame),
        names=gene_names(table.frame, "Gene names", "Fasta headers"),
        columns=columns,
        flags=flags,
        quantity=quantity,
        feature_type="site",
        assay=options["assay"] or _modification(table),
        layers={"localization_probability": per_sample} if set(per_sample.values()) <= set(table.frame.columns) else {},
    )
    return protein_groups(groups, files, options, manifest)


def _modification(table: TextTable) -> str:
    names = [str(name) for name in table.frame.columns]
    found = [assay for word, assay in _MODIFICATIONS.items() if any(f"Number of {word}" in name for name in names)]
    if len(found) != 1:
        raise InputError(
            f"{table.path}: expected a column `Number of Phospho (STY)` or `Number of Acetyl (K)` that tells the "
            "modification; give the option `assay`: phospho or acetyl."
        )
    return found[0]


def _sites(frame: pd.DataFrame) -> list[str]:
    """Protein, residue and position; a site that occurs twice gets its id as well."""
    filled = frame[["Protein", "Amino acid", "Position"]]
    plain = filled["Protein"].astype(str) + "_" + filled["Amino acid"].astype(str) + filled["Position"].astype(str)
    labels = np.where(plain.duplicated(keep=False), plain + "#" + frame["id"].astype(str), plain)
    return ["" if missing else str(label) for label, missing in zip(labels, filled.isna().any(axis=1), strict=True)]


MAXQUANT = MethodSpec(
    name="maxquant",
    kind="loader",
    title="MaxQuant protein groups (proteinGroups.txt)",
    function=load_maxquant,
    reference="10.1038/nbt.1511",
    input_scale=("linear",),
    feature_types=("protein",),
    parameters=PROTEIN_OPTIONS,
)
MAXQUANT_SITES = MethodSpec(
    name="maxquant_sites",
    kind="loader",
    title="MaxQuant modification sites with localization probabilities",
    function=load_maxquant_sites,
    reference="10.1016/j.cell.2006.09.026",
    input_scale=("linear",),
    feature_types=("site",),
    parameters=_SITE_OPTIONS,
    evidence="format-only",
)
