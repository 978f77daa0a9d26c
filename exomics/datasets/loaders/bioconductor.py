"""R objects without R: ExpressionSet, SummarizedExperiment, MultiAssayExperiment, matrices and lists of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd
from anndata import AnnData
from mudata import MuData

from exomics.datasets.loaders._assemble import Expression, assemble, names_or_empty, only_file, scale_from_options
from exomics.datasets.loaders._modalities import by_subject
from exomics.datasets.loaders._r_containers import SUPPORTED, Experiment, MultiExperiment, read_r_object
from exomics.datasets.loaders._r_values import LabeledMatrix
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS, as_mapping, contract_samples
from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

FEATURE_TYPE_OF: Final[Mapping[str, str]] = {
    "rna": "gene",
    "smallrna": "mirna",
    "protein": "protein",
    "phospho": "site",
    "acetyl": "site",
    "metabolite": "metabolite",
    "flow": "cell_type",
    "copy_number": "gene",
    "mutation": "gene",
    "phenotype": "measurement",
}
_OPTIONS: Final[Mapping[str, Any]] = {
    "object": None,
    "assay_name": None,
    "matrix": None,
    "samples": None,
    "assay": "rna",
    "scale": None,
    "feature_name": None,
    "modalities": {},
    **SAMPLE_OPTIONS,
}


def load_bioconductor(files: Mapping[str, Path], manifest: Manifest) -> AnnData | MuData:
    """An R object of a known class as AnnData, or MuData for a MultiAssayExperiment.

    Parameters
    ----------
    files
        Role ``data``: an ``.rda``, ``.RData`` or ``.rds``.
    manifest
        Options: ``object`` (name in the file, when it holds several); ``assay_name`` (which matrix of the container,
        default the first); ``matrix`` and ``samples`` (elements of a plain list); ``assay`` (default ``rna``);
        ``scale`` ({kind, quantity, offset}, or ``kind:quantity:offset``); ``feature_name`` (column with names,
        default the feature id); ``modalities`` (per experiment of a MultiAssayExperiment: ``name``, ``assay``,
        ``scale``); and the sample options ``columns``, ``values``, ``constants``, ``endpoints``, ``study``.

    Returns
    -------
    AnnData or MuData
        Samples x features, values exactly as in R. Without ``scale`` the scale stays undeclared and what needs one
        refuses: it is never guessed from the values. The modalities of a MuData are aligned on ``subject_id`` by the
        object's own sample map.

    Raises
    ------
    InputError
        If the file is damaged, holds several objects and none is named, or an object of a class that is not
        supported, which is named.
    """
    path = only_file(files, "data")
    options = {**_OPTIONS, **manifest.options}
    name, found = read_r_object(path, options["object"])
    if isinstance(found, MultiExperiment):
        return _multi(found, options, manifest, path=path)
    return _single(_as_experiment(found, options, f"{path}: {name}"), options, manifest, where=f"{path}: {name}")


def _as_experiment(found: Any, options: Mapping[str, Any], where: str) -> Experiment:
    samples = None
    if isinstance(found, dict):
        wanted = options["matrix"] or next((key for key, item in found.items() if isinstance(item, LabeledMatrix)), "")
        samples = found.get(options["samples"] or "")
        found = found.get(wanted)
    if isinstance(found, pd.DataFrame):
        found = _numeric(found, where)
    if isinstance(found, LabeledMatrix):
        n_features, n_samples = found.values.shape
        features = pd.DataFrame(index=pd.Index(found.row_names or map(str, range(1, n_features + 1))))
        columns = pd.Index(found.column_names or map(str, range(1, n_samples + 1)))
        return Experiment({"matrix": found}, features, _rows(samples, columns, where), "matrix")
    if not isinstance(found, Experiment):
        raise InputError(f"{where} holds no matrix; expected one of: {SUPPORTED}. Name it with `object` or `matrix`.")
    return found


def _numeric(frame: pd.DataFrame, where: str) -> LabeledMatrix:
    text = [str(name) for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    if text:
        raise InputError(
            f"{where} is a data frame whose columns {', '.join(text[:3])} hold no numbers; "
            "expected features x samples. Load a sheet with the loader `measurements`."
        )
    labels = None if isinstance(frame.index, pd.RangeIndex) else [str(label) for label in frame.index]
    return LabeledMatrix(frame.to_numpy(dtype=float, na_value=float("nan")), labels, [str(c) for c in frame.columns])


def _rows(samples: Any, columns: pd.Index, where: str) -> pd.DataFrame:
    """The rows of the samples' frame in the order of the matrix; by position only when the frame has no names."""
    if not isinstance(samples, pd.DataFrame):
        return pd.DataFrame(index=columns)
    if isinstance(samples.index, pd.RangeIndex):
        if len(samples) != len(columns):
            raise InputError(f"{where}: the samples' frame has {len(samples)} rows, the matrix {len(columns)} columns.")
        return samples.set_axis(columns, axis=0)
    absent = [str(label) for label in columns if label not in samples.index]
    if absent:
        raise InputError(f"{where}: {len(absent)} samples are not in the samples' frame ({', '.join(absent[:3])}).")
    return samples.loc[columns]


