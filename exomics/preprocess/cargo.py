"""Cargo of vesicles and plasma by a declared denominator: reads, spike-ins, volume, particles or protein."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from anndata import AnnData

from exomics.preprocess._by_name import positions_of
from exomics.preprocess._cargo import DENOMINATORS, SPIKES, TESTS_WHAT, amounts_per, is_possible, spike_level
from exomics.preprocess._matrix import counts_of, listed, obs_labels
from exomics.preprocess.cargo_comparison import compare_normalizers
from exomics.preprocess.normalization import with_scale
from exomics.preprocess.quality import flagged
from exomics.registry.method import MethodSpec
from exomics.schema import Scale, keys, record_step, scale_of

IS_SPIKE: Final = "is_spike_in"


def normalize_cargo(
    adata: AnnData,
    *,
    method: str = "per_ml",
    spikes: str | Sequence[str] = SPIKES,
    compare: str = "",
    control: str = "",
) -> AnnData:
    """Replace ``X`` by log2 amounts per a declared denominator.

    Parameters
    ----------
    adata
        Samples x features: counts, or quantification cycles.
    method
        ``rpm`` (reads per million; for cycles the mean of the sample), ``spike_in``, ``per_ml`` (per mL plasma),
        ``per_particle`` or ``per_ug_protein``. It is declared, never guessed: each tests another question.
    spikes
        Names of the exogenous spike-ins; those that are measured are used. All but ``rpm`` need one.
    compare
        Column of obs with two groups: the report then says whether the normalizers that can be computed disagree about
        the difference of the other group from `control`.
    control
        Of `compare`: one of the two groups.

    Returns
    -------
    AnnData
        With scale ``log2 ratio``; ``var["is_spike_in"]`` marks the spike-ins, and counts stay in
        ``layers["counts"]``. A sample whose denominator is missing is missing. The step is recorded.

    Raises
    ------
    InputError
        If the method is unknown, or a spike-in or a column of obs that it needs is absent.
    ScaleError
        If the values are neither counts nor cycles.

    Notes
    -----
    With c counts and s the summed counts of the spike-ins: ``rpm = log2((c + 0.5) / total x 1e6)``,
    ``spike_in = log2((c + 0.5) / s)``, ``per_ml = spike_in - log2(plasma_ml)``,
    ``per_particle = per_ml - log2(particles_per_ml)``, ``per_ug_protein = per_ml - log2(ev_protein_ug_per_ml)``. For
    cycles ``log2(c) = -Cq`` and s is the mean of the spike-ins. Spike-ins are added after lysis: they correct
    extraction and reverse transcription, not the yield of vesicles. Columns: ``plasma_ml``, ``particles_per_ml``,
    ``ev_protein_ug_per_ml``. Doi:10.1002/jev2.12404.

    Examples
    --------
    >>> from exomics.schema import annotate
    >>> var = pd.DataFrame({"feature_name": ["hsa-miR-29a-3p", "cel-miR-39-3p"]}, index=["a", "b"])
    >>> obs = pd.DataFrame({"plasma_ml": [1.0, 0.5]}, index=["s1", "s2"])
    >>> cycles = AnnData(np.array([[25.0, 20.0], [25.0, 20.0]]), obs=obs, var=var)
    >>> cycles = annotate(cycles, assay="qpcr", scale=Scale(kind="log2", quantity="cq"))
    >>> normalize_cargo(cycles, method="per_ml").X[:, 0].tolist()
    [-5.0, -4.0]
    """
    spiked = positions_of(adata, listed(spikes))
    amounts = amounts_per(adata, method, spiked)
    n_missing = int(np.isnan(amounts).all(axis=1).sum())
    report: dict[str, object] = {
        "tests": TESTS_WHAT[method],
        "spike_ins": [str(adata.var_names[at]) for at in spiked],
        "n_samples_without_denominator": n_missing,
    }
    if compare:
        compared = compare_normalizers(adata, column=compare, control=str(control), spikes=spikes)
        report["comparison"] = compared.sentence
    parameters = {"method": method, "compare": compare, "control": control}
    recorded = record_step(adata, "normalize_cargo", parameters, **report)
    if scale_of(adata).kind == "counts":
        recorded.layers[keys.COUNTS] = counts_of(adata).astype(np.int64)
    recorded.X = amounts
    recorded.var[IS_SPIKE] = np.isin(np.arange(adata.n_vars), spiked)
    return with_scale(recorded, Scale(kind="log2", quantity="ratio"))


def possible_normalizers(adata: AnnData, *, spikes: str | Sequence[str] = SPIKES) -> dict[str, str]:
    """The normalizers whose spike-ins and columns are there, each with what a difference in it is a difference of.

    Parameters
    ----------
    adata
        Samples x features: counts, or quantification cycles.
    spikes
        Names of the spike-ins.

    Returns
    -------
    dict
        Normalizer -> what it tests.

    Examples
    --------
    >>> var = pd.DataFrame({"feature_name": ["hsa-miR-29a-3p"]}, index=["a"])
    >>> possible_normalizers(AnnData(np.ones((1, 1)), var=var))
    {'rpm': 'composition'}
    """
    spiked = positions_of(adata, listed(spikes))
    return {name: TESTS_WHAT[name] for name in DENOMINATORS if is_possible(adata, name, spiked)}


def flag_spike_ins(adata: AnnData, *, spikes: str | Sequence[str] = SPIKES, maximum_shift: float = 1.0) -> AnnData:
    """Flag samples whose spike-ins lie far from the median of their plate: extraction or inhibition went wrong.

    Parameters
    ----------
    adata
        Samples x features: counts, or quantification cycles. The column ``plate`` of obs parts the plates, if there.
    spikes
        Names of the spike-ins.
    maximum_shift
        Cycles (log2 units of counts) beyond which a sample is flagged.

    Returns
    -------
    AnnData
        With the flag, ``obs["spike_in_shift"]`` and the step recorded.

    Raises
    ------
    InputError
        If no spike-in is measured.
    """
    spiked = positions_of(adata, listed(spikes))
    level = spike_level(adata, spiked)
    plates = obs_labels(adata, "plate") if "plate" in adata.obs.columns else np.full(adata.n_obs, "")
    medians = pd.Series(level).groupby(plates).transform("median").to_numpy()
    shift = level - medians
    is_far = ~(np.abs(shift) <= maximum_shift)
    reasons = [f"spike-in {value:+.1f} log2 from the median of its plate" for value in shift]
    found = flagged(adata, is_far, reasons, name="flag_spike_ins", parameters={"maximum_shift": maximum_shift})
    found.obs["spike_in_shift"] = shift
    return found


CARGO = (
    MethodSpec(
        name="normalize_cargo",
        kind="preprocess",
        title="log2 amounts per million reads, spike-in, mL plasma, particle or protein",
        function=normalize_cargo,
        reference="10.1002/jev2.12404",
        units="log2 ratio",
        parameters={"method": "per_ml", "spikes": SPIKES, "compare": "", "control": ""},
    ),
    MethodSpec(
        name="flag_spike_ins",
        kind="preprocess",
        title="flag samples whose spike-ins are far from the median of their plate",
        function=flag_spike_ins,
        reference="10.1016/j.ymeth.2012.09.015",
        cohort_dependent=True,
        parameters={"spikes": SPIKES, "maximum_shift": 1.0},
    ),
)
