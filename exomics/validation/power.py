"""How many subjects does a trial need: for the effect of training, for who benefits, for whether responses differ?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from exomics.errors import DesignError, InputError
from exomics.results import PowerTable, Provenance
from exomics.stats.power_estimates import PowerEstimate, estimate_power, require_size
from exomics.stats.simulated_trials import (
    Outcome,
    SimulatedTrials,
    TrialModel,
    simulate_response_trials,
    simulate_trials,
)

__all__ = ["PowerPlan", "power_curve", "sample_size"]

Question = Literal["main", "interaction", "heterogeneity"]
_UNITS = {
    "continuous": "standard deviations",
    "binary": "odds ratio",
    "survival": "hazard ratio",
    "heterogeneity": "typical errors",
}
_SMALLEST = 16


@dataclass(frozen=True, kw_only=True)
class PowerPlan:
    """What is asked of a trial of two arms, and what is assumed of it.

    Parameters
    ----------
    question
        ``main``: does training work; ``interaction``: does its effect depend on a marker; ``heterogeneity``: do the
        trained respond differently.
    effect
        Difference in standard deviations of the outcome, odds ratio, or hazard ratio; for an interaction the
        difference, or ratio, of two such effects; for heterogeneity the SD of the individual response in typical errors
        of one test.
    outcome
        ``continuous``, ``binary`` or ``survival``.
    arm_effect, prognosis
        Beside an interaction: the effect of training without the marker, and of the marker without training, in the
        units of `effect`; None for none.
    prevalence
        Share of subjects with the marker; None for a normal marker, whose effects are per standard deviation.
    share_trained
        Share of subjects in the trained arm.
    control_rate
        Share of controls with the event by the end of follow-up, or with the outcome, if binary.
    dropout
        Share of subjects without an outcome, in either arm.
    level
        Level of the two-sided test (one-sided for heterogeneity); false discovery rate among several markers.
    n_markers, n_true
        Markers tested for an interaction, and how many of them have it.

    Raises
    ------
    DesignError
        If the effect is none, or an option does not belong to the question.
    InputError
        If a share or a ratio is out of range.
    """

    question: Question
    effect: float
    outcome: Outcome = "continuous"
    arm_effect: float | None = None
    prognosis: float | None = None
    prevalence: float | None = 0.5
    share_trained: float = 0.5
    control_rate: float = 0.5
    dropout: float = 0.0
    level: float = 0.05
    n_markers: int = 1
    n_true: int = 1

    def __post_init__(self) -> None:
        for name, value, known in (
            ("question", self.question, get_args(Question)),
            ("outcome", self.outcome, get_args(Outcome)),
        ):
            if value not in known:
                raise InputError(f"the {name} must be one of {', '.join(known)}; got {value!r}.")
        self._require_ranges()
        if self.question != "interaction" and (self.n_markers, self.arm_effect, self.prognosis) != (1, None, None):
            raise DesignError("several markers, an arm effect and a prognosis belong to an interaction; ask for that.")
        if self.question == "heterogeneity" and self.outcome != "continuous":
            raise DesignError("response heterogeneity is a variance of changes; the outcome must be continuous.")

    def _require_ranges(self) -> None:
        shares = {
            "prevalence": 0.5 if self.prevalence is None else self.prevalence, "share_trained": self.share_trained,
            "control_rate": self.control_rate, "level": self.level,
        }  # fmt: skip
        wrong = [f"{name} {value:g}" for name, value in shares.items() if not 0.0 < value < 1.0]
        if wrong or not 0.0 <= self.dropout < 1.0:
            raise InputError(f"shares lie between 0 and 1; got {', '.join(wrong) or f'dropout {self.dropout:g}'}.")
        if not 1 <= self.n_true <= self.n_markers:
            raise InputError(f"1 <= n_true <= n_markers is needed; got {self.n_true} of {self.n_markers}.")
        for value in (self.effect, self.arm_effect, self.prognosis):
            if value is not None and not np.isfinite(self._linear(value)):
                raise InputError(f"an effect in {self.unit} must be a {self._kind} number; got {value:g}.")

    @property
    def unit(self) -> str:
        """Unit of the effect in words."""
        return _UNITS["heterogeneity" if self.question == "heterogeneity" else self.outcome]

    @property
    def _kind(self) -> str:
        return "finite" if self.outcome == "continuous" and self.question != "heterogeneity" else "positive finite"

    def _linear(self, value: float) -> float:
        """`value` on the scale of the linear predictor; NaN if it is none."""
        if self.question == "heterogeneity":
            return value if value > 0.0 else float("nan")
        if self.outcome == "continuous":
            return value
        return float(np.log(value)) if value > 0.0 else float("nan")

    @property
    def is_null(self) -> bool:
        """Whether the effect is none."""
        return self._linear(self.effect) == 0.0

    def simulate(self, n_subjects: int, n_trials: int, generator: np.random.Generator) -> SimulatedTrials:
        """P values of `n_trials` trials of `n_subjects`."""
        if self.question == "heterogeneity":
            counted = round(n_subjects * (1.0 - self.dropout))
            share = self.share_trained
            return simulate_response_trials(
                self.effect, counted, n_trials=n_trials, share_trained=share, generator=generator
            )
        arm_effect, prognosis = (
            0.0 if value is None else self._linear(value) for value in (self.arm_effect, self.prognosis)
        )
        model = TrialModel(
            self.outcome, self._linear(self.effect), self.question == "interaction", arm_effect, prognosis,
            self.prevalence, self.share_trained, self.control_rate, self.dropout,
        )  # fmt: skip
        return simulate_trials(model, n_subjects, n_trials=n_trials, generator=generator)


def power_curve(plan: PowerPlan, sizes: Sequence[int], *, n_trials: int = 2000, seed: int = 0) -> PowerTable:
    """Power of trials of several sizes, by simulation.

    Parameters
    ----------
    plan
        Question and assumptions; an effect of none gives the size of the test.
    sizes
        Subjects randomized in all.
    n_trials
        Trials simulated for each size.
    seed
        Of the simulation.

    Returns
    -------
    PowerTable
        One row per size, role ``curve``.

    Raises
    ------
    InputError
        If a size is too small for the model, or fewer than 100 trials are asked for.

    Notes
    -----
    Trials as `exomics.stats.simulated_trials`, power as `exomics.stats.power_estimates.estimate_power`.

    Examples
    --------
    >>> plan = PowerPlan(question="main", effect=0.5)
    >>> power_curve(plan, [64, 128, 256]).frame["power"].round(1).tolist()
    [0.5, 0.8, 1.0]
    """
    run = _Run(plan, n_trials, seed)
    for size in sizes:
        run.power(size)
    return _table([run.rows("curve")], plan, run)


def sample_size(
    plan: PowerPlan, *, target: float = 0.8, n_trials: int = 2000, seed: int = 0, largest: int = 20_000
) -> PowerTable:
    """Subjects that a trial needs for a power; for an interaction, beside a main effect of the same size.

    Parameters
    ----------
    plan
        Question and assumptions.
    target
        Power wanted.
    n_trials, seed
        As `power_curve`.
    largest
        Size at which the search gives up.

    Returns
    -------
    PowerTable
        One row with role ``required`` per question, and the sizes tried with role ``search``.

    Raises
    ------
    DesignError
        If the plan has no effect.
    InputError
        If the target is not reached.

    Notes
    -----
    An interaction with a marker that half of the subjects have compares four quarters of the trial instead of two
    halves: its variance is four times that of a main effect, and so is the trial; at half the size, sixteen times
    (Brookes et al. 2004, doi:10.1016/j.jclinepi.2003.08.009).

    Examples
    --------
    >>> found = sample_size(PowerPlan(question="main", effect=1.0), n_trials=500).frame
    >>> abs(int(found.loc[0, "n_subjects"]) - 34) < 5
    True
    """
    plans = [plan]
    if plan.question == "interaction":
        plans.append(replace(plan, question="main", arm_effect=None, prognosis=None, n_markers=1, n_true=1))
    if plan.is_null:
        raise DesignError("an effect of none is found at no size; give the effect that would matter to patients.")
    parts = []
    for one in plans:
        run = _Run(one, n_trials, seed)
        found = require_size(run.power, target=target, smallest=_SMALLEST, largest=largest)
        needed = {
            **run.words, "role": "required", "n_subjects": found.n_subjects, "n_low": found.ci_low,
            "n_high": found.ci_high, "power": target, "note": "enough already" if len(found.tried) == 1 else "",
        }  # fmt: skip
        parts += [pd.DataFrame([needed]), run.rows("search")]
    return _table(parts, plan, _Run(plan, n_trials, seed))


class _Run:
    """The simulations of one plan; each size has its own stream of chance, whatever was asked before."""

    def __init__(self, plan: PowerPlan, n_trials: int, seed: int) -> None:
        if n_trials < 100:
            raise InputError(f"a power from {n_trials} trials says nothing; simulate 100 or more.")
        self.plan, self.n_trials, self.seed = plan, n_trials, seed
        self.found: list[dict[str, Any]] = []

    @property
    def words(self) -> dict[str, Any]:
        """Columns that all rows of the plan share."""
        plan = self.plan
        return {
            "question": plan.question, "outcome": plan.outcome, "effect": plan.effect, "effect_unit": plan.unit,
            "level": plan.level, "n_markers": plan.n_markers, "n_trials": self.n_trials, "note": "",
        }  # fmt: skip

    def power(self, n_subjects: int) -> PowerEstimate:
        """Power of one size, remembered as a row."""
        generator = np.random.default_rng([self.seed, n_subjects])
        trials = self.plan.simulate(n_subjects, self.n_trials, generator)
        counts = {"level": self.plan.level, "n_markers": self.plan.n_markers, "n_true": self.plan.n_true}
        estimate = estimate_power(trials.p_value, **counts, generator=generator)  # type: ignore[arg-type]
        missing = float(np.isnan(trials.p_value).mean())
        measured = {"n_subjects": n_subjects, "n_events": trials.n_events, "not_estimated": missing}
        self.found.append(self.words | measured | estimate._asdict())
        return estimate

    def rows(self, role: str) -> pd.DataFrame:
        """Rows of all sizes, in their order."""
        return pd.DataFrame(self.found).assign(role=role).sort_values("n_subjects", kind="stable")


def _table(parts: list[pd.DataFrame], plan: PowerPlan, run: _Run) -> PowerTable:
    rows = [row for part in parts for row in part.to_dict("records")]
    frame = pd.DataFrame(rows, columns=list(PowerTable.columns))
    notes = ("assumes what the parameters say, independent markers, and the share trained as planned",)
    parameters = {**asdict(plan), "n_trials": run.n_trials}
    return PowerTable(frame, Provenance(method="power", parameters=parameters, seed=run.seed, notes=notes))