def _single(experiment: Experiment, options: Mapping[str, Any], manifest: Manifest, *, where: str) -> AnnData:
    name = options["assay_name"] or next(iter(experiment.assays))
    if name not in experiment.assays:
        raise InputError(f"{where} has no assay {name!r}; it has {', '.join(experiment.assays)}.")
    obs = contract_samples(
        _with_ids(experiment.samples, "samples", where), _sample_options(options, manifest), where=where
    )
    var = _with_ids(experiment.features, "features", where).copy()
    column = options["feature_name"]
    named = var[column] if column else pd.Series(var.index, index=var.index)
    added = {keys.FEATURE_NAME: names_or_empty(named), keys.FEATURE_TYPE: FEATURE_TYPE_OF.get(options["assay"], "gene")}
    var = pd.concat([pd.DataFrame(added, index=var.index), var.drop(columns=list(added), errors="ignore")], axis=1)
    report = {
        "class": experiment.class_name,
        "assay_name": name,
        "other_assays": [other for other in experiment.assays if other != name],
        "skipped_columns": [
            *experiment.samples.attrs.get("skipped", []),
            *experiment.features.attrs.get("skipped", []),
        ],
    }
    expression = Expression(experiment.assays[name].values.T, obs, var)
    scale = scale_from_options(options["scale"])
    return assemble(expression, assay=options["assay"], scale=scale, manifest=manifest, report=report)


def _with_ids(frame: pd.DataFrame, what: str, where: str) -> pd.DataFrame:
    repeated = frame.index[frame.index.duplicated()].unique()
    blank = int(sum(str(label).strip() == "" for label in frame.index))
    if len(repeated) or blank:
        raise InputError(
            f"{where}: the ids of the {what} must be present and unique; {blank} are empty, {len(repeated)} occur "
            f"more than once ({', '.join(map(str, repeated[:3]))}). Make them unique in R (make.unique) and save again."
        )
    return frame


def _sample_options(options: Mapping[str, Any], manifest: Manifest) -> dict[str, Any]:
    """What the manifest says of the whole dataset stands in as constants where the options say nothing."""
    known = {
        keys.SPECIES: manifest.species[0] if len(manifest.species) == 1 else None,
        keys.SPECIMEN: manifest.specimen[0] if len(manifest.specimen) == 1 else None,
    }
    constants = {name: word for name, word in known.items() if word}
    return {**options, "constants": {**constants, **as_mapping(options["constants"])}}


def _multi(found: MultiExperiment, options: Mapping[str, Any], manifest: Manifest, *, path: Path) -> MuData:
    """One modality per experiment; obs are the patients' columns through the sample map."""
    made: dict[str, AnnData] = {}
    for name, experiment in found.experiments.items():
        chosen = {**options, "assay": _OPTIONS["assay"], "scale": None, **options["modalities"].get(name, {})}
        owned = found.sample_map[found.sample_map["assay"].astype(str) == name].set_index("colname")
        absent = [str(label) for label in experiment.samples.index if label not in owned.index]
        if absent:
            raise InputError(
                f"{path}: {len(absent)} samples of {name} are not in the sample map ({', '.join(absent[:3])})."
            )
        primary = owned.loc[experiment.samples.index, "primary"]
        patients = found.patients.loc[primary].set_axis(experiment.samples.index, axis=0)
        samples = pd.concat([patients, experiment.samples], axis=1).assign(**{keys.SUBJECT_ID: list(primary)})
        part = Experiment(experiment.assays, experiment.features, samples, experiment.class_name)
        made[chosen.get("name", name)] = _single(part, chosen, manifest, where=f"{path}: {name}")
    return by_subject(made)


BIOCONDUCTOR = MethodSpec(
    name="bioconductor",
    kind="loader",
    title="R objects without R: ExpressionSet, (Ranged)SummarizedExperiment, MultiAssayExperiment, matrix, list",
    function=load_bioconductor,
    parameters=_OPTIONS,
)
