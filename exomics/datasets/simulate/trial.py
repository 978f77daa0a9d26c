"""The embedded study as a whole, and each of its parts alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from anndata import AnnData
from numpy.typing import NDArray

from exomics._checks import FloatArray
from exomics.datasets.simulate import truth as planted
from exomics.datasets.simulate.cohort import BoolArray, Cohort, recruit
from exomics.datasets.simulate.ev_mirna import ev_counts
from exomics.datasets.simulate.muscle import muscle_counts
from exomics.datasets.simulate.naming import Names, feature_frame, gene_names, mirna_names
from exomics.datasets.simulate.outcomes import Outcomes, outcomes
from exomics.datasets.simulate.parameters import TrialParameters
from exomics.datasets.simulate.reference import ACKNOWLEDGMENT, gene_table, mirna_table
from exomics.datasets.simulate.samples import endpoint_columns, sample_frame, subject_frame
from exomics.datasets.simulate.states import States, states
from exomics.datasets.simulate.streams import stream
from exomics.datasets.simulate.truth import Truth
from exomics.datasets.simulate.tumor import effect_of_training, standardized_markers, tpm, tumor_counts, tumor_levels
from exomics.schema import Scale, annotate, keys

_COUNTS = Scale(kind="counts", quantity="count")
_TPM = Scale(kind="linear", quantity="tpm")


@dataclass(frozen=True)
class Trial:
    """A simulated trial.

    Parameters
    ----------
    muscle
        Muscle RNA counts before and after.
    ev_mirna
        Plasma EV miRNA counts before and after.
    tumor
        Tumor RNA of two biopsies: linear TPM, counts in ``layers["counts"]``, endpoints in obs.
    subjects
        One row per patient: arm, sex, age, stage, VO2peak tests (ml/kg/min), response, survival.
    truth
        What was planted.
    """

    muscle: AnnData
    ev_mirna: AnnData
    tumor: AnnData
    subjects: pd.DataFrame
    truth: Truth


class Simulation:
    """The parts of one trial, each computed when first asked for and from its own random streams."""

    def __init__(self, parameters: TrialParameters, symbols: Mapping[str, str] | None = None) -> None:
        self.parameters = parameters
        self._genes = gene_names(parameters, symbols)
        self._mirnas = mirna_names(parameters)

    @cached_property
    def _cohort(self) -> Cohort:
        return recruit(self.parameters)

    @cached_property
    def _states(self) -> States:
        return states(self.parameters, self._cohort.n_subjects)

    @cached_property
    def _tumor_levels(self) -> FloatArray:
        return tumor_levels(self.parameters, self._cohort, self._states)

    @cached_property
    def _outcomes(self) -> Outcomes:
        markers = standardized_markers(self.parameters, self._tumor_levels, self._cohort.n_subjects)
        return outcomes(self.parameters, self._cohort, self._states, markers)

    def muscle(self) -> AnnData:
        """Muscle RNA counts."""
        counts = muscle_counts(self.parameters, self._cohort)
        obs = sample_frame(self.parameters, self._cohort, specimen="muscle")
        return self._assay(counts, obs, self._genes, assay="rna", feature_type="gene")

    def ev_mirna(self) -> AnnData:
        """Plasma EV miRNA counts."""
        counts = ev_counts(self.parameters, self._cohort, self._states)
        obs = sample_frame(self.parameters, self._cohort, specimen="plasma_ev")
        data = self._assay(counts, obs, self._mirnas, assay="smallrna", feature_type="mirna")
        data.var["accession"] = mirna_table()["accession"].to_numpy()[self._mirnas.kept]
        return data

    def tumor(self) -> AnnData:
        """Tumor RNA: TPM, counts as a layer, endpoints."""
        cohort = self._cohort
        counts = tumor_counts(self.parameters, cohort, self._tumor_levels)
        obs = sample_frame(self.parameters, cohort, specimen="tumor")
        purity = planted.sample_truth(cohort, self._states)["purity"].to_numpy()
        reading = stream(self.parameters.seed, "purity").normal(0, 0.08, len(purity))
        obs["purity_estimate"] = np.clip(np.round((purity + reading) * 20) / 20, 0.05, 0.95)
        for name, values in endpoint_columns(self._outcomes).items():
            obs[name] = np.tile(values, 2)
        return self._assay(counts, obs, self._genes, assay="rna", feature_type="gene", values=tpm(counts))

    def subjects(self) -> pd.DataFrame:
        """One row per patient."""
        return subject_frame(self.parameters, self._cohort, self._outcomes)

    def truth(self) -> Truth:
        """What was planted."""
        parameters, cohort = self.parameters, self._cohort
        effect = effect_of_training(parameters, cohort, self._states)
        human = gene_table().index[self._genes.kept]
        return Truth(
            genes=planted.gene_truth(parameters, effect, self._genes, self._mirnas),
            subjects=planted.subject_truth(cohort, self._outcomes),
            samples=planted.sample_truth(cohort, self._states),
            paths=planted.path_truth(parameters),
            markers=planted.marker_truth(parameters, dict(zip(human, self._genes.names, strict=True))),
            summary=planted.summary_truth(parameters, effect, self._outcomes),
        )

    def _assay(
        self,
        counts: NDArray[np.int64],
        obs: pd.DataFrame,
        names: Names,
        *,
        assay: str,
        feature_type: str,
        values: FloatArray | None = None,
    ) -> AnnData:
        """Samples that were not lost, features of the species, and the contract's keys."""
        kept = _measured(self.parameters, self._cohort, layer=f"{obs[keys.SPECIMEN].iloc[0]}_{assay}")
        counts = counts[np.ix_(kept, names.kept)]
        matrix = counts.astype(np.float64) if values is None else values[np.ix_(kept, names.kept)]
        data = AnnData(X=matrix, obs=obs[kept], var=feature_frame(names, feature_type))
        data.layers[keys.COUNTS] = counts
        scale = _COUNTS if values is None else _TPM
        data = annotate(data, assay=assay, scale=scale, acknowledgments=[ACKNOWLEDGMENT])
        lost = {"simulated": True, "seed": self.parameters.seed, "samples_not_measured": list(obs.index[~kept])}
        data.uns[keys.EXOMICS][keys.REPORT] = json.dumps(lost, sort_keys=True)
        return data


