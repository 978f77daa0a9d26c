"""Fixtures of the dataset tests: a cache of their own, and exported tables read without interpretation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all real-data tests of a run: a file is parsed once."""
    return tmp_path_factory.mktemp("exomics-cache")


@pytest.fixture
def real_data(mirror: Path, shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The mirror is there and is used, offline, with a cache of the test run."""
    monkeypatch.setenv("EXOMICS_MIRROR", str(mirror))
    monkeypatch.setenv("EXOMICS_CACHE", str(shared_cache))
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    return mirror


Exported = Callable[..., pd.DataFrame]


@pytest.fixture
def exported(reference_folder: Path) -> Exported:
    """Read an exported table as text: ids stay ids, missing is NaN only where the export wrote NA."""

    def read(name: str, *, separator: str = "\t") -> pd.DataFrame:
        path = reference_folder / name
        table = pd.read_csv(path, sep=separator, quoting=3, dtype=str, keep_default_na=False, na_values=["NA"])
        return table.set_index(table.columns[0])

    return read


def as_r_reads(text: str) -> float:
    """The double that R's own reader makes of `text`: digits over a power of ten in extended precision.

    R checked that the exported tables read back bit for bit. Its reader rounds twice, so that one cell in some
    thousands differs in the last bit from the double nearest to the text, which Python would return.
    """
    digits, _, exponent = text.lower().partition("e")
    whole, _, fraction = digits.partition(".")
    power = int(exponent or 0) - len(fraction)
    mantissa = np.longdouble(int(whole + fraction))
    if mantissa == 0 or power == 0:
        return float(mantissa)
    scale = np.longdouble(10) ** abs(power)
    return float(mantissa / scale) if power < 0 else float(mantissa * scale)


@pytest.fixture
def same_matrix() -> Callable[[np.ndarray, pd.DataFrame], None]:
    """Assert that a matrix equals an exported one bit for bit, missing values in the same places."""

    def check(values: np.ndarray, table: pd.DataFrame) -> None:
        expected = np.array(
            [[np.nan if pd.isna(cell) else as_r_reads(cell) for cell in row] for row in table.to_numpy()]
        )
        np.testing.assert_array_equal(np.isnan(values), np.isnan(expected))
        np.testing.assert_array_equal(values, expected)

    return check
