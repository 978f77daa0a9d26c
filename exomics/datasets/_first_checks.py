"""The manifest's first checks: sizes and a few values, held against what was loaded."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from anndata import AnnData
from mudata import MuData
from scipy import sparse

from exomics.errors import InputError
from exomics.registry.manifest import Manifest
from exomics.schema import keys


def check_data(data: AnnData | MuData, manifest: Manifest) -> None:
    """Raise one `InputError` that lists every first check that fails.

    Values are compared exactly; ``null`` in the manifest means missing. An unverified manifest has no checks.
    """
    checks = manifest.first_checks
    if not checks:
        return
    if isinstance(data, MuData):
        expected = checks.get("modalities", {})
        failures = [f"modality {name} is missing" for name in expected if name not in data.mod]
        for name, held in data.mod.items():
            if name in expected:
                failures.extend(f"{name}: {failure}" for failure in _matrix_failures(held, expected[name]))
    else:
        failures = list(_matrix_failures(data, checks))
    _raise(failures, manifest)


def _matrix_failures(data: AnnData, checks: Mapping[str, Any]) -> Iterator[str]:
    for what, got in (("n_samples", data.n_obs), ("n_features", data.n_vars)):
        if got != checks[what]:
            yield f"{what} is {got}, expected {checks[what]}"
    samples = data.obs[keys.SAMPLE_ID] if keys.SAMPLE_ID in data.obs else data.obs_names.to_series()
    position = {str(sample): number for number, sample in enumerate(samples)}
    for check in checks["values"]:
        sample, feature = check["sample"], check["feature"]
        if sample not in position or feature not in data.var_names:
            yield f"sample {sample} or feature {feature} is missing"
            continue
        values = data.X.tocsr() if sparse.issparse(data.X) else data.X
        got = float(values[position[sample], data.var_names.get_loc(feature)])
        if not _same(got, check["value"]):
            yield f"{feature} of {sample} is {got!r}, expected {check['value']!r}"


def check_table(frame: pd.DataFrame, manifest: Manifest) -> None:
    """Raise one `InputError` that lists every first check of a table that fails; an unverified manifest has none."""
    checks = manifest.first_checks
    if not checks:
        return
    failures = [
        f"{what} is {got}, expected {checks[what]}"
        for what, got in (("n_rows", frame.shape[0]), ("n_columns", frame.shape[1]))
        if got != checks[what]
    ]
    for check in checks["values"]:
        row, name = check["row"], check["column"]
        if name not in frame.columns or row >= len(frame):
            failures.append(f"row {row} or column {name} is missing")
        elif not _same(frame[name].iloc[row], check["value"]):
            failures.append(f"{name} of row {row} is {frame[name].iloc[row]!r}, expected {check['value']!r}")
    _raise(failures, manifest)


def _same(got: Any, expected: Any) -> bool:
    if expected is None:
        return bool(pd.isna(got))
    if isinstance(expected, str):
        return str(got) == expected
    return not pd.isna(got) and math.isclose(float(got), expected, rel_tol=0.0, abs_tol=0.0)


def _raise(failures: list[str], manifest: Manifest) -> None:
    if failures:
        raise InputError(
            f"dataset {manifest.id} is not what its manifest promises in {len(failures)} places: "
            f"{'; '.join(failures[:5])}. The files have the right hashes: tell us."
        )
