"""Do persons respond differently? Trained beside controls; a verdict, and probabilities where it allows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from exomics._checks import FloatArray
from exomics.errors import InputError
from exomics.registry.responder_definition import ResponderDefinition, load_responder_definition
from exomics.response._quantities import Assumed, Row, row, rows_of
from exomics.response.definition import call, require_sound
from exomics.response.endpoints import ChangeColumns, Changes, measure_changes
from exomics.results import Provenance
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.schema.words import words_of
from exomics.stats.individual_response import individual_response
from exomics.stats.reliable_change import TypicalError, change_interval, smallest_worthwhile_change, typical_error
from exomics.stats.response_variance import ResponseVariance, response_variance

__all__ = ["Response", "Threshold", "respond"]

_EVERYBODY = "all"
_ARMS = ("the trained", "the controls", "SD of the change {:.3g} trained, {:.3g} control")
FEWEST_CALLED = 20


class Threshold(NamedTuple):
    """What a worthwhile change is; one value of each.

    ``swc`` is negative where a fall is the benefit; None for the definition's share of the standard deviation before.
    ``lower_is_better`` says so for that default.
    """

    swc: float | None = None
    lower_is_better: bool = False


class Response(NamedTuple):
    """The two tables of a trial, one of each: per quantity, and per subject."""

    heterogeneity: HeterogeneityTable
    subjects: ResponseTable


def respond(
    frame: pd.DataFrame,
    columns: ChangeColumns,
    *,
    definition: str | ResponderDefinition = "posterior_80",
    typical_error: float | None = None,
    threshold: Threshold | None = None,
    within: str | None = None,
) -> Response:
    """Response heterogeneity of a trial with a control arm, and who responded where the data can tell.

    ``V = SD_trained^2 - SD_control^2`` of the changes, signed. Nobody is called unless its interval excludes 0 from
    below; then each trained person has the posterior probability of a response beyond the smallest worthwhile change.

    Parameters
    ----------
    frame
        One row per subject.
    columns
        Which column holds what.
    definition
        Id or file of a responder definition, or one that was read.
    typical_error
        Of one test, in units of the endpoint; estimated where `columns` names repeated tests.
    threshold
        The smallest worthwhile change.
    within
        Column of groups, such as sex, each of which is analyzed alone.

    Returns
    -------
    Response
        ``heterogeneity``: typical error, means, net mean, V and its root with intervals, the same beside baseline and
        moderators, proportion responding, dropout, AUC ceilings, verdict. ``subjects``: changes with intervals (from
        the typical error; from the spread of the controls where that is not known), probabilities and calls.

    Raises
    ------
    DesignError
        If there is no control arm, a subject is in both arms, or the definition is refused.
    InputError
        If a column is missing or malformed, or a number is not usable.

    Notes
    -----
    Atkinson and Batterham (2015), doi:10.1113/EP085070; Hopkins (2018), Sportscience 22, 39; Swinton et al. (2018),
    doi:10.3389/fnut.2018.00041, from whom this differs in three ways: the proportion is centered on the net mean, the
    interval of V holds its level in small arms (`exomics.stats.response_variance.variance_difference`), and negative
    variances are kept. The probabilities integrate over the uncertainty of V.

    Examples
    --------
    >>> from exomics.datasets import load_table
    >>> tests = {"before": ("vo2peak_baseline_1", "vo2peak_baseline_2"), "after": ("vo2peak_post",)}
    >>> columns = ChangeColumns(arm="arm", control="usual_care", subject="subject_id", **tests)
    >>> found = respond(load_table("embedded_subjects"), columns).heterogeneity.frame.set_index("quantity")
    >>> [round(float(value), 2) for value in found.loc["response_variance", ["estimate", "ci_low", "ci_high"]]]
    [2.05, -0.68, 5.96]
    """
    chosen = load_responder_definition(definition) if isinstance(definition, str) else definition
    require_sound(chosen)
    quantities, subjects = [], []
    for group, part in _groups(frame, within):
        changes = _measured(part, columns, group)
        assumed = _assumed(changes, chosen, typical_error, threshold or Threshold())
        variance = response_variance(changes.of(trained=True), changes.of(trained=False), level=chosen.level)
        quantities.append(_quantity_frame(changes, variance, assumed, group))
        subjects.append(_subject_frame(changes, variance, assumed, chosen, group))
    notes = tuple(f"{group}: {note}" for frame in quantities for group, note in _verdicts(frame))
    provenance = Provenance(
        method="respond",
        parameters={
            "columns": {name: value for name, value in vars(columns).items() if value},
            "definition": {"id": chosen.id, "version": chosen.version, "sha256": chosen.sha256},
            "typical_error": typical_error,
            "swc": threshold.swc if threshold else None,
            "within": within,
        },
        notes=notes,
    )
    return Response(
        HeterogeneityTable(frame=pd.concat(quantities, ignore_index=True), provenance=provenance),
        ResponseTable(frame=pd.concat(subjects, ignore_index=True), provenance=provenance),
    )


def _groups(frame: pd.DataFrame, within: str | None) -> Iterator[tuple[str, pd.DataFrame]]:
    if within is None:
        yield _EVERYBODY, frame
        return
    if within not in frame.columns:
        raise InputError(
            f"the table has no column {within!r} to split by; it has {', '.join(map(str, frame.columns))}."
        )
    if frame[within].isna().any():
        raise InputError(f"{int(frame[within].isna().sum())} subjects have no {within}; every one needs a group.")
    for group, part in frame.groupby(words_of(frame[within]), sort=True):
        yield str(group), part


def _measured(part: pd.DataFrame, columns: ChangeColumns, group: str) -> Changes:
    try:
        return measure_changes(part, columns)
    except InputError as error:
        if group == _EVERYBODY:
            raise
        raise InputError(f"{group}: {error}") from error


def _assumed(changes: Changes, definition: ResponderDefinition, given: float | None, threshold: Threshold) -> Assumed:
    """Typical error and smallest worthwhile change, given or from the data."""
    error = None
    if given is not None:
        if not 0.0 < given < np.inf:
            raise InputError(f"the typical error must be positive and finite; got {given}.")
        error = TypicalError(given, np.nan, np.nan, np.inf)
    elif changes.retests.shape[1] > 1:
        error = typical_error(changes.retests, level=definition.level)
    worthwhile, sign, note = worthwhile_change(changes.before, definition, threshold)
    return Assumed(error, worthwhile, sign, definition.level, note)


def worthwhile_change(
    before: FloatArray, definition: ResponderDefinition, threshold: Threshold
) -> tuple[float, float, str]:
    """The smallest worthwhile change in size, the sign of a benefit, and where the size is from."""
    swc, falls = threshold
    if swc is not None:
        if not np.isfinite(swc):
            raise InputError(f"the smallest worthwhile change must be a number; got {swc}.")
        if swc > 0.0 and falls:
            raise InputError(f"the smallest worthwhile change {swc} must be negative where lower is better.")
        return abs(swc), -1.0 if swc < 0.0 or falls else 1.0, "given"
    if not np.isfinite(before).any():
        raise InputError("no smallest worthwhile change is given and no baseline to take one from; give one of them.")
    fraction = definition.worthwhile_fraction
    note = f"{fraction:g} SD before, both arms; an anchored one is better"
    return smallest_worthwhile_change(before, fraction=fraction), -1.0 if falls else 1.0, note


def _quantity_frame(changes: Changes, variance: ResponseVariance, assumed: Assumed, group: str) -> pd.DataFrame:
    rows: list[Row] = [row("verdict", np.nan, note=verdict(variance)), *rows_of(changes, variance, assumed)]
    sizes = {"n_trained": len(changes.of(trained=True)), "n_control": len(changes.of(trained=False))}
    return pd.DataFrame(rows).assign(group=group, **sizes)


def verdict(variance: ResponseVariance, words: tuple[str, str, str] = _ARMS) -> str:
    """What the signed variance of the response says, in words: who varies, beside whom, and by how much."""
    who, beside, spreads = words
    told = spreads.format(*np.sqrt(variance.variances))
    if variance.estimate <= 0.0:
        return f"no evidence of response heterogeneity: {who} vary no more than {beside} ({told})"
    if variance.ci_low <= 0.0:
        return f"no evidence of response heterogeneity: the interval of the response variance includes 0 ({told})"
    return f"evidence of response heterogeneity: {who} vary more than {beside} ({told})"


def _verdicts(frame: pd.DataFrame) -> Iterator[tuple[str, str]]:
    rows = frame[frame["quantity"] == "verdict"]
    yield from zip(rows["group"], rows["note"], strict=True)


def _subject_frame(
    changes: Changes, variance: ResponseVariance, assumed: Assumed, definition: ResponderDefinition, group: str
) -> pd.DataFrame:
    trained, control = changes.trained, assumed.sign * changes.of(trained=False)
    posterior = individual_response(assumed.sign * changes.change[trained], control, threshold=assumed.threshold)
    probability = np.full(len(trained), np.nan)
    probability[trained] = posterior.probability
    enough = int(changes.measured.sum()) >= FEWEST_CALLED
    called = call(probability, definition, heterogeneous=variance.ci_low > 0.0 and enough)
    reason = "" if variance.ci_low > 0.0 else "no evidence of response heterogeneity"
    reason = reason if enough else f"fewer than {FEWEST_CALLED} subjects: nobody is called"
    notes = np.where(trained, reason, "control: no response to training to estimate")
    notes = np.where(changes.measured, notes, "no change: a test is missing")
    low, high = _change_limits(changes, variance, assumed)
    return pd.DataFrame(
        {
            "subject_id": changes.subject_id,
            "arm": changes.arm,
            "change": changes.change,
            "change_ci_low": low,
            "change_ci_high": high,
            "probability_of_response": probability,
            "call": called,
            "definition_id": definition.id,
            "note": notes if group == _EVERYBODY else [f"{group}; {note}".removesuffix("; ") for note in notes],
        }
    )


def _change_limits(changes: Changes, variance: ResponseVariance, assumed: Assumed) -> tuple[np.ndarray, np.ndarray]:
    """Limits of each change, from the typical error, or from the spread of the controls."""
    n_tests = (max(changes.n_tests[0], 1), max(changes.n_tests[1], 1))
    if assumed.error is not None:
        error = assumed.error
        return change_interval(changes.change, error.estimate, df=error.df, n_tests=n_tests, level=assumed.level)
    spread = float(np.sqrt(variance.variances[1] / 2.0))
    return change_interval(changes.change, spread, df=float(variance.df[1]), level=assumed.level)
