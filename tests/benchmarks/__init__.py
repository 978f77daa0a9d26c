"""Ours beside the peers, on the same work, in one run, on one thread: `make bench`."""

from __future__ import annotations

import os

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"),
    "1",
)
for _name, _value in ONE_THREAD.items():  # before numpy is imported
    os.environ.setdefault(_name, _value)
