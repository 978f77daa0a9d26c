"""A locked model as a document: every number in plain text, nothing to be executed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from exomics._files import write_text
from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import read_document

__all__ = ["LockedModel", "read_locked_model", "write_locked_model"]

FloatArray = NDArray[np.float64]

HEAD, BODY = "model.yaml", "features.tsv"
_COLUMNS = ("feature_id", "coefficient", "fill", "mean", "deviation")
_SCHEMA = "locked_model.schema.yaml"
_HEAD_KEYS = (
    "id", "version", "endpoint", "positive", "cohort", "scale", "intercept", "threshold", "threshold_rule",
    "n_samples", "n_events", "min_coverage", "settings",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class LockedModel:
    """A linear model of the log odds: ``intercept + sum_j coefficient_j x_j``, a missing ``x_j`` replaced by its fill.

    Parameters
    ----------
    id, version
        Of the model.
    endpoint, positive, cohort
        What is predicted, what its class is called, and where that was learned.
    scale
        Scale of the features, in words.
    intercept
        Of the log odds.
    threshold, threshold_rule
        Probability from which the class is called, and how it was chosen.
    n_samples, n_events
        Of the training cohort.
    min_coverage
        Least share of the summed absolute weight (coefficient x deviation) that must be measured in a sample.
    features
        n_features names with a coefficient.
    coefficients, fills, means, deviations
        (n_features,) each: coefficient, training median, training mean and standard deviation.
    settings
        What the inner cross-validation chose.
    sha256
        Hash of the documents; "" for a model that was not read from them.
    """

    id: str
    version: str
    endpoint: str
    positive: str
    cohort: str
    scale: str
    intercept: float
    threshold: float
    threshold_rule: str
    n_samples: int
    n_events: int
    min_coverage: float
    features: tuple[str, ...]
    coefficients: FloatArray
    fills: FloatArray
    means: FloatArray
    deviations: FloatArray
    settings: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""


def write_locked_model(model: LockedModel, folder: Path | str) -> Path:
    """Write ``model.yaml`` and ``features.tsv`` into `folder`; floats are the shortest decimals that restore them.

    Parameters
    ----------
    model
        Any locked model.
    folder
        Made if it is not there.

    Returns
    -------
    Path
        The head.

    Examples
    --------
    >>> import tempfile
    >>> one = np.ones(1)
    >>> model = LockedModel(id="m", version="1.0.0", endpoint="response", positive="responder", cohort="c",
    ...     scale="log2", intercept=0.5, threshold=0.5, threshold_rule="one half", n_samples=40, n_events=20,
    ...     min_coverage=0.8, features=("CXCL9",), coefficients=one, fills=one, means=one, deviations=one)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     read_locked_model(write_locked_model(model, place).parent).features
    ('CXCL9',)
    """
    numbers = (model.coefficients, model.fills, model.means, model.deviations)
    rows = ["\t".join(_COLUMNS)]
    for at, name in enumerate(model.features):
        rows.append("\t".join([name, *(repr(float(values[at])) for values in numbers)]))
    body = "\n".join(rows) + "\n"
    place = Path(folder)
    write_text(place / BODY, body)
    head = {"kind": "linear_log_odds"} | {key: getattr(model, key) for key in _HEAD_KEYS}
    head["settings"] = dict(model.settings)
    head["body"] = {"file": BODY, "sha256": hashlib.sha256(body.encode("utf-8")).hexdigest()}
    return write_text(place / HEAD, yaml.safe_dump(head, sort_keys=False, allow_unicode=True))


def read_locked_model(folder: Path | str) -> LockedModel:
    """Read a model from its folder, checked against its schema and hash.

    Parameters
    ----------
    folder
        Holds ``model.yaml`` and ``features.tsv``.

    Returns
    -------
    LockedModel
        With the hash of both documents.

    Raises
    ------
    RegistryError
        If a document is missing, altered, breaks the schema, or a number is none.
    """
    document = read_document(Path(folder) / HEAD, registry_folder("signatures") / "schemas" / _SCHEMA)
    names = tuple(row["feature_id"] for row in document.rows)
    if len(set(names)) != len(names):
        raise RegistryError(f"{document.path}: a feature stands twice in {BODY}.")
    try:
        numbers = [np.array([float(row[column]) for row in document.rows]) for column in _COLUMNS[1:]]
    except (KeyError, ValueError) as error:
        raise RegistryError(f"{document.path}: {BODY} needs numbers in {', '.join(_COLUMNS[1:])} ({error}).") from error
    if not all(np.isfinite(values).all() for values in numbers):
        raise RegistryError(f"{document.path}: {BODY} holds a number that is missing or endless.")
    head = {key: document.head[key] for key in _HEAD_KEYS if key in document.head}
    coefficients, fills, means, deviations = numbers
    return LockedModel(
        **head,
        features=names,
        coefficients=coefficients,
        fills=fills,
        means=means,
        deviations=deviations,
        sha256=document.sha256,
    )
