"""One random stream per part of the trial, so that a knob disturbs nothing but its own part."""

from __future__ import annotations

from zlib import crc32

import numpy as np

BIOLOGY_SEED = 20260101  # properties of genes (variance, loadings, length): the same in every trial


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream called `name` of the trial with `seed`.

    Examples
    --------
    >>> bool(stream(1, "vo2peak").normal() == stream(1, "vo2peak").normal())
    True
    """
    return np.random.default_rng([seed, crc32(name.encode())])
