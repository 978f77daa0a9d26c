"""CXCL9 in six immunotherapy cohorts: survival, response and their pooling, to the printed digits of the reference."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from exomics.datasets.loaders._r_containers import read_r_object
from exomics.stats.discrimination import area_under_curve, logistic_screen
from exomics.stats.meta_analysis import combine_effects
from exomics.stats.survival import censor_at, cox_screen

pytestmark = pytest.mark.real_data

FILES = "raw.githubusercontent.com/bhklab/PredictioR/d29803c85601793c4400531af9e58576ba2c8dec/data/ICB_small_{}.rda"
COHORTS = ["Hugo", "Mariathasan", "Miao", "Nathanson", "Padron", "Van_Allen"]


@pytest.fixture(scope="module")
def reference(reference_folder):
    path = reference_folder / "tumor" / "ref_ICB_CXCL9_by_cohort.tsv"
    return pd.read_csv(path, sep="\t", float_precision="round_trip").set_index("cohort")


@pytest.fixture(scope="module")
def cohorts(mirror):
    found = {}
    for name in COHORTS:
        _, experiment = read_r_object(mirror / FILES.format(name))
        (assay,) = experiment.assays.values()
        row = list(assay.row_names).index("CXCL9")
        values = np.asarray(assay.values[row], dtype=float)
        found[name] = (values - values.mean()) / values.std(ddof=1), experiment.samples
    return found


def survival_of(cohort):
    score, samples = cohort
    time, event = censor_at(samples["survival_time_os"].astype(float), samples["event_occurred_os"].astype(float), 36.0)
    return cox_screen(score[:, None], time, event, ties="efron")


@pytest.mark.parametrize("name", COHORTS)
def test_overall_survival(cohorts, reference, name):
    screen, expected = survival_of(cohorts[name]), reference.loc[name]
    assert round(screen.log_hazard_ratio[0], 9) == expected["cox_logHR"]
    assert round(screen.standard_error[0], 8) == expected["cox_SE"]
    assert screen.p_value[0] == pytest.approx(expected["cox_p"], rel=2e-8)
    assert screen.n_samples[0] == expected["cox_n"]


@pytest.mark.parametrize("name", COHORTS)
def test_response(cohorts, reference, name):
    score, samples = cohorts[name]
    non_response = samples["response"].map({"NR": 1.0, "R": 0.0}).astype(float).to_numpy()
    expected = reference.loc[name]
    fit = logistic_screen(score, non_response, optimum="published")
    assert round(fit.log_odds_ratio[0], 9) == expected["logit_NR_coef"]
    assert round(fit.standard_error[0], 8) == expected["logit_SE"]
    assert round(fit.p_value[0], 10) == pytest.approx(expected["logit_p"], abs=1.1e-10)
    exact = logistic_screen(score, non_response)
    assert exact.log_odds_ratio[0] == pytest.approx(expected["logit_NR_coef"], abs=1e-7)
    auc = area_under_curve(score, 1.0 - non_response)
    assert round(auc.estimate[0], 8) == expected["AUC_CXCL9_R"]
    assert (auc.n_positive[0], auc.n_negative[0]) == (expected["nR"], expected["nNR"])


def test_pooled_over_cohorts(cohorts):
    screens = [survival_of(cohorts[name]) for name in COHORTS]
    pooled = combine_effects(
        np.concatenate([screen.log_hazard_ratio for screen in screens]),
        np.concatenate([screen.standard_error for screen in screens]),
    )
    assert (round(pooled.estimate[0], 4), round(pooled.standard_error[0], 4)) == (-0.2987, 0.0636)
    assert pooled.tau_squared[0] == 0.0
