"""Do persons respond differently? Each of them trained in some periods and not in others: a crossover."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, t

from exomics._checks import FloatArray
from exomics.errors import DesignError, InputError
from exomics.registry.responder_definition import ResponderDefinition, load_responder_definition
from exomics.response._quantities import Assumed, Row, row, variance_rows
from exomics.response.definition import call, require_sound
from exomics.response.endpoints import FEWEST, ChangeColumns, measure_changes
from exomics.response.heterogeneity import FEWEST_CALLED, Response, Threshold, verdict, worthwhile_change
from exomics.results import Provenance
from exomics.results.response import HeterogeneityTable, ResponseTable
from exomics.schema.words import words_of
from exomics.stats.auc_ceiling import auc_ceiling
from exomics.stats.individual_response import posterior_response, posterior_share
from exomics.stats.repeated_response import cohen_kappa, crossover_response, spreads_of_crossover
from exomics.stats.response_variance import ResponseVariance

__all__ = ["respond_crossover"]

_PERIODS = ("subjects", "their own periods", "SD of the net change {:.3g}, {:.3g} from variation within subjects")


class _Crossover(NamedTuple):
    """Changes (n_subjects, n_periods) of either kind, of subjects with all periods; `before` of each first period.

    ``lost`` is the number of subjects without all periods.
    """

    subjects: list[str]
    trained: FloatArray
    control: FloatArray
    before: FloatArray
    lost: int

    @property
    def net(self) -> FloatArray:
        """Net change of each subject, (n_subjects,)."""
        return np.asarray(self.trained.mean(axis=1) - self.control.mean(axis=1))

    @property
    def one_change(self) -> float:
        """What the variance of a net change from variation within subjects has to be divided by for one change."""
        return 1.0 / self.trained.shape[1] + 1.0 / self.control.shape[1]


def respond_crossover(
    frame: pd.DataFrame,
    columns: ChangeColumns,
    *,
    period: str,
    definition: str | ResponderDefinition = "posterior_80",
    threshold: Threshold | None = None,
) -> Response:
    """Response heterogeneity of a crossover, the design that separates it from variation within persons.

    ``V = var_i(mean_trained_i - mean_control_i) - s^2 (1 / k_trained + 1 / k_control)``, signed, with ``s^2`` the
    variance of the change between periods of one kind within a person. Nobody is called unless its interval excludes 0
    from below.

    Parameters
    ----------
    frame
        One row per subject and period; two or more periods of either kind for each subject.
    columns
        Which column holds what; retests and moderators are not used.
    period
        Column that puts the periods of a subject in order.
    definition
        Id or file of a responder definition, or one that was read.
    threshold
        The smallest worthwhile change; by default the definition's share of the SD before the first period.

    Returns
    -------
    Response
        ``heterogeneity``: net mean, variation within subjects, V and its root with intervals, proportion responding,
        kappa of median splits of two trained periods, AUC ceiling, verdict. ``subjects``: the net change of each with
        its interval, probability and call.

    Raises
    ------
    DesignError
        If there is no control period, a subject has one period of a kind only, or the definition is refused.
    InputError
        If a column is missing or malformed, a period comes twice, or fewer than five subjects have all periods.

    Notes
    -----
    Senn (2016), doi:10.1002/sim.6739; Hecksteden et al. (2015), doi:10.1152/japplphysiol.00714.2014. Means of the
    first, second, ... period of either kind are removed; what one period leaves in the next (carry-over) is not.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> sheet = pd.DataFrame({"who": np.repeat(np.arange(30), 4), "period": np.tile([1, 2, 3, 4], 30)})
    >>> sheet["arm"] = np.tile(["run", "rest", "run", "rest"], 30)
    >>> response = np.repeat(rng.normal(3.0, 2.0, 30), 4)
    >>> sheet["gain"] = np.where(sheet["arm"] == "run", response, 0.0) + rng.normal(size=120)
    >>> columns = ChangeColumns(arm="arm", control="rest", change="gain", subject="who")
    >>> found = respond_crossover(sheet, columns, period="period", threshold=Threshold(1.0))
    >>> found.heterogeneity.frame["note"].iloc[0][:43]
    'evidence of response heterogeneity: subject'
    """
    chosen = load_responder_definition(definition) if isinstance(definition, str) else definition
    require_sound(chosen)
    data, given = _measured(frame, columns, period), threshold or Threshold()
    size, sign, note = worthwhile_change(data.before, chosen, given)
    assumed = Assumed(None, size, sign, chosen.level, note)
    variance = crossover_response(data.trained, data.control, level=chosen.level)
    found = verdict(variance, _PERIODS)
    rows = [row("verdict", np.nan, note=found), *_rows(data, variance, assumed)]
    n = len(data.subjects)
    told = {
        "columns": {name: value for name, value in vars(columns).items() if value},
        "period": period,
        "definition": {"id": chosen.id, "version": chosen.version, "sha256": chosen.sha256},
        "swc": given.swc,
    }
    provenance = Provenance(method="respond_crossover", parameters=told, notes=(f"all: {found}",))
    return Response(
        HeterogeneityTable(pd.DataFrame(rows).assign(group="all", n_trained=n, n_control=n), provenance),
        ResponseTable(_subject_frame(data, variance, assumed, chosen), provenance),
    )


def _measured(frame: pd.DataFrame, columns: ChangeColumns, period: str) -> _Crossover:
    """The periods of either kind in their order; of each kind as many as most subjects have."""
    long = _in_order(frame, columns, period)
    known = long.dropna(subset=["change"])
    number = known.groupby(["subject", "trained"]).cumcount()
    kinds = [
        _wide(known.assign(number=number)[known["trained"] == kind], word)
        for kind, word in ((True, "trained"), (False, "control"))
    ]
    both, n_all = sorted(set(kinds[0].index) & set(kinds[1].index)), int(long["subject"].nunique())
    if len(both) < FEWEST:
        raise InputError(f"{len(both)} of {n_all} subjects have all periods; at least {FEWEST} are needed.")
    trained, control = (kind.loc[both].to_numpy(dtype=np.float64) for kind in kinds)
    before = long.groupby("subject")["before"].first().loc[both].to_numpy(dtype=np.float64)
    return _Crossover(both, trained, control, before, n_all - len(both))


def _in_order(frame: pd.DataFrame, columns: ChangeColumns, period: str) -> pd.DataFrame:
    """One row per period: subject, whether trained, change, and the test before; in the order of the periods."""
    subject = columns.subject or ""
    absent = [name for name in (subject, period) if name not in frame.columns]
    if absent:
        raise InputError(f"a crossover needs the columns of the subject and of the period; there is no {absent[0]!r}.")
    sheet = frame.reset_index(drop=True)
    if sheet[[subject, period]].isna().any(axis=None):
        raise InputError(f"every row needs a {subject} and a {period}.")
    twice = sheet[sheet.duplicated([subject, period])]
    if len(twice):
        raise InputError(f"{twice.iloc[0][subject]} has {period} {twice.iloc[0][period]} twice; one row per period.")
    changes = measure_changes(sheet, replace(columns, subject=None, retests=(), moderators=()))
    rows = sheet.iloc[changes.subject_id.astype(np.int64)]
    told = {"change": changes.change, "before": changes.before, "trained": changes.trained}
    long = pd.DataFrame(told, index=rows.index).assign(subject=words_of(rows[subject]), period=rows[period])
    return long.sort_values("period", kind="stable")


def _wide(long: pd.DataFrame, word: str) -> pd.DataFrame:
    wide = long.pivot(index="subject", columns="number", values="change")
    n_periods = int(wide.notna().sum(axis=1).mode().iloc[-1])
    if n_periods < 2:
        raise DesignError(
            f"most subjects have one {word} period: one of each kind cannot tell a response from variation within "
            "subjects. Without repeated periods nobody is called a responder."
        )
    return wide.iloc[:, :n_periods].dropna()


def _rows(data: _Crossover, variance: ResponseVariance, assumed: Assumed) -> Iterator[Row]:
    within, df = variance.variances[1] / data.one_change, float(variance.df[1])
    tail = 0.5 - assumed.level / 2.0
    error, low, high = np.sqrt(within / 2.0 * np.array([1.0, df / chi2.isf(tail, df), df / chi2.ppf(tail, df)]))
    yield row("typical_error", error, low, high, note=f"from periods of one kind, {df:g} degrees of freedom")
    yield row("smallest_worthwhile_change", assumed.sign * assumed.threshold, note=assumed.threshold_note)
    for name, kind in (("trained", data.trained), ("control", data.control)):
        yield row(f"mean_change_{name}", float(kind.mean()))
    net, error = float(data.net.mean()), float(np.sqrt(variance.variances[0] / len(data.net)))
    half = t.isf(tail, len(data.net) - 1) * error
    p_value = 2.0 * t.sf(abs(net) / error, len(data.net) - 1)
    yield row("net_mean_change", net, net - half, net + half, p_value=p_value, note="of the same subjects, paired t")
    yield row("sd_change_trained", float(np.sqrt(variance.variances[0])), note="of the net changes")
    yield row("sd_change_control", float(np.sqrt(variance.variances[1])), note="of net changes without a response")
    yield from variance_rows("response", variance)
    spreads = spreads_of_crossover(assumed.sign * data.trained, assumed.sign * data.control)
    share = posterior_share(spreads, threshold=assumed.threshold, level=assumed.level)
    note = "beyond the smallest worthwhile change, centered on the net mean"
    none = "no estimate: subjects do not vary more than their own periods"
    yield row("proportion_responding", *share, note=note if variance.estimate > 0.0 else none)
    yield from _label_rows(data, variance)
    yield row("subjects_left_out", data.lost, note="without as many periods of either kind as most have")


def _label_rows(data: _Crossover, variance: ResponseVariance) -> Iterator[Row]:
    """How far labels from a median split go: from one trained period to the next, and at best."""
    periods = data.trained[:, :2]
    kappa = cohen_kappa(*(periods > np.median(periods, axis=0)).T)
    note = "of median splits of two trained periods: 0 by chance"
    yield row("label_reproducibility_kappa", *kappa[:3], note=note)
    noise = float(np.sqrt(variance.variances[1]))
    found = [auc_ceiling(sd, noise) for sd in variance.sd]
    note = "AUC that a perfect marker of the response could reach against labels from a median split of net changes"
    yield row("auc_ceiling_median_split", *found, note=note)


def _subject_frame(
    data: _Crossover, variance: ResponseVariance, assumed: Assumed, definition: ResponderDefinition
) -> pd.DataFrame:
    spreads = spreads_of_crossover(assumed.sign * data.trained, assumed.sign * data.control)
    found = posterior_response(assumed.sign * data.net, spreads, threshold=assumed.threshold)
    half = t.isf(0.5 - assumed.level / 2.0, variance.df[1]) * np.sqrt(variance.variances[1])
    enough = len(data.subjects) >= FEWEST_CALLED
    reason = "" if variance.ci_low > 0.0 else "no evidence of response heterogeneity"
    return pd.DataFrame(
        {
            "subject_id": data.subjects,
            "arm": "crossover",
            "change": data.net,
            "change_ci_low": data.net - half,
            "change_ci_high": data.net + half,
            "probability_of_response": found.probability,
            "call": call(found.probability, definition, heterogeneous=variance.ci_low > 0.0 and enough),
            "definition_id": definition.id,
            "note": reason if enough else f"fewer than {FEWEST_CALLED} subjects: nobody is called",
        }
    )
