"""A cBioPortal study folder: its profiles as modalities, its samples with their patients' outcomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics.datasets.loaders._assemble import Expression, assemble, only_file, scale_from_options
from exomics.datasets.loaders._cbioportal_files import Study, read_study
from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from exomics.datasets.loaders._modalities import by_subject
from exomics.datasets.loaders._numbers import number_columns
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, as_mapping, contract_samples
from exomics.datasets.loaders._text_table import read_text_table
from exomics.datasets.loaders.bioconductor import FEATURE_TYPE_OF
from exomics.datasets.loaders.maf import count_variants, read_maf
from exomics.datasets.loaders.tables import numbers_where_all
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_OPTIONS: Final[Mapping[str, Any]] = {"profiles": "", "scales": {}, "species": "human", **SAMPLE_OPTIONS}
_Profile = tuple[str, str]
# kind and datatype -> assay, scale where the format defines it, what the format says of the table
_ASSAYS: Final[Mapping[_Profile, tuple[str, str | None]]] = {
    ("MRNA_EXPRESSION", "CONTINUOUS"): ("rna", None),
    ("COPY_NUMBER_ALTERATION", "DISCRETE"): ("copy_number", "linear:value"),
    ("COPY_NUMBER_ALTERATION", "DISCRETE_LONG"): ("copy_number", "linear:value"),
    ("COPY_NUMBER_ALTERATION", "CONTINUOUS"): ("copy_number", None),
    ("COPY_NUMBER_ALTERATION", "LOG2-VALUE"): ("copy_number", "log2:ratio"),
    ("METHYLATION", "CONTINUOUS"): ("methylation", "linear:ratio"),
    ("PROTEIN_LEVEL", "LOG2-VALUE"): ("protein", "log2:ratio"),
    ("PROTEIN_LEVEL", "CONTINUOUS"): ("protein", None),
    ("MUTATION_EXTENDED", "MAF"): ("mutation", "counts:count"),
    ("GENESET_SCORE", "GSVA-SCORE"): ("phenotype", "linear:value"),
    ("GENERIC_ASSAY", "LIMIT-VALUE"): ("phenotype", "linear:value"),
}
_NO_PROFILE: Final = ("CLINICAL", "CANCER_TYPE")
_EVENT: Final = re.compile(r"([01]):|(DECEASED|PROGRESSION|PROGRESSED)|(LIVING|CENSORED)", re.IGNORECASE)


@dataclass(frozen=True)
class _Read:
    """Values with their samples and features, and what was found."""

    values: np.ndarray
    samples: list[str]
    var: pd.DataFrame
    report: dict[str, Any]


def load_cbioportal(files: Mapping[str, Path], manifest: Manifest) -> AnnData | MuData:
    """The profiles of a study folder.

    Parameters
    ----------
    files
        Role ``study``: the folder with ``meta_study.txt``, the pairs of ``meta_*`` and ``data_*``, and ``case_lists``.
    manifest
        Options: ``profiles`` (stable ids, separated by commas; default every profile that is no derived one),
        ``scales`` (stable id -> scale, ``mrna:log2:array``, where the format does not define it), ``species`` (default
        human), and the sample options.

    Returns
    -------
    AnnData or MuData
        One modality per profile, named by its stable id, aligned on the patient (``patient|sample`` when a patient has
        several samples); an AnnData when there is one. ``obs`` holds the attributes of sample and patient, overall and
        progression-free survival in months, and one column per case list. Mutations are counts of variants that alter a
        protein, and sequenced samples without one are rows of zeros. ``uns["exomics"]["report"]`` names what was
        skipped and why (z-scores and p-values are derived from another profile), rows that repeat a feature (the
        first is kept), and samples that the clinical table lacks.

    Raises
    ------
    InputError
        If the folder is no study, a wanted profile does not exist, or a value is no number.

    Notes
    -----
    Format: https://docs.cbioportal.org/file-formats. A study that breaks its own rules is read, and what breaks them is
    reported: a data file that is missing, samples without clinical data, repeated genes.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> documents = {
    ...     "meta_study.txt": "cancer_study_identifier: s",
    ...     "meta_samples.txt": ("genetic_alteration_type: CLINICAL\\ndatatype: SAMPLE_ATTRIBUTES\\n"
    ...                          "data_filename: c.txt"),
    ...     "c.txt": "PATIENT_ID\\tSAMPLE_ID\\tOS_STATUS\\tOS_MONTHS\\np1\\ts1\\t1:DECEASED\\t7.5\\n",
    ...     "meta_cna.txt": ("genetic_alteration_type: COPY_NUMBER_ALTERATION\\ndatatype: DISCRETE\\n"
    ...                      "stable_id: gistic\\ndata_filename: d.txt"),
    ...     "d.txt": "Hugo_Symbol\\tEntrez_Gene_Id\\ts1\\nTP53\\t7157\\t-2\\n",
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = [(Path(folder) / name).write_text(text) for name, text in documents.items()]
    ...     data = load_files("cbioportal", {"study": folder})
    >>> data.X.tolist(), data.obs["os_time_months"].tolist(), data.obs["os_event"].tolist()
    ([[-2.0]], [7.5], [1.0])
    """
    study = read_study(only_file(files, "study"))
    options = {**_OPTIONS, **manifest.options}
    chosen = _chosen(study, options)
    made: dict[str, AnnData] = {}
    for document in chosen:
        made[document["stable_id"]] = _modality(document, study, options, manifest=manifest)
    if len(made) == 1:
        return next(iter(made.values()))
    several = any(adata.obs[keys.SUBJECT_ID].duplicated().any() for adata in made.values())
    return by_subject(made, further=("sample",) if several else ())


def _chosen(study: Study, options: Mapping[str, Any]) -> list[dict[str, str]]:
    """The meta documents of the profiles to read; why each other one is not goes into the study's report."""
    wanted = [name.strip() for name in str(options["profiles"]).split(",") if name.strip()]
    profiles = [document for document in study.meta if document.get("genetic_alteration_type") not in _NO_PROFILE]
    known = {document["stable_id"]: document for document in profiles if "stable_id" in document}
    absent = [name for name in wanted if name not in known or _kind(known[name]) not in _ASSAYS]
    if absent:
        readable = [name for name, document in known.items() if _kind(document) in _ASSAYS]
        raise InputError(f"{study.folder} has no profile {', '.join(absent)} to read; it has {', '.join(readable)}.")
    chosen = [document for document in known.values() if _kind(document) in _ASSAYS]
    chosen = [document for document in chosen if not wanted or document["stable_id"] in wanted]
    for document in profiles:
        if document not in chosen:
            study.report["skipped"][document["meta"]] = f"{' '.join(_kind(document))}: {_why(document, wanted)}"
    if not chosen:
        raise InputError(f"{study.folder} holds no profile with values; its meta files are of other kinds.")
    return chosen


def _kind(document: Mapping[str, str]) -> _Profile:
    return document.get("genetic_alteration_type", ""), document.get("datatype", "")


def _why(document: Mapping[str, str], wanted: list[str]) -> str:
    if _kind(document) in _ASSAYS:
        return "not among the wanted profiles" if wanted else "it repeats the stable id of another, or has none"
    is_derived = document.get("datatype") in ("Z-SCORE", "P-VALUE")
    return (
        f"derived from {document.get('source_stable_id', 'another profile')}" if is_derived else "no matrix of values"
    )


def _modality(document: Mapping[str, str], study: Study, options: Mapping[str, Any], *, manifest: Manifest) -> AnnData:
    name, kind = document["stable_id"], _kind(document)
    assay, scale = _ASSAYS[kind]
    read = _READERS.get(kind[1], _wide)(study.folder / document["data_filename"], study)
    read.var.insert(0, keys.FEATURE_TYPE, FEATURE_TYPE_OF.get(assay, "gene"))
    read.var.insert(0, keys.FEATURE_NAME, list(read.var.index))
    samples, known = read.samples, set(study.samples.index)
    report = {
        **read.report,
        **study.report,
        "profile": {key: document[key] for key in ("profile_name", "profile_description") if key in document},
        "samples_not_clinical": [sample for sample in samples if sample not in known],
        "samples_without_values": int(len(known - set(samples))),
    }
    expression = Expression(read.values, _samples(study, samples, options), read.var)
    declared = scale_from_options(as_mapping(options["scales"]).get(name, scale))
    return assemble(expression, assay=assay, scale=declared, manifest=manifest, report=report)


def _samples(study: Study, samples: list[str], options: Mapping[str, Any]) -> pd.DataFrame:
    """The contract's columns, the attributes in lower case, and membership of the case lists."""
    source = study.samples.reindex(samples).rename(columns=str.lower)
    source = source.apply(lambda column: column if column.name == "patient_id" else numbers_where_all(column))
    for endpoint, (time, event) in {
        "os": (keys.OVERALL_SURVIVAL_TIME, keys.OVERALL_SURVIVAL_EVENT),
        "pfs": (keys.PROGRESSION_FREE_TIME, keys.PROGRESSION_FREE_EVENT),
    }.items():
        if {f"{endpoint}_months", f"{endpoint}_status"} <= set(source):
            months = pd.to_numeric(source.pop(f"{endpoint}_months"), errors="coerce")
            source = source.assign(**{time: months, event: [_event(word) for word in source.pop(f"{endpoint}_status")]})
    for name, listed in study.case_lists.items():
        source[f"case_list_{name}"] = source.index.isin(listed)
    columns = {keys.SUBJECT_ID: "patient_id", **as_mapping(options["columns"])}
    constants = {keys.SPECIES: options["species"], keys.SPECIMEN: "tumor", **as_mapping(options["constants"])}
    declared = {**options, "columns": columns, "constants": constants, "study": options["study"] or study.study_id}
    obs = contract_samples(source, declared, where=str(study.folder))
    known = obs[keys.SUBJECT_ID].notna()
    obs[keys.SUBJECT_ID] = obs[keys.SUBJECT_ID].astype(object).where(known, list(obs.index))  # of its own, never shared
    obs["sample"] = list(obs.index)
    return obs


def _event(word: Any) -> float:
    """1 for ``1:DECEASED``, 0 for ``0:LIVING``, NaN for what is neither."""
    found = _EVENT.match(str(word))
    if found is None:
        return np.nan
    return float(found[1]) if found[1] else float(found[2] is not None)


def _wide(path: Path, study: Study) -> _Read:
    """A table with one column per sample, its describing columns before them."""
    file = read_matrix(path, delimiter="\t", unique_rows=False)
    known, numeric = set(study.samples.index), set(file.numeric) - {"Entrez_Gene_Id"}
    samples = [name for name in file.columns if name in known or name in numeric]
    described = file.described_by([name for name in file.columns if name not in set(samples)])
    labels = list(file.row_labels)
    if "Entrez_Gene_Id" in described:
        entrez = described["Entrez_Gene_Id"].to_numpy()
        labels = [label or f"entrez:{number}" for label, number in zip(labels, entrez, strict=True)]
    described = described.set_axis(pd.Index(labels, dtype=object), axis=0)
    kept = ~described.index.duplicated()
    repeated = sorted(set(described.index[~kept]))
    report = {**file.format.report(), "rows_of_repeated_features": int((~kept).sum()), "repeated_features": repeated}
    return _Read(numbers(file, samples)[:, kept], samples, described[kept], report)


def _long(path: Path, study: Study) -> _Read:
    """A table with one row per gene and sample."""
    needs = ("Hugo_Symbol", "Sample_Id", "Value")
    frame = read_text_table(path, quoted=False, delimiter="\t", needs=needs).frame
    values, _ = number_columns(frame, ["Value"], path)
    frame = frame.assign(Value=values[:, 0])
    repeated = frame.duplicated(["Hugo_Symbol", "Sample_Id"])
    wide = frame[~repeated].pivot(index="Sample_Id", columns="Hugo_Symbol", values="Value")
    report = {"rows_of_repeated_features": int(repeated.sum())}
    var = pd.DataFrame(index=pd.Index([str(name) for name in wide.columns], dtype=object))
    return _Read(wide.to_numpy(dtype=float), [str(name) for name in wide.index], var, report)


def _mutations(path: Path, study: Study) -> _Read:
    variants = read_maf(path)
    expression, report = count_variants(variants, study.sequenced())
    var = expression.var.drop(columns=[keys.FEATURE_NAME, keys.FEATURE_TYPE])
    return _Read(expression.values, list(expression.obs.index), var, report)


_READERS: Final[Mapping[str, Callable[[Path, Study], _Read]]] = {"DISCRETE_LONG": _long, "MAF": _mutations}

CBIOPORTAL = MethodSpec(
    name="cbioportal",
    kind="loader",
    title="cBioPortal study folder: profiles, outcomes, case lists",
    function=load_cbioportal,
    reference="10.1158/2159-8290.CD-12-0095",
    parameters=_OPTIONS,
)
