"""Any matrix of miRNAs: by name, accession or precursor, dotted as R leaves it, several loci or isomiRs per name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._mirna_accessions import names_by_accession
from exomics.datasets.loaders._mirna_names import collapse_rows, mirna_features, mirna_report
from exomics.datasets.loaders.expression_table import EXPRESSION_TABLE, load_expression_table
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys, scale_of

_OWN: Final[Mapping[str, Any]] = {"collapse": "none"}
_OPTIONS: Final[Mapping[str, Any]] = {
    **{name: value for name, value in EXPRESSION_TABLE.parameters.items() if name != "assay"},
    **_OWN,
}


def load_mirna_table(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """A matrix of miRNAs with its sample sheet; what each row names is told, and nothing is renamed in silence.

    Parameters
    ----------
    files
        As of the loader ``expression_table``: role ``matrix``, optional ``samples``. Optional ``names``: miRBase's
        GFF3, or a table with accessions and names, for rows that are accessions.
    manifest
        The options of ``expression_table`` (``scale`` must be given), and ``collapse`` of rows that share a name:
        ``none`` (default), ``sum`` for isomiRs, ``max`` for loci at which the same reads were counted.

    Returns
    -------
    AnnData
        Samples x features. ``var``: ``feature_name`` (dots of R as hyphens, accessions by name where ``names`` tells
        it), ``accession``, ``precursor``, ``arm``, ``name_form`` (mature, mature_without_arm, precursor,
        precursor_or_mature, accession, precursor_accession, merged, other), ``merged_members``. Their counts, merged
        names, and names that share reads are in ``uns["exomics"]["report"]``.

    Raises
    ------
    InputError
        As ``expression_table``; and if no row names a miRNA.
    ScaleError
        If the scale is not declared.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = "id\\ts1\\ts2\\nhsa-mir-1-1_hsa-miR-1-3p\\t4\\t0\\nhsa-mir-1-2_hsa-miR-1-3p\\t4\\t0\\n"
    >>> options = {"scale": "counts:count", "orientation": "features_in_rows", "collapse": "max"}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "mirna.tsv"
    ...     written = path.write_text(text)
    ...     data = load_files("mirna_table", {"matrix": path}, options)
    >>> data.X.tolist(), list(data.var_names), list(data.var["precursor"])
    ([[4.0], [0.0]], ['hsa-miR-1-3p'], ['hsa-mir-1-1;hsa-mir-1-2'])
    """
    options = {**_OPTIONS, **manifest.options}
    kept = {name: value for name, value in manifest.options.items() if name not in _OWN}
    matrix = {role: path for role, path in files.items() if role != "names"}
    base = load_expression_table(matrix, replace(manifest, options={**kept, "assay": "smallrna"}))
    names = names_by_accession(files["names"]) if "names" in files else {}
    var = mirna_features(list(base.var[keys.FEATURE_NAME]), names=names).set_axis(base.var_names, axis=0)
    if not (var[keys.FEATURE_TYPE] == "mirna").any():
        raise InputError(
            f"{files['matrix']}: no row names a miRNA (hsa-miR-21-5p, MIMAT0000076); the first are "
            f"{', '.join(map(str, base.var_names[:3]))}. Use the loader expression_table for other matrices."
        )
    rest = base.var.drop(columns=[name for name in base.var if name in var])
    whole = Expression(np.asarray(base.X), base.obs, pd.concat([var, rest], axis=1))
    expression, collapsed = collapse_rows(whole, options["collapse"])
    report = {**json.loads(base.uns[keys.EXOMICS][keys.REPORT]), **mirna_report(var), **collapsed}
    return assemble(expression, assay="smallrna", scale=scale_of(base), manifest=manifest, report=report)


MIRNA_TABLE = MethodSpec(
    name="mirna_table",
    kind="loader",
    title="Any matrix of miRNAs: names, accessions, precursors, dotted names, isomiRs",
    function=load_mirna_table,
    input_scale=("counts", "linear", "log2"),
    feature_types=("mirna",),
    parameters=_OPTIONS,
)
