"""Knobs are checked before anything is simulated."""

from __future__ import annotations

from dataclasses import fields

import pytest

from exomics.datasets.simulate import TrialParameters, simulate_trial
from exomics.errors import InputError


@pytest.mark.parametrize(
    ("knob", "value", "said"),
    [
        ("n_per_arm", 3, "4 or more"),
        ("tumor_purity", 1.0, "below 1"),
        ("response_rate", 0.0, "above 0"),
        ("dropout_fraction", 1.5, "from 0 to 1"),
        ("missing_fraction", -0.1, "from 0 to 1"),
        ("vo2peak_typical_error", -1.0, "0 or more"),
        ("muscle_library_size", 0.0, "above 0"),
        ("species", "mouse", "human or rat"),
        ("post_tests", 3, "1 or 2"),
        ("prognostic_markers", (("NOTAGENE", 0.1),), "NOTAGENE"),
        ("prognostic_markers", "CXCL9", "log hazard ratios"),
    ],
)
def test_a_value_out_of_range_is_refused_in_one_line(knob: str, value: object, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        TrialParameters(**{knob: value})
    assert "\n" not in str(caught.value)
    assert knob.partition("_")[0] in str(caught.value)


def test_every_failure_is_named_at_once() -> None:
    with pytest.raises(InputError, match=r"response_rate.*n_per_arm"):
        TrialParameters(response_rate=2.0, n_per_arm=1)


def test_options_of_a_document() -> None:
    parameters = TrialParameters.from_options({"n_per_arm": 12, "prognostic_markers": {"CD8A": -0.2}})
    assert parameters.prognostic_markers == (("CD8A", -0.2),)
    with pytest.raises(InputError, match="n_per_arm"):
        TrialParameters.from_options({"n_per_arms": 12})
    with pytest.raises(InputError, match="whole number"):
        TrialParameters.from_options({"n_per_arm": 12.5})
    with pytest.raises(InputError, match="must be a number"):
        TrialParameters.from_options({"ev_mir29a_rise": "high"})


def test_every_knob_is_documented() -> None:
    text = TrialParameters.__doc__ or ""
    section = text.partition("Parameters\n")[2].partition("Raises")[0]
    assert [field.name for field in fields(TrialParameters) if field.name not in section] == []


def test_more_effects_than_genes_are_refused() -> None:
    with pytest.raises(InputError, match="only .* are expressed"):
        simulate_trial(TrialParameters(n_per_arm=4, muscle_up=20_000))
    with pytest.raises(InputError, match="EV miRNAs"):
        simulate_trial(TrialParameters(n_per_arm=4, ev_up=2_000))
