"""FragPipe: the combined tables of modification sites."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import number_option, only_file
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._protein_groups import (
    ProteinGroups,
    chosen_quantity,
    flags_of,
    gene_names,
    protein_groups,
    words,
)
from exomics.datasets.loaders._text_table import TextTable, read_text_table
from exomics.datasets.loaders.fragpipe import MISSING, OPTIONS, QUANTITIES, quantity_columns
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_BEST: Final = "Best Localization Probability"
_OPTIONS: Final[Mapping[str, Any]] = {**OPTIONS, "assay": None, "min_localization": 0.75}
_MASSES: Final = {"79.966": "phospho", "42.010": "acetyl", "114.04": "ubiquitin"}


def load_fragpipe_sites(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Modification sites of FragPipe, with the probability that each is where it is said to be.

    Parameters
    ----------
    files
        Role ``sites``: ``combined_site_STY_79.9663.tsv``, ``combined_site_K_42.0106.tsv``. Optional ``samples``: a
        sheet.
    manifest
        Options: ``assay`` (``phospho``, ``acetyl``, ``ubiquitin``; else by the mass in the file's name),
        ``min_localization`` (a site below it is flagged, default 0.75, class I), ``quantity`` (``MaxLFQ Intensity``,
        ``Intensity``; else the first that is there), ``flagged``, ``sample_id``, and the sample options.

    Returns
    -------
    AnnData
        Samples x features: sites by ``Index`` (``<protein>_<residue><position>``), linear intensities, 0 as missing.
        ``var["localization_probability"]`` and ``var["is_localized"]``; layer ``localization_probability`` where
        samples have their own.

    Raises
    ------
    InputError
        If a needed column is missing, the modification is not told, a site occurs twice, or a value is no number.

    Notes
    -----
    Written by IonQuant (Yu et al. 2021, doi:10.1016/j.mcpro.2021.100077). Localization classes: Olsen et al. 2006,
    doi:10.1016/j.cell.2006.09.026.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("Index\\tGene\\tProtein\\tProtein ID\\tBest Localization Probability\\ta Intensity\\n"
    ...         "P1_S22\\tHPX\\tsp|P1|X\\tP1\\t0.6\\t8\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "combined_site_STY_79.9663.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("fragpipe_sites", {"sites": path})
    >>> list(data.var_names), data.var["is_localized"].tolist(), data.uns["exomics"]["assay"]
    (['P1_S22'], [False], 'phospho')
    """
    path = only_file(files, "sites")
    options = {**_OPTIONS, **manifest.options}
    table = read_text_table(path, quoted=False, delimiter="\t", missing=MISSING, needs=("Index", "Protein", _BEST))
    available = {quantity: quantity_columns(table, quantity) for quantity in QUANTITIES}
    quantity = chosen_quantity(options["quantity"], available, path)
    probability = number_columns(table.frame, [_BEST], path)[0][:, 0]
    per_sample = {sample: f"{sample} Localization Probability" for sample in available[quantity]}
    located = table.frame.assign(
        **{keys.LOCALIZATION: probability, "is_localized": probability >= number_option(options, "min_localization")}
    )
    groups = ProteinGroups(
        table=TextTable(path, located, table.comments, table.format),
        identifiers=words(table.frame["Index"]),
        names=gene_names(table.frame, "Gene"),
        columns=available[quantity],
        flags=flags_of(table.frame, ["Protein"], marked={}),
        quantity=quantity,
        feature_type="site",
        assay=options["assay"] or _modification(path),
        layers={keys.LOCALIZATION: per_sample} if set(per_sample.values()) <= set(table.frame.columns) else {},
    )
    return protein_groups(groups, files, options, manifest)


def _modification(path: Path) -> str:
    """The modification whose mass is in the file's name."""
    found = next((assay for mass, assay in _MASSES.items() if f"_{mass}" in path.name), None)
    if found is None:
        raise InputError(
            f"{path}: expected the mass of the modification in the file's name (combined_site_STY_79.9663.tsv); give "
            f"the option `assay`: {', '.join(_MASSES.values())}."
        )
    return found


FRAGPIPE_SITES = MethodSpec(
    name="fragpipe_sites",
    kind="loader",
    title="FragPipe combined modification sites with localization probabilities",
    function=load_fragpipe_sites,
    reference="10.1016/j.mcpro.2021.100077",
    input_scale=("linear",),
    feature_types=("site",),
    parameters=_OPTIONS,
    evidence="format-only",
)
