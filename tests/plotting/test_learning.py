"""The learning curve shows what was judged and what the fit says apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from exomics.errors import InputError
from exomics.plotting import learning_curve


def test_judged_and_fitted_marks_stand_apart() -> None:
    found = {"auc@20": 0.6, "auc@80": 0.75, "auc@40": 0.7, "fitted_auc@100": 0.76, "fitted_auc@200": 0.8, "auc": 0.9}
    frame = pd.DataFrame({"metric": found.keys(), "estimate": found.values()}).assign(ci_low=0.4, ci_high=0.95)
    axes = learning_curve(frame, Figure().subplots(), title="Grows")
    judged, fitted = (np.asarray(marks.get_offsets()) for marks in axes.collections[1::2])
    assert judged.tolist() == [[20.0, 0.6], [40.0, 0.7], [80.0, 0.75]]
    assert fitted.tolist() == [[100.0, 0.76], [200.0, 0.8]]
    assert axes.get_ylabel() == "area under the ROC curve"
    survival = frame.assign(metric=frame["metric"].str.replace("auc", "concordance"))
    assert learning_curve(survival, Figure().subplots()).get_ylabel() == "concordance"
    with pytest.raises(InputError, match="learning_curve"):
        learning_curve(frame.iloc[-1:], Figure().subplots())
