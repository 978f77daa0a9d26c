"""Public data with their honest verdicts: Swinton's mock trial, rats of MoTrPAC, resistance-trained men."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from exomics.datasets import load
from exomics.errors import DesignError
from exomics.response import ChangeColumns, Threshold, respond
from exomics.stats.reliable_change import typical_error_from_cv
from exomics.stats.repeated_response import cohen_kappa

pytestmark = pytest.mark.real_data

# Swinton 2018: typical error, smallest worthwhile change, SD of the response, % responding centered on the trained.
PUBLISHED = {
    "S7SF": (1.347257, -5.38663, 5.89105, 5.51589),
    "MCARN": (0.5213488, 1.99883, 5.07280, 94.69216),
    "CCT110": (2.220777, 1.63633, 2.98185, 82.81682),
}
NET = {"S7SF": 15.71983, "MCARN": 94.27919, "CCT110": 85.79232}  # ours, on the same numbers


@pytest.fixture(scope="module")
def mock(mirror: Path) -> pd.DataFrame:
    data = load("swinton_mock")
    return data.obs.join(data.to_df())


@pytest.fixture(scope="module")
def rats(mirror: Path) -> pd.DataFrame:
    data = load("motrpac_physiology").mod["vo2max"]
    return data.obs.join(data.to_df())


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_figures_of_swinton_are_reached(mock: pd.DataFrame, name: str) -> None:
    retests = tuple(column for column in mock.columns if column.startswith(f"{name}_RT"))
    columns = ChangeColumns(arm="GROUP", control="2", before=(f"{name}_PRE",), after=(f"{name}_POST",), retests=retests)
    error = None if retests else typical_error_from_cv(4.94, mock[f"{name}_PRE"].mean())
    threshold = Threshold(lower_is_better=name == "S7SF")
    rows = respond(mock, columns, typical_error=error, threshold=threshold).heterogeneity.frame.set_index("quantity")
    names = ["typical_error", "smallest_worthwhile_change", "response_sd", "proportion_centered_on_trained_mean"]
    found = rows.loc[names, "estimate"].to_numpy() * [1.0, 1.0, 1.0, 100.0]
    np.testing.assert_allclose(found, PUBLISHED[name], rtol=2e-6)
    assert 100.0 * rows.loc["proportion_responding", "estimate"] == pytest.approx(NET[name], rel=1e-6)
    heterogeneous = rows.loc["verdict", "note"].startswith("evidence")
    assert heterogeneous == (name == "MCARN")


def vo2max(rats: pd.DataFrame, **columns: object) -> ChangeColumns:
    tests = {"before": ("pre_vo2max_ml_kg_min",), "after": ("post_vo2max_ml_kg_min",)}
    return ChangeColumns(arm="timepoint", control="SED", subject="pid", **tests, **columns)


def test_rats_of_motrpac_show_no_heterogeneity_of_the_vo2max_response(rats: pd.DataFrame) -> None:
    six_months = rats[rats["age"] == "6M"]
    found = respond(six_months, vo2max(rats, trained="8W"), within="sex")
    rows = found.heterogeneity.frame.set_index(["group", "quantity"])
    sizes = rows.xs("verdict", level="quantity")[["n_trained", "n_control"]].to_numpy().tolist()
    assert sizes == [[17, 12], [13, 12]]
    assert rows.loc[("female", "response_sd"), "estimate"] == pytest.approx(-4.7342, abs=1e-4)
    assert rows.loc[("male", "response_sd"), "estimate"] == pytest.approx(2.1193, abs=1e-4)
    for sex in ("female", "male"):
        assert rows.loc[(sex, "verdict"), "note"].startswith("no evidence of response heterogeneity")
        assert rows.loc[(sex, "net_mean_change"), "ci_low"] > 10.0  # all gain
    assert set(found.subjects.frame["call"]) == {"abstain"}


def test_doses_are_not_pooled(rats: pd.DataFrame) -> None:
    with pytest.raises(DesignError, match="4W"):
        respond(rats[rats["age"] == "6M"], vo2max(rats))


def test_men_without_controls_have_no_responders_and_their_labels_do_not_carry_over(mirror: Path) -> None:
    data = load("exscidata_hypertrophy")
    men = data.obs.join(data.to_df())
    columns = ChangeColumns(arm="intervention", control="usual_care", before=("VL_T1",), after=("VL_T3",))
    with pytest.raises(DesignError, match="Without a control arm"):
        respond(men, columns)
    labeled = men[men["CLUSTER"].isin(["HIGH", "LOW"])]
    assert len(labeled) == 20
    for measure, most in (("VL", 0.75), ("BICEPS", 0.6), ("DXA_LBM", 0.6)):
        change = labeled[f"{measure}_T3"] - labeled[f"{measure}_T1"]
        known = change.notna()
        split = np.where(change[known] > change[known].median(), "HIGH", "LOW")
        kappa = cohen_kappa(labeled["CLUSTER"][known], split)
        assert kappa.estimate < most  # the authors' label says little about another measure of muscle
    biceps = men["BICEPS_T2"] - men["BICEPS_T1"], men["BICEPS_T3"] - men["BICEPS_T2"]
    periods = [np.where(change > change.median(), "HIGH", "LOW") for change in biceps]
    assert cohen_kappa(*periods).ci_high < 0.4  # a median split of one three-week period says nothing of the next
