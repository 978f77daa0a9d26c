"""A locked model as a document: every number in plain text, nothing to be executed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import yaml
from numpy.typing import NDArray

from exomics._files import write_text
from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import Document, read_document

__all__ = ["Baseline", "Fusion", "Link", "LockedModel", "Part", "read_locked_model", "write_locked_model"]

FloatArray = NDArray[np.float64]
Link = Literal["logistic", "softmax", "one_against_rest", "log_hazard"]
Fusion = Literal["none", "weighted", "mean_of_measured"]

HEAD, BODY = "model.yaml", "features.tsv"
_NUMBERS = ("fill", "mean", "deviation")
_SCHEMA = "locked_model.schema.yaml"
_SIMPLE = (
    "id", "version", "pipeline", "endpoint", "event", "cohort", "link", "fusion", "threshold", "threshold_rule",
    "n_samples", "n_events", "min_coverage",
)  # fmt: skip


class Part(NamedTuple):
    """Linear predictors over the features of one block, or of all (``all``).

    ``intercepts`` has one entry per predictor; ``weight`` multiplies the evidence of the part, which is what its
    probabilities say beyond ``log_prior``, one entry per class.
    """

    name: str
    intercepts: tuple[float, ...]
    weight: float = 1.0
    log_prior: tuple[float, ...] = ()


class Baseline(NamedTuple):
    """Cumulative hazard at a log hazard of 0 at each of some ascending times; one entry each."""

    times: tuple[float, ...]
    hazards: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class LockedModel:
    """Linear predictors ``intercept + sum_j coefficient_j x_j``, a missing ``x_j`` replaced by its fill.

    Parameters
    ----------
    id, version
        Of the model.
    pipeline
        By which it was learned.
    endpoint, event, cohort
        Column of the outcome (of survival: of the time, and of the event), and where it was learned.
    classes
        Names of the classes; of two the second is predicted. Empty for survival.
    scales
        Scale of the features of each block, in words.
    link
        What the predictors stand for: ``logistic``, ``softmax``, ``one_against_rest`` or ``log_hazard``.
    fusion
        How parts are combined: ``none`` (there is one), ``weighted`` or ``mean_of_measured``.
    parts
        At least one.
    log_prior
        Of the classes, of models with several parts.
    baseline
        Of survival.
    threshold, threshold_rule
        Probability of the second class, or of an event by the last time, from which it is called, and how it was
        chosen; None where the likeliest class is called.
    n_samples, n_events
        Of the training cohort.
    min_coverage
        Least share of the summed absolute weight (coefficient x deviation) that must be measured in a sample.
    features, part_of
        n_features names with a coefficient, ``<block>:<feature>`` if there are several blocks, and the part of each.
    coefficients
        (n_features, n_predictors).
    fills, means, deviations
        (n_features,) each: what stands for a missing value, training mean and standard deviation.
    settings
        What the inner cross-validation chose.
    sha256
        Hash of the documents; "" for a model that was not read from them.
    """

    id: str
    version: str = "1.0.0"
    pipeline: str = "elastic_net_logistic"
    endpoint: str
    event: str = ""
    classes: tuple[str, ...] = ()
    cohort: str
    scales: Mapping[str, str]
    link: Link = "logistic"
    fusion: Fusion = "none"
    parts: tuple[Part, ...]
    log_prior: tuple[float, ...] = ()
    baseline: Baseline | None = None
    threshold: float | None = 0.5
    threshold_rule: str = "one half, chosen before any result"
    n_samples: int
    n_events: int
    min_coverage: float = 0.8
    features: tuple[str, ...]
    part_of: tuple[str, ...]
    coefficients: FloatArray
    fills: FloatArray
    means: FloatArray
    deviations: FloatArray
    settings: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @property
    def positive(self) -> str:
        """The class that is predicted, of two; "" for other outcomes."""
        return self.classes[1] if len(self.classes) == 2 else ""

    def columns_of(self, part: Part) -> NDArray[np.int64]:
        """Positions of the features of a part, (n_features of the part,)."""
        return np.flatnonzero(np.array(self.part_of) == part.name)


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
    >>> model = LockedModel(id="m", endpoint="response", classes=("N", "R"), cohort="c", scales={"rna": "log2"},
    ...     parts=(Part("all", (0.5,)),), n_samples=40, n_events=20, features=("CXCL9",), part_of=("all",),
    ...     coefficients=np.ones((1, 1)), fills=one, means=one, deviations=one)
    >>> with tempfile.TemporaryDirectory() as place:
    ...     read_locked_model(write_locked_model(model, place).parent).features
    ('CXCL9',)
    """
    numbers = np.column_stack([model.fills, model.means, model.deviations, model.coefficients])
    rows = ["\t".join(("feature_id", "part", *_NUMBERS, *_coefficient_columns(model.classes, len(numbers.T) - 3)))]
    for name, part, values in zip(model.features, model.part_of, numbers.tolist(), strict=True):
        rows.append("\t".join([name, part, *map(repr, values)]))
    body = "\n".join(rows) + "\n"
    place = Path(folder)
    write_text(place / BODY, body)
    head: dict[str, Any] = {"kind": "linear_model"}
    head |= {key: value for key in _SIMPLE if (value := getattr(model, key)) not in ("", None)}
    head |= {"classes": list(model.classes)} if model.classes else {}
    head |= {"scales": dict(model.scales), "parts": [_plain(part) for part in model.parts]}
    head |= {"log_prior": list(model.log_prior)} if model.log_prior else {}
    head |= {"baseline": _plain(model.baseline)} if model.baseline else {}
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
        If a document is missing, altered, breaks the schema, contradicts itself, or a number is none.
    """
    document = read_document(Path(folder) / HEAD, registry_folder("signatures") / "schemas" / _SCHEMA)
    head = document.head
    classes = tuple(head.get("classes", ()))
    parts = tuple(Part(**{key: _tupled(value) for key, value in part.items()}) for part in head["parts"])
    names, part_of, numbers = _body_of(document, _coefficient_columns(classes, len(parts[0].intercepts)))
    told: dict[str, Any] = {"threshold": None} | {key: head[key] for key in _SIMPLE if key in head}
    baseline = head.get("baseline")
    model = LockedModel(
        **told,
        classes=classes,
        scales=head["scales"],
        parts=parts,
        log_prior=tuple(head.get("log_prior", ())),
        baseline=Baseline(tuple(baseline["times"]), tuple(baseline["hazards"])) if baseline else None,
        features=names,
        part_of=part_of,
        fills=numbers[:, 0],
        means=numbers[:, 1],
        deviations=numbers[:, 2],
        coefficients=numbers[:, 3:],
        settings=head.get("settings", {}),
        sha256=document.sha256,
    )
    _require_consistent(model, document)
    return model


def _body_of(document: Document, coefficients: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray]:
    """Names of the features, the part of each, and its numbers (n_features, 3 + n_predictors)."""
    columns = (*_NUMBERS, *coefficients)
    try:
        names, part_of = (tuple(row[key] for row in document.rows) for key in ("feature_id", "part"))
        numbers = np.array([[float(row[column]) for column in columns] for row in document.rows])
    except (KeyError, ValueError) as error:
        raise RegistryError(f"{document.path}: {BODY} needs numbers in {', '.join(columns)} ({error}).") from error
    if not numbers.size or not np.isfinite(numbers).all():
        raise RegistryError(f"{document.path}: {BODY} is empty, or holds a number that is missing or endless.")
    return names, part_of, numbers


def _require_consistent(model: LockedModel, document: Document) -> None:
    """Raise if the parts of a document contradict each other, which its schema cannot say."""
    survival, n_predictors = model.link == "log_hazard", model.coefficients.shape[1]
    expected = 1 if model.link in ("logistic", "log_hazard") else len(model.classes)
    priors = [model.log_prior, *(part.log_prior for part in model.parts)]
    n_priors = 0 if survival or model.fusion == "none" else len(model.classes)
    names = [part.name for part in model.parts]
    faults = {
        f"a feature stands twice in {BODY}": len(set(model.features)) != len(model.features),
        "features and parts do not name each other": set(model.part_of) != set(names) or len(set(names)) != len(names),
        "survival needs a baseline and no classes, classes no baseline": survival != bool(model.baseline)
        or survival == bool(model.classes),
        "the baseline needs a hazard for each time": model.baseline is not None
        and len(model.baseline.times) != len(model.baseline.hazards),
        f"the link needs {expected} predictors": n_predictors != expected
        or any(len(part.intercepts) != expected for part in model.parts),
        f"each prior needs {n_priors} entries": any(len(prior) != n_priors for prior in priors),
        "one part needs no fusion, several need it": (model.fusion == "none") and len(names) > 1,
        "the link logistic needs two classes": model.link == "logistic" and len(model.classes) != 2,
    }
    found = next((fault for fault, is_there in faults.items() if is_there), None)
    if found:
        raise RegistryError(f"{document.path} contradicts itself: {found}.")


def _coefficient_columns(classes: tuple[str, ...], n_predictors: int) -> tuple[str, ...]:
    if n_predictors == 1:
        return ("coefficient",)
    return tuple(f"coefficient:{name}" for name in classes)


def _plain(parts: Part | Baseline) -> dict[str, Any]:
    """The fields of a tuple as YAML holds them; empty ones are left out."""
    fields = {key: list(value) if isinstance(value, tuple) else value for key, value in parts._asdict().items()}
    return {key: value for key, value in fields.items() if value != []}


def _tupled(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
