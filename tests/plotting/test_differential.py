"""The volcano and the comparison of two contrasts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from exomics.errors import InputError
from exomics.plotting import effect_comparison, member_effects, volcano
from exomics.plotting.differential import paired_effects


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def legend_texts(axes: Axes) -> list[str]:
    legend = axes.get_legend()
    assert legend is not None
    return [text.get_text() for text in legend.get_texts()]


def test_volcano_draws_every_feature_once_and_counts_the_called(axes: Axes, differential: pd.DataFrame) -> None:
    assert volcano(differential, axes, contrast="F") is axes
    assert sum(len(points.get_offsets()) for points in axes.collections) == 300
    assert legend_texts(axes)[:3] == ["260 not called", "35 up", "5 down"]


def test_volcano_labels_the_smallest_p_values_on_their_own_side(axes: Axes, differential: pd.DataFrame) -> None:
    volcano(differential, axes, contrast="F", n_labels=3)
    labels = texts(axes)
    called = differential[(differential["contrast"] == "F") & (differential["adj_p_value"] < 0.05)]
    for sign, expected_side in ((1, "right"), (-1, "left")):
        side = called[np.sign(called["log2_fold_change"]) == sign].nsmallest(3, "p_value")
        names = set(side["feature_name"].where(side["feature_name"] != "", side["feature_id"]))
        assert names == {text.get_text() for text in axes.texts if text.get_ha() == expected_side}
    assert len(labels) == 6


def test_volcano_keeps_a_far_feature_at_the_edge_and_says_so(axes: Axes, differential: pd.DataFrame) -> None:
    frame = differential.copy()
    row = (frame["contrast"] == "F") & (frame["feature_id"] == "id299")
    frame.loc[row, "log2_fold_change"] = 40.0
    volcano(frame, axes, contrast="F")
    assert "1 beyond the axis" in legend_texts(axes)
    assert axes.get_xlim()[1] < 30


def test_volcano_places_a_p_value_of_zero_at_a_finite_height(axes: Axes, differential: pd.DataFrame) -> None:
    frame = differential.assign(p_value=np.where(differential["feature_id"] == "id001", 0.0, differential["p_value"]))
    volcano(frame, axes, contrast="F")
    assert np.isfinite(axes.get_ylim()).all()


def test_comparison_counts_quadrants(axes: Axes, differential: pd.DataFrame) -> None:
    effect_comparison(differential, axes, contrasts=("F", "M"))
    assert {"both up: 12", "both down: 5", "up, down: 3", "down, up: 0"} <= set(texts(axes))
    assert axes.get_xlim() == axes.get_ylim()


def test_paired_effects_leave_out_features_missing_in_one_contrast(differential: pd.DataFrame) -> None:
    frame = differential[~((differential["contrast"] == "M") & (differential["feature_id"] == "id003"))]
    table = paired_effects(frame, ("F", "M"), threshold=0.05)
    assert "id003" not in table.index
    assert table["call"].value_counts().to_dict() == {"none": 260, "one": 20, "up": 11, "down": 5, "opposite": 3}


def test_members_are_sorted_named_and_limited(axes: Axes, differential: pd.DataFrame) -> None:
    members = [f"id{number:03d}" for number in range(17)]
    member_effects(differential, axes, members=members, contrasts=["F", "M"], n_shown=10)
    shown = [label.get_text() for label in axes.get_yticklabels()]
    assert len(shown) == 10
    assert axes.get_title(loc="left") == "10 of 17 members, largest mean effects"
    mean = differential[differential["feature_id"].isin(members)].groupby("feature_id")["log2_fold_change"].mean()
    largest = mean[mean.abs().nlargest(10).index].sort_values()
    assert shown == [f"Gene{int(name[2:])}" if name != "id000" else name for name in largest.index]


@pytest.mark.parametrize("figure", [volcano, effect_comparison])
def test_an_unknown_contrast_is_named_with_those_there_are(axes: Axes, differential: pd.DataFrame, figure) -> None:
    wanted = {"contrast": "X"} if figure is volcano else {"contrasts": ("F", "X")}
    with pytest.raises(InputError, match=r"'X'.*F, M"):
        figure(differential, axes, **wanted)


def test_a_dollar_sign_in_a_name_is_drawn_not_parsed(axes: Axes, differential: pd.DataFrame) -> None:
    frame = differential.assign(feature_name=r"$\frac{$", contrast=differential["contrast"].replace("F", "$a$"))
    volcano(frame, axes, contrast="$a$")
    axes.figure.draw_without_rendering()
    assert axes.get_title(loc="left") == r"\$a\$"
