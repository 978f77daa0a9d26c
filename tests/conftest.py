"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _folder(variable: str) -> Path:
    location = os.environ.get(variable, "")
    if location and Path(location).is_dir():
        return Path(location).resolve()
    reason = f"{variable} names no folder: the public data behind this test are not on this machine"
    if os.environ.get("EXOMICS_REQUIRE_REAL_DATA"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of public files laid out by URL."""
    return _folder("EXOMICS_MIRROR")


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    """Folder of published tables and of reference outputs."""
    return _folder("EXOMICS_REFERENCE")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests never touch the user's cache. CI names one for the whole run, so that a large table is parsed once."""
    if "EXOMICS_CACHE" not in os.environ:
        monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def pytest_report_header() -> str:
    """Say which public data the run will read."""
    found = [name for name in ("EXOMICS_MIRROR", "EXOMICS_REFERENCE") if Path(os.environ.get(name, "-")).is_dir()]
    return f"real data: {', '.join(found) or 'none here; tests marked real_data skip'}"
