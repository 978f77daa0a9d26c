"""How kernels are compiled: entry points cached on disk, helpers only as parts of them."""

from __future__ import annotations

from typing import Any

from numba import njit

_ENTRY_POINT: dict[str, Any] = {"error_model": "numpy", "cache": True}
_HELPER: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True}

entry_point: Any = njit(**_ENTRY_POINT)
"""Called from Python: compiled once per installation. No fast math, no parallel loops: sums keep their order."""

helper: Any = njit(**_HELPER)
"""Called from other kernels only: without the wrapper for Python calls it compiles in about half the time."""

inlined: Any = njit(**_HELPER, forceinline=True)
"""A helper called so often that even the call would cost: it becomes part of its callers."""
