"""Mutation annotation format (MAF): how many variants each sample has in each gene."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys

ALTERING: Final = (
    "Missense_Mutation", "Nonsense_Mutation", "Nonstop_Mutation", "Frame_Shift_Del", "Frame_Shift_Ins", "In_Frame_Del",
    "In_Frame_Ins", "Splice_Site", "Translation_Start_Site",
)  # fmt: skip
_NEEDS: Final = ("Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification")
_PLACE: Final = ("Chromosome", "Start_Position", "Reference_Allele", "Tumor_Seq_Allele2")
_PARTICIPANT: Final = re.compile(r"TCGA-[0-9A-Z]{2}-[0-9A-Z]{4}")
_OPTIONS: Final[Mapping[str, Any]] = {"classes": "altering", "sample_id": None, **SAMPLE_OPTIONS}


def load_maf(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """Variants per sample and gene.

    Parameters
    ----------
    files
        One MAF or several (any roles but ``samples``), plain or gzipped, of all or of single tumors. Optional
        ``samples``: a sheet of all sequenced samples; those of it without a variant are rows of zeros, which a MAF
        alone cannot tell from samples that were not sequenced.
    manifest
        Options: ``classes`` (``altering`` counts variants that alter a protein, ``all`` every variant), ``sample_id``
        (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features (genes), counts. ``obs["n_variants"]`` counts every variant, ``obs["n_altering"]`` those that
        alter a protein; ``subject_id`` is the participant of a TCGA barcode when no option tells it.
        ``uns["exomics"]["report"]`` counts the variants that are left out, by class, and rows that repeat a variant.

    Raises
    ------
    InputError
        If a column is missing or no variant is left.

    Notes
    -----
    Format: https://docs.gdc.cancer.gov/Data/File_Formats/MAF_Format. Altering: missense, nonsense, nonstop, frame
    shift, in frame, splice site and translation start site.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("#version 2.4\\nHugo_Symbol\\tTumor_Sample_Barcode\\tVariant_Classification\\n"
    ...         "TP53\\tTCGA-A1-A0SB-01\\tMissense_Mutation\\nTTN\\tTCGA-A1-A0SB-01\\tSilent\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "tumors.maf"
    ...     written = path.write_text(text)
    ...     data = load_files("maf", {"data": path})
    >>> list(data.var_names), data.X.tolist(), data.obs["n_variants"].tolist(), data.obs["subject_id"].tolist()
    (['TP53'], [[1.0]], [2], ['TCGA-A1-A0SB'])
    """
    options = {**_OPTIONS, **manifest.options}
    paths = [path for role, path in files.items() if role != "samples"]
    if not paths:
        raise InputError("this loader needs at least one MAF; give data=PATH.")
    if options["classes"] not in ("altering", "all"):
        raise InputError(f"the option `classes` must be altering or all; got {options['classes']!r}.")
    variants = pd.concat([read_maf(path) for path in paths], ignore_index=True)
    listed = _listed(files, options)
    expression, report = count_variants(variants, listed, classes=options["classes"])
    obs, matched = samples_of(list(expression.obs.index), files, options, own=expression.obs)
    if obs[keys.SUBJECT_ID].isna().all():
        found = [_PARTICIPANT.match(str(label)) for label in obs.index]
        obs[keys.SUBJECT_ID] = [None if barcode is None else barcode.group() for barcode in found]
    scale = Scale(kind="counts", quantity="count")
    made = Expression(expression.values, obs, expression.var)
    return assemble(made, assay="mutation", scale=scale, manifest=manifest, report={**matched, **report})


def read_maf(path: Path) -> pd.DataFrame:
    """The variants of one MAF as text."""
    table = read_text_table(path, quoted=False, comment="#", delimiter="\t", needs=_NEEDS)
    for name in ("Tumor_Sample_Barcode", "Hugo_Symbol"):
        if table.frame[name].isna().any():
            row = int(np.flatnonzero(table.frame[name].isna())[0])
            raise InputError(f"{path}: row {row + 1} below the header has no {name}; complete it.")
    return table.frame


def count_variants(
    variants: pd.DataFrame, samples: Sequence[str], *, classes: str = "altering"
) -> tuple[Expression, dict[str, Any]]:
    """Variants per sample and gene, and what was left out.

    Parameters
    ----------
    variants
        As `read_maf` gives them.
    samples
        Samples that were sequenced, in order; further ones of the variants follow.
    classes
        ``altering`` or ``all``.

    Returns
    -------
    tuple
        Values with both frames, and the report.
    """
    place = [
        name for name in ("Chromosome", "Start_Position", "Reference_Allele", "Tumor_Seq_Allele2") if name in variants
    ]
    repeated = variants.duplicated([*_NEEDS, *place]) if len(place) == 4 else pd.Series(False, index=variants.index)
    distinct = variants[~repeated]
    altering = distinct["Variant_Classification"].isin(ALTERING)
    counted = distinct if classes == "all" else distinct[altering]
    if counted.empty:
        raise InputError(f"expected variants of the classes {', '.join(ALTERING[:3])} ...; none of {len(variants)} is.")
    order = list(dict.fromkeys([*samples, *distinct["Tumor_Sample_Barcode"]]))
    genes = sorted(set(counted["Hugo_Symbol"]))
    values = pd.crosstab(counted["Tumor_Sample_Barcode"], counted["Hugo_Symbol"])
    values = values.reindex(index=order, columns=genes, fill_value=0)
    of_sample = distinct["Tumor_Sample_Barcode"]
    obs = pd.DataFrame(
        {
            "n_variants": of_sample.value_counts().reindex(order, fill_value=0),
            "n_altering": of_sample[altering].value_counts().reindex(order, fill_value=0),
        },
        index=pd.Index(order, dtype=object),
    )
    var = pd.DataFrame({keys.FEATURE_NAME: genes, keys.FEATURE_TYPE: "gene"}, index=pd.Index(genes, dtype=object))
    left_out = distinct["Variant_Classification"][~distinct.index.isin(counted.index)].value_counts()
    report = {
        "variants": len(variants),
        "variants_repeated": int(repeated.sum()),
        "variants_left_out": {str(name): int(count) for name, count in left_out.items()},
        "samples_without_variants": [name for name in samples if obs.loc[name, "n_variants"] == 0],
    }
    return Expression(values.to_numpy(dtype=float), obs, var), report


def _listed(files: Mapping[str, Path], options: Mapping[str, Any]) -> list[str]:
    if "samples" not in files:
        return []
    frame = read_text_table(files["samples"]).frame
    column = options["sample_id"] or str(frame.columns[0])
    if column not in frame:
        raise InputError(f"{files['samples']} has no column {column!r}; it has {', '.join(frame.columns)}.")
    return [str(label) for label in frame[column].dropna()]


MAF = MethodSpec(
    name="maf",
    kind="loader",
    title="Mutations (MAF): variants per sample and gene",
    function=load_maf,
    input_scale=("counts",),
    feature_types=("gene",),
    parameters=_OPTIONS,
)
