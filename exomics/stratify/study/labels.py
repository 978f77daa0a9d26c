"""Labels made from a response to training: what they may be made of, and the best AUC that they allow."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics.errors import DesignError
from exomics.response import require_no_split
from exomics.response.definition import REFUSED
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.stats.auc_ceiling import auc_ceiling

__all__ = ["Ceiling", "called_response", "require_response"]

POSITIVE, NEGATIVE = "responder", "non_responder"


class Ceiling(NamedTuple):
    """The AUC that a perfect marker could reach against labels as noisy as these; one value of each, no arrays."""

    estimate: float
    ci_low: float
    ci_high: float


def require_response(labels: pd.Series, change: pd.Series, *, arm: pd.Series | None, control: str) -> None:
    """Refuse labels of responders that are cut from the raw change, or were made without a control arm.

    Parameters
    ----------
    labels
        Two words per subject; missing where a subject has none.
    change
        After minus before, of the same subjects.
    arm
        Arm of each subject; None if there is one arm only.
    control
        The arm without training.

    Returns
    -------
    None
        Where the labels may be used.

    Raises
    ------
    DesignError
        If no subject is in the control arm, or one cut of the change gives the labels.

    Examples
    --------
    >>> labels, arm = pd.Series(["yes", "no", "yes", "no"]), pd.Series(["run", "run", "rest", "rest"])
    >>> require_response(labels, pd.Series([3.0, 1.0, 0.5, 2.0]), arm=arm, control="rest")
    """
    if arm is None or not (arm == control).any() or (arm.dropna() == control).all():
        raise DesignError(f"labels made from a change need a control arm: {REFUSED['single_arm']}.")
    known = labels.notna()
    require_no_split(labels[known].to_numpy(), change[known].to_numpy(dtype=np.float64))


def called_response(subjects: ResponseTable, heterogeneity: HeterogeneityTable) -> tuple[pd.Series, Ceiling]:
    """The calls of `exomics.response.respond` as an outcome, and its ceiling.

    Parameters
    ----------
    subjects
        One row per subject.
    heterogeneity
        Of the same trial, not split into groups.

    Returns
    -------
    tuple
        ``responder`` or ``non_responder`` by subject, missing for those who are uncertain or were not trained; and the
        AUC that the true response would have against these calls, with the limits that the interval of its standard
        deviation gives.

    Raises
    ------
    DesignError
        If nobody is called either way, or the trial was split into groups.

    Notes
    -----
    As `exomics.stats.auc_ceiling.auc_ceiling`, with the cuts at the least change of a responder and the greatest of a
    non-responder, and the spread of the controls as noise.

    Examples
    --------
    >>> from exomics.response import ChangeColumns, Threshold, respond
    >>> generator = np.random.default_rng(1)
    >>> true = np.r_[generator.normal(2, 4, 60), np.zeros(60)]
    >>> trial = pd.DataFrame({"change": true + generator.normal(size=120), "arm": ["run"] * 60 + ["rest"] * 60})
    >>> columns = ChangeColumns(arm="arm", control="rest", change="change")
    >>> found = respond(trial, columns, typical_error=0.7, threshold=Threshold(1.0))
    >>> labels, ceiling = called_response(found.subjects, found.heterogeneity)
    >>> sorted(labels.dropna().unique()), ceiling.estimate > 0.95
    (['non_responder', 'responder'], True)
    """
    frame, quantities = subjects.frame, heterogeneity.frame
    if quantities["group"].nunique() > 1:
        raise DesignError("the trial was analyzed in groups; run `exomics respond` on one of them (--keep).")
    calls = frame["call"].where(frame["call"].isin([POSITIVE, NEGATIVE]))
    if calls.nunique() < 2:
        verdict = quantities.loc[quantities["quantity"] == "verdict", "note"].iloc[0]
        raise DesignError(f"there are no two kinds of subjects to tell apart: {verdict}.")
    labels = calls.set_axis(frame["subject_id"].to_numpy(), axis=0)
    return labels, _ceiling(frame, calls, quantities.set_index("quantity"))


def _ceiling(frame: pd.DataFrame, calls: pd.Series, quantities: pd.DataFrame) -> Ceiling:
    change = frame["change"]
    trained = frame["probability_of_response"].notna()
    higher = change[calls == POSITIVE].mean() > change[calls == NEGATIVE].mean()
    toward = change if higher else -change
    noise = float(quantities.loc[["sd_change_control"], "estimate"].to_numpy(dtype=np.float64)[0])
    mean = float(toward[trained].mean())
    above, below = float(toward[calls == POSITIVE].min()), float(toward[calls == NEGATIVE].max())
    spreads = quantities.loc["response_sd", ["estimate", "ci_low", "ci_high"]].to_numpy(dtype=np.float64)
    return Ceiling(*(auc_ceiling(float(sd), noise, mean=mean, above=above, below=below) for sd in spreads))
