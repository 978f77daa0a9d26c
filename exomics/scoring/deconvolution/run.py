"""deconvolve: cell types in samples, with scale, reference, coverage and unit accounted for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.errors import InputError, LayerError
from exomics.harmonize import AliasTable
from exomics.registry.cell_reference import CellReference
from exomics.results.deconvolution import DeconvolutionTable
from exomics.results.provenance import Provenance
from exomics.schema import keys, layer_of, metadata, steps_of
from exomics.scoring._deconvolution import Deconvolution, Prepared
from exomics.scoring._species import species_of
from exomics.scoring.deconvolution._alignment import Aligned, align
from exomics.scoring.deconvolution._intervals import percentile_interval
from exomics.scoring.deconvolution._methods import Deconvolutions
from exomics.scoring.features import FLAT, measured_features

_TRANSCRIPTOMES = ("_rna", "_scrna")
_FLOOR = "least_coverage"


def deconvolve(
    adata: AnnData,
    *,
    method: str,
    reference: CellReference | None = None,
    cell_types: Sequence[str] = (),
    parameters: Mapping[str, Any] | None = None,
    resampling: tuple[int, int] = (0, 1),
    aliases: AliasTable | None = None,
) -> DeconvolutionTable:
    """Estimate cell types in every sample.

    Parameters
    ----------
    adata
        Samples x features with a declared scale, one specimen.
    method
        Name of one of `exomics.scoring.deconvolution.Deconvolutions`.
    reference
        From `exomics.registry.cell_reference.read_cell_reference`; ``mcp_counter`` and ``lineage`` bring their own.
    cell_types
        Types of the reference to estimate, in its own words; all if empty.
    parameters
        Of the kernel; and ``least_coverage``, the fraction of the features of a type that must be measured in a sample.
    resampling
        Resamples of the features for 95% intervals, and their seed; 0 resamples for none.
    aliases
        Table of symbols by which a feature of the reference is found under another spelling.

    Returns
    -------
    DeconvolutionTable
        One row per sample and cell type, named by the lineage tree where it knows the type. A type below the floor of
        measured features is NaN with the status ``below_floor`` or ``not_measured``; so is every type of a sample whose
        measured features all have one value, with ``qc_fail``.

    Raises
    ------
    RegistryError
        If there is no such method.
    LayerError
        If the samples are no transcriptomes.
    ScaleError
        If the scale is not declared or not one the method accepts, or the values contradict it.
    InputError
        If the reference lacks a part, names genes of another species or shares no feature with the samples, the method
        has no such parameter, or the shipped markers, which are human, are asked of another species.

    Notes
    -----
    Methods on ``linear`` values scale each sample to a million over its named features. Features are handed over in the
    order of their names, so the order of ``X`` never matters. Source of each estimate: the reference of its method.

    Examples
    --------
    >>> from exomics.schema import Scale, annotate
    >>> names = ["CD8B", "CD3D", "CD28", "CD3G", "CD5", "CD6", "CTLA4", "ICOS", "MAL"]
    >>> obs = pd.DataFrame({"specimen": ["tumor"], "species": ["human"]}, index=["s1"])
    >>> tumor = AnnData(np.arange(9.0)[None, :], obs=obs, var=pd.DataFrame({"feature_name": names}, index=names))
    >>> tumor = annotate(tumor, assay="rna", scale=Scale(kind="log2", quantity="tpm", offset=1.0))
    >>> found = deconvolve(tumor, method="mcp_counter").frame.set_index("cell_type")
    >>> found.loc[["T cell", "T cell CD8+", "NK cell"], ["value", "status"]].to_numpy().tolist()
    [[4.5, 'ok'], [0.0, 'ok'], [nan, 'not_measured']]
    """
    spec = cast(Deconvolution, Deconvolutions[method])
    _require_transcriptome(adata)
    given = _checked(spec, reference or CellReference({}))
    species = _require_species(adata, spec, reference)
    specimen = layer_of(adata).rpartition("_")[0]
    options = _options(spec, parameters or {}, (species, specimen))
    floor = float(options.pop(_FLOOR))
    features = measured_features(adata, keys.FEATURE_NAME)
    given = (given.only(cell_types) if cell_types else given).in_names_of(features.names)
    prepared = spec.prepare(given)
    aligned = align(adata, features, (prepared, spec), aliases=aliases)

    def estimate(rows: NDArray[np.int64]) -> FloatArray:
        by_feature = {name: part[rows] for name, part in aligned.feature_parts.items()}
        given = {**prepared.parts, **by_feature, **options}
        return np.asarray(spec.function(aligned.values[:, rows], aligned.profiles[rows], **given))

    found = estimate(np.arange(len(aligned.profiles)))
    low, high = np.full(found.shape, np.nan), np.full(found.shape, np.nan)
    n_resamples, seed = resampling
    if n_resamples:
        if not spec.resamples:
            raise InputError(f"{method} looks at all genes together; it has no interval by resampling of features.")
        generator = np.random.default_rng(seed)
        low, high = percentile_interval(estimate, aligned.profiles, n_resamples=n_resamples, generator=generator)
    frame = _frame(adata, (prepared, spec, floor), (found, low, high), aligned)
    told = {"options": {**options, _FLOOR: floor, "resampling": list(resampling)}, keys.SPECIMEN: specimen}
    provenance = _provenance(adata, spec, given, told, notes=prepared.notes + aligned.notes)
    return DeconvolutionTable(frame, provenance)


def _require_transcriptome(adata: AnnData) -> None:
    layer = layer_of(adata)
    if not layer.endswith(_TRANSCRIPTOMES):
        raise LayerError(
            f"cell types are estimated from RNA ({', '.join(_TRANSCRIPTOMES)}); these samples are {layer}."
        )


def _require_species(adata: AnnData, spec: Deconvolution, reference: CellReference | None) -> str:
    """The species of the samples, if it is that of the reference where its genes tell."""
    species = species_of(adata)
    named = reference.species if reference else "human"
    if named and named != species:
        what = "features of the reference" if reference else f"markers that {spec.name} brings"
        give = "Give" if spec.roles else "Take mcp_counter with"
        raise InputError(
            f"the {what} are {named} genes; these samples are {species}. {give} a reference of their own "
            "species (--reference): orthologs of markers mark no cell type."
        )
    return species


def _checked(spec: Deconvolution, reference: CellReference) -> CellReference:
    taken = ", ".join(spec.roles) or "nothing"
    missing = [role for role in spec.needed if role not in reference.parts]
    unknown = [role for role in reference.parts if role not in spec.roles]
    if missing or unknown:
        raise InputError(
            f"{spec.name} takes a reference of {taken}; missing: {', '.join(missing) or 'none'}; "
            f"not its own: {', '.join(unknown) or 'none'}. Give files as ROLE=FILE (--reference)."
        )
    return reference


def _options(spec: Deconvolution, given: Mapping[str, Any], of: tuple[str, str]) -> dict[str, Any]:
    """Defaults of the method for a species, a specimen that it asks for, and what is given."""
    species, specimen = of
    options = {**spec.parameters, **spec.of_species.get(species, {}), _FLOOR: spec.least_coverage}
    unknown = [name for name in given if name not in options]
    if unknown:
        raise InputError(f"{spec.name} has no parameter {unknown[0]!r}; its parameters: {', '.join(options)}.")
    options |= given
    if options.get(keys.SPECIMEN) == "":
        options[keys.SPECIMEN] = specimen
    if not isinstance(options[_FLOOR], int | float) or not 0 <= options[_FLOOR] <= 1:
        raise InputError(f"{_FLOOR} must be a fraction between 0 and 1; got {options[_FLOOR]!r}.")
    return options


def _frame(
    adata: AnnData,
    how: tuple[Prepared, Deconvolution, float],
    results: tuple[FloatArray, FloatArray, FloatArray],
    aligned: Aligned,
) -> pd.DataFrame:
    (prepared, spec, floor), (found, low, high), coverage = how, results, aligned.coverage
    n_samples, n_types = found.shape
    if coverage.shape[1] != n_types:  # one fit for all types: what is measured counts for all of them
        coverage = np.repeat(coverage.mean(axis=1, keepdims=True), n_types, axis=1)
    status = np.where(coverage == 0, "not_measured", np.where(coverage < floor, "below_floor", "ok"))
    status = np.where((status == "ok") & np.isnan(found), "below_floor", status)
    status = np.where(aligned.is_flat[:, None], "qc_fail", status)
    own = np.array(prepared.cell_types, dtype=object)
    named = np.array([spec.cell_types.get(name, name) for name in own], dtype=object)
    note = [
        [FLAT if is_flat else _note(spec, name, share) for name, share in zip(own, row, strict=True)]
        for row, is_flat in zip(coverage, aligned.is_flat, strict=True)
    ]

    def kept(values: FloatArray) -> FloatArray:
        return np.where(status == "ok", values, np.nan).ravel()

    labels = {name: np.repeat(values, n_types) for name, values in _labels(adata).items()}
    return pd.DataFrame(
        {
            **labels,
            "cell_type": np.tile(named, n_samples),
            "method": spec.name,
            "value": kept(found),
            "ci_low": kept(low),
            "ci_high": kept(high),
            "unit": spec.unit,
            "status": status.ravel(),
            "note": [text for row in note for text in row],
        }
    )


def _note(spec: Deconvolution, name: str, coverage: float) -> str:
    called = f"called {name}" if spec.cell_types.get(name, name) != name else ""
    short = f"{coverage:.0%} of its features measured" if coverage < 1 else ""
    return "; ".join(part for part in (called, short) if part)


def _labels(adata: AnnData) -> dict[str, NDArray[Any]]:
    found = {keys.SAMPLE_ID: adata.obs_names.astype(str).to_numpy(dtype=object)}
    for column in (keys.SUBJECT_ID, keys.TIME_POINT):
        known = adata.obs[column] if column in adata.obs.columns else pd.Series("", index=adata.obs.index)
        found[column] = known.astype(object).where(known.notna(), "").astype(str).to_numpy(dtype=object)
    return found


def _provenance(
    adata: AnnData,
    spec: Deconvolution,
    reference: CellReference,
    parameters: Mapping[str, Any],
    *,
    notes: tuple[str, ...],
) -> Provenance:
    known = metadata(adata)
    n_resamples, seed = parameters["options"]["resampling"]
    dataset = {"name": str(known.get(keys.MANIFEST) or "samples")}
    if known.get(keys.MANIFEST):
        dataset |= {"manifest": str(known[keys.MANIFEST]), "sha256": str(known.get(keys.MANIFEST_SHA256, ""))}
    comparable = " and ".join(word.replace("_", " ") for word in spec.compares)
    scope = "of this run only: other samples change the values" if spec.cohort_dependent else "of one pipeline"
    return Provenance(
        method=spec.name,
        parameters={
            **parameters,
            "reference": spec.reference,
            "unit": spec.unit,
            "compares": list(spec.compares),
            "cohort_dependent": spec.cohort_dependent,
            "scale": dict(known[keys.SCALE]),
            "steps": steps_of(adata),
        },
        inputs=(dataset, *reference.inputs),
        seed=int(seed) if n_resamples else None,
        notes=(f"{spec.name}: {spec.units}; compare between {comparable}, {scope}", *notes),
        acknowledgments=tuple(map(str, known.get(keys.ACKNOWLEDGMENTS, ()))),
    )
