"""Fixtures that every test may ask for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def _folder(variable: str) -> Path:
    location = os.environ.get(variable, "")
    if not location or not Path(location).is_dir():
        pytest.skip(f"{variable} names no folder: the public data behind this test are not on this machine")
    return Path(location).resolve()


@pytest.fixture(scope="session")
def mirror() -> Path:
    """Folder of public files laid out by URL."""
    return _folder("EXOMICS_MIRROR")


@pytest.fixture(scope="session")
def reference_folder() -> Path:
    """Folder of published tables and of reference outputs."""
    return _folder("EXOMICS_REFERENCE")