def _measured(parameters: TrialParameters, cohort: Cohort, *, layer: str) -> BoolArray:
    """Baseline and post samples that exist: not lost in the laboratory, and no dropout after training."""
    lost = stream(parameters.seed, f"missing {layer}").random(2 * cohort.n_subjects) < parameters.missing_fraction
    lost[cohort.n_subjects :] |= cohort.dropped_out
    return ~lost


def simulate_trial(parameters: TrialParameters | None = None, *, symbols: Mapping[str, str] | None = None) -> Trial:
    """A randomized two-arm exercise trial in patients with cancer, with known truth.

    Half of the patients train before a checkpoint inhibitor, half have usual care. Muscle, plasma EVs and tumor are
    sampled before and after; VO2peak is tested twice before and once (or twice) after; response and survival follow.
    Abundance is shared among features by ``2**level``, read as negative binomial counts of a log-normal library::

        level = gene + patient + biopsy + batch + time (both arms) + training (exercise arm)

    Parameters
    ----------
    parameters
        The knobs; by default those of the embedded datasets.
    symbols
        Human symbol to the symbol of a rat; needed when ``parameters.species`` is ``rat``.

    Returns
    -------
    Trial
        Three AnnData that meet the contract, the patients, and the truth.

    Raises
    ------
    InputError
        If more effects are asked for than there are expressed features, or a rat trial has no symbol table.

    Notes
    -----
    Levels, variances, correlations and library sizes are fitted to public data (``fitted/SOURCES.md``). Each knob has
    its own random streams: trials that differ in one knob share all other draws.

    Examples
    --------
    >>> trial = simulate_trial(TrialParameters(n_per_arm=4))
    >>> trial.truth.genes.query("layer == 'muscle_rna'")["arm"].value_counts().to_dict()
    {'none': 13974, 'up': 300, 'down': 200}
    """
    simulation = Simulation(parameters or TrialParameters(), symbols)
    return Trial(
        muscle=simulation.muscle(),
        ev_mirna=simulation.ev_mirna(),
        tumor=simulation.tumor(),
        subjects=simulation.subjects(),
        truth=simulation.truth(),
    )


def truth_table(parameters: TrialParameters | None = None, *, symbols: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Everything that is planted, in long form: ``quantity, layer, entity_id, unit, value``.

    Parameters
    ----------
    parameters, symbols
        As of `simulate_trial`.

    Returns
    -------
    pandas.DataFrame
        Summary effects first, then paths, log hazard ratios, patients, samples, and every feature's log2 change.

    Examples
    --------
    >>> table = truth_table(TrialParameters(n_per_arm=4))
    >>> table.loc[table["quantity"] == "vo2peak_net_gain", "value"].item()
    2.5
    """
    return Simulation(parameters or TrialParameters(), symbols).truth().table()
