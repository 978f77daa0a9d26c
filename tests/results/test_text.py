"""The TSV of a frame is byte for byte what pandas writes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from exomics.results._text import tsv_text


def test_same_bytes_as_pandas() -> None:
    rng = np.random.default_rng(1)
    hard = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-5, 1e16, 5e-324, 1.7976931348623157e308, 0.1 + 0.2]
    numbers = np.concatenate([hard, rng.normal(size=90) * 10.0 ** rng.integers(-300, 300, 90)])
    words = ["", "plain", "tab\there", 'a "quoted" word', "two\nlines", "NA", "é", " space "]
    frame = pd.DataFrame(
        {
            "text": pd.Series(rng.choice(words, 100).tolist(), dtype=object),
            "number": numbers,
            "repeated": np.tile(hard, 10),
            "count": pd.array([None, 3, *range(98)], dtype="Int64"),
            "all missing": np.full(100, np.nan),
            'odd "title"': rng.random(100) < 0.5,
        }
    )
    assert tsv_text(frame) == frame.to_csv(sep="\t", index=False, lineterminator="\n")
    assert tsv_text(frame[:0]) == frame[:0].to_csv(sep="\t", index=False, lineterminator="\n")


def test_signs_of_zero_survive() -> None:
    assert tsv_text(pd.DataFrame({"a": [0.0, -0.0], "b": [-0.0, 0.0]})) == "a\tb\n0.0\t-0.0\n-0.0\t0.0\n"
