"""miRge3 output: the count table, whose names may stand for several miRNAs, or its reads with isomiRs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics._checks import require_counts
from exomics.datasets.loaders._assemble import Expression, assemble
from exomics.datasets.loaders._mirna_names import mirna_features, mirna_report
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders._samples import samples_of
from exomics.datasets.loaders._text_table import TextTable, read_text_table, require_labels
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import Scale

EXACT: Final = "exact miRNA"
ISOMIR: Final = "isomiR miRNA"
_TOTAL: Final = ("miRNAtotal", "miRNA total")
_OTHER: Final = (
    "Sequence", "annotFlag", "hairpin miRNA", "mature tRNA", "primary tRNA", "snoRNA", "rRNA", "ncrna others", "mRNA",
    "spike-in",
)  # fmt: skip
_SCALES: Final[Mapping[str, Scale]] = {
    "counts": Scale(kind="counts", quantity="count"),
    "rpm": Scale(kind="linear", quantity="cpm"),
    "mapped": Scale(kind="counts", quantity="count"),
}
_OPTIONS: Final[Mapping[str, Any]] = {"isomirs": "add", "sample_id": None, **SAMPLE_OPTIONS}


def load_mirge(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The miRNAs of a miRge3 run.

    Parameters
    ----------
    files
        One of the roles ``counts`` (``miR.Counts.csv``), ``rpm`` (``miR.RPM.csv``) and ``mapped`` (``mapped.csv``: one
        row per read sequence, with the miRNA it is or is an isomiR of). Optional ``samples``: a sheet.
    manifest
        Options: ``isomirs`` (of ``mapped``: ``add`` counts isomiRs with their miRNA, ``drop`` counts exact reads only),
        ``sample_id`` (column of the sheet), and the sample options.

    Returns
    -------
    AnnData
        Samples x features in the order of the file; counts, or linear RPM. A merged name
        (``hsa-miR-192-5p/215-5p``) stays one row with its members in ``var["merged_members"]``.
        ``uns["exomics"]["report"]`` says how many rows were delivered, how many miRNAs they name, how many have no read
        in any sample (miRge lists the whole database), and how many reads came from isomiRs.

    Raises
    ------
    InputError
        If not exactly one table is given, a name occurs twice, or a value is no number.

    Notes
    -----
    Format: Patil and Halushka 2021, doi:10.1093/nargab/lqab068. From ``mapped``, ``counts[s, m] = exact reads + isomiR
    reads``; miRge's own table leaves out isomiRs of a miRNA with fewer than two exact reads, so it may be lower.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "miR.Counts.csv"
    ...     written = path.write_text("miRNA,s1\\nhsa-miR-192-5p/215-5p,9\\nhsa-miR-1-3p,0\\n")
    ...     data = load_files("mirge", {"counts": path})
    >>> data.X.tolist(), data.var["merged_members"].iloc[0]
    ([[9.0, 0.0]], 'hsa-miR-192-5p;hsa-miR-215-5p')
    """
    options = {**_OPTIONS, **manifest.options}
    given = [role for role in _SCALES if role in files]
    if len(given) != 1:
        raise InputError(f"expected exactly one of the roles {', '.join(_SCALES)}; got {', '.join(files) or 'none'}.")
    role = given[0]
    path = files[role]
    table = read_text_table(path, delimiter=",")
    counts, found = _mapped(table, options["isomirs"]) if role == "mapped" else _matrix(table)
    if _SCALES[role].kind == "counts":
        require_counts(counts.to_numpy(), f"{path}: the values")
    obs, matched = samples_of(list(counts.index), files, options)
    var = mirna_features(list(counts.columns))
    silent = [str(name) for name in counts.columns[(counts == 0).all(axis=0)]]
    notes = [*table.format.notes, *found.pop("repairs")]
    report = {
        **mirna_report(var),
        **matched,
        **found,
        "n_without_read": len(silent),
        "without_read": silent[:20],
        "notes": notes,
    }
    expression = Expression(counts.to_numpy(), obs, var)
    return assemble(expression, assay="smallrna", scale=_SCALES[role], manifest=manifest, report=report)


def _matrix(table: TextTable) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Samples x miRNAs; the row of totals, which older versions write, is left out."""
    identifier, *samples = table.frame.columns
    if not samples:
        raise InputError(f"{table.path}: expected a column of miRNAs and one per sample; got one column.")
    is_total = table.frame[identifier].isin(_TOTAL)
    frame = table.frame[~is_total]
    values, notes = number_columns(frame, samples, table.path)
    labels = ["" if pd.isna(label) else str(label) for label in frame[identifier]]
    require_labels(labels, "rows", table.path)
    counts = pd.DataFrame(values.T, index=list(map(str, samples)), columns=labels)
    return counts, {"dropped_rows": list(table.frame.loc[is_total, identifier]), "repairs": notes}


def _mapped(table: TextTable, isomirs: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Reads summed by miRNA."""
    if isomirs not in ("add", "drop"):
        raise InputError(f"the option `isomirs` must be add or drop; got {isomirs!r}.")
    frame = table.frame
    absent = [name for name in (EXACT, ISOMIR) if name not in frame]
    if absent:
        raise InputError(f"{table.path}: expected the columns {EXACT} and {ISOMIR}; {', '.join(absent)} are missing.")
    samples = [name for name in frame.columns if name not in (EXACT, ISOMIR, *_OTHER)]
    values, notes = number_columns(frame, samples, table.path)
    exact, isomir = frame[EXACT].notna().to_numpy(), frame[ISOMIR].notna().to_numpy()
    names = frame[EXACT].where(exact, frame[ISOMIR])
    taken = (exact | isomir) if isomirs == "add" else exact
    summed = pd.DataFrame(values[taken], columns=samples).groupby(names[taken].to_numpy()).sum()
    report = {
        "isomirs": isomirs,
        "reads_exact": float(np.nansum(values[exact])),
        "reads_isomir": float(np.nansum(values[isomir & ~exact])),
        "reads_of_other_rna": float(np.nansum(values[~(exact | isomir)])),
        "repairs": notes,
    }
    return summed.T, report


MIRGE = MethodSpec(
    name="mirge",
    kind="loader",
    title="miRge3 counts, RPM or mapped reads with isomiRs",
    function=load_mirge,
    reference="10.1093/nargab/lqab068",
    input_scale=("counts", "linear"),
    feature_types=("mirna",),
    parameters=_OPTIONS,
    evidence="format-only",
)
