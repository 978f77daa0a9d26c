"""Locked models that are sums of coefficients times features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from exomics.errors import RegistryError
from exomics.registry.document import Document
from exomics.registry.locked_model.model import LockedModel, require_consistent

__all__ = ["Baseline", "Fusion", "LockedLinear", "Part"]

FloatArray = NDArray[np.float64]
Fusion = Literal["none", "weighted", "mean_of_measured"]

_NUMBERS = ("fill", "mean", "deviation")


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
class LockedLinear(LockedModel):
    """Linear predictors ``intercept + sum_j coefficient_j x_j``, a missing ``x_j`` replaced by its fill.

    The weight of a feature is its deviation times the size of its coefficient, of several predictors their range.

    Parameters
    ----------
    id, version, pipeline, endpoint, event, cohort, classes, scales, link, threshold, threshold_rule
        As of every `LockedModel`.
    n_samples, n_events, min_coverage, features, means, deviations, settings, sha256
        As of every `LockedModel`; each feature has a coefficient.
    fusion
        How parts are combined: ``none`` (there is one), ``weighted`` or ``mean_of_measured``.
    parts
        At least one.
    log_prior
        Of the classes, of models with several parts.
    baseline
        Of survival.
    part_of
        The part of each feature, n_features names.
    coefficients
        (n_features, n_predictors).
    fills
        (n_features,): what stands for a missing value.
    """

    kind: ClassVar[str] = "linear_model"
    body_name: ClassVar[str] = "features.tsv"
    own_words: ClassVar[tuple[str, ...]] = ("fusion",)

    pipeline: str = "elastic_net_logistic"
    fusion: Fusion = "none"
    parts: tuple[Part, ...]
    log_prior: tuple[float, ...] = ()
    baseline: Baseline | None = None
    part_of: tuple[str, ...]
    coefficients: FloatArray
    fills: FloatArray

    @property
    def part_names(self) -> tuple[str, ...]:
        """Of the parts, which a sample has if it has any of their features."""
        return tuple(part.name for part in self.parts)

    @property
    def times(self) -> tuple[float, ...]:
        """By which events are predicted, ascending; none for classes."""
        return self.baseline.times if self.baseline else ()

    def columns_of(self, part: Part) -> NDArray[np.int64]:
        """Positions of the features of a part, (n_features of the part,)."""
        return np.flatnonzero(np.array(self.part_of) == part.name)

    def head(self) -> dict[str, Any]:
        """The parts, their priors and the baseline beside what every head tells."""
        head = self.told() | {"parts": [_plain(part) for part in self.parts]}
        head |= {"log_prior": list(self.log_prior)} if self.log_prior else {}
        head |= {"baseline": _plain(self.baseline)} if self.baseline else {}
        return head | {"settings": dict(self.settings)}

    def body(self) -> str:
        """One line per feature: its part, fill, mean, deviation and coefficients."""
        numbers = np.column_stack([self.fills, self.means, self.deviations, self.coefficients])
        columns = _coefficient_columns(self.classes, self.coefficients.shape[1])
        rows = ["\t".join(("feature_id", "part", *_NUMBERS, *columns))]
        for name, part, values in zip(self.features, self.part_of, numbers.tolist(), strict=True):
            rows.append("\t".join([name, part, *map(repr, values)]))
        return "\n".join(rows) + "\n"

    @classmethod
    def of(cls, document: Document) -> Self:
        """The model that a document holds, refused if it contradicts itself."""
        head, told = document.head, cls.fields_of(document)
        parts = tuple(Part(**{key: _tupled(value) for key, value in part.items()}) for part in head["parts"])
        names, part_of, numbers = _body_of(document, _coefficient_columns(told["classes"], len(parts[0].intercepts)))
        baseline = head.get("baseline")
        model = cls(
            **told,
            parts=parts,
            log_prior=tuple(head.get("log_prior", ())),
            baseline=Baseline(tuple(baseline["times"]), tuple(baseline["hazards"])) if baseline else None,
            features=names,
            part_of=part_of,
            fills=numbers[:, 0],
            means=numbers[:, 1],
            deviations=numbers[:, 2],
            coefficients=numbers[:, 3:],
        )
        require_consistent(_faults(model), document)
        return model


def _body_of(document: Document, coefficients: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...], FloatArray]:
    """Names of the features, the part of each, and its numbers (n_features, 3 + n_predictors)."""
    columns, body = (*_NUMBERS, *coefficients), LockedLinear.body_name
    try:
        names, part_of = (tuple(row[key] for row in document.rows) for key in ("feature_id", "part"))
        numbers = np.array([[float(row[column]) for column in columns] for row in document.rows])
    except (KeyError, ValueError) as error:
        raise RegistryError(f"{document.path}: {body} needs numbers in {', '.join(columns)} ({error}).") from error
    if not numbers.size or not np.isfinite(numbers).all():
        raise RegistryError(f"{document.path}: {body} is empty, or holds a number that is missing or endless.")
    return names, part_of, numbers


def _faults(model: LockedLinear) -> dict[str, bool]:
    """In what ways the parts of a document contradict each other, which its schema cannot say."""
    survival, n_predictors = model.link == "log_hazard", model.coefficients.shape[1]
    expected = 1 if model.link in ("logistic", "log_hazard") else len(model.classes)
    priors = [model.log_prior, *(part.log_prior for part in model.parts)]
    n_priors = 0 if survival or model.fusion == "none" else len(model.classes)
    names = model.part_names
    numbers = [*priors, *(part.intercepts + (part.weight,) for part in model.parts), *(model.baseline or ())]
    return {
        "a number of the head is missing or endless": not np.isfinite(np.concatenate(numbers)).all(),
        f"a feature stands twice in {model.body_name}": len(set(model.features)) != len(model.features),
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
