"""What every locked model says of itself, whatever it is made of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from exomics.errors import RegistryError
from exomics.registry.document import Document

__all__ = ["HEAD", "Link", "LockedModel"]

FloatArray = NDArray[np.float64]
Link = Literal["logistic", "softmax", "one_against_rest", "log_hazard"]

HEAD = "model.yaml"
_WHOSE = ("id", "version", "pipeline", "endpoint", "event", "cohort", "link")
_USE = ("threshold", "threshold_rule", "n_samples", "n_events", "min_coverage")


@dataclass(frozen=True, kw_only=True)
class LockedModel(ABC):
    """A model as numbers in plain text: a head, and a table that the head hashes. Nothing in it is executed.

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
    threshold, threshold_rule
        Probability of the second class, or of an event by the last time, from which it is called, and how it was
        chosen; None where the likeliest class is called.
    n_samples, n_events
        Of the training cohort.
    min_coverage
        Least share of the weight of the features that must be measured in a sample.
    features
        n_features names that the model reads, ``<block>:<feature>`` if there are several blocks.
    means, deviations
        (n_features,) each: mean and standard deviation in training.
    settings
        What the inner cross-validation chose.
    sha256
        Hash of the documents; "" for a model that was not read from them.
    """

    kind: ClassVar[str]
    body_name: ClassVar[str]
    own_words: ClassVar[tuple[str, ...]] = ()

    id: str
    version: str = "1.0.0"
    pipeline: str
    endpoint: str
    event: str = ""
    classes: tuple[str, ...] = ()
    cohort: str
    scales: Mapping[str, str]
    link: Link = "logistic"
    threshold: float | None = 0.5
    threshold_rule: str = "one half, chosen before any result"
    n_samples: int
    n_events: int
    min_coverage: float = 0.8
    features: tuple[str, ...]
    means: FloatArray
    deviations: FloatArray
    settings: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""

    @classmethod
    @abstractmethod
    def of(cls, document: Document) -> Self:
        """The model that a document holds, refused if it contradicts itself."""

    @abstractmethod
    def head(self) -> dict[str, Any]:
        """The keys of the head, without its kind and the hash of the body."""

    @abstractmethod
    def body(self) -> str:
        """The table, as text; floats are the shortest decimals that restore them."""

    @property
    @abstractmethod
    def part_names(self) -> tuple[str, ...]:
        """Of the parts that a sample may have or lack."""

    @property
    def positive(self) -> str:
        """The class that is predicted, of two; "" for other outcomes."""
        return self.classes[1] if len(self.classes) == 2 else ""

    @property
    def times(self) -> tuple[float, ...]:
        """By which events are predicted, ascending; none for classes."""
        return ()

    @property
    def files(self) -> tuple[str, str]:
        """Names of the head and of the body."""
        return HEAD, self.body_name

    @classmethod
    def words(cls) -> tuple[str, ...]:
        """The keys of a head that hold one word or number, in their order."""
        return (*_WHOSE, *cls.own_words, *_USE)

    def told(self) -> dict[str, Any]:
        """The keys that heads of every kind begin with; what is empty is left out."""
        head = {key: value for key in self.words() if (value := getattr(self, key)) not in ("", None)}
        head |= {"classes": list(self.classes)} if self.classes else {}
        return head | {"scales": dict(self.scales)}

    @classmethod
    def fields_of(cls, document: Document) -> dict[str, Any]:
        """What `told` and the settings of a document say, as fields of the model."""
        head = document.head
        words = {"threshold": None} | {key: head[key] for key in cls.words() if key in head}
        shared = {"classes": tuple(head.get("classes", ())), "scales": head["scales"]}
        return words | shared | {"settings": head.get("settings", {}), "sha256": document.sha256}


def require_consistent(faults: Mapping[str, bool], document: Document) -> None:
    """Raise with the first of the faults that is there: what a schema cannot say."""
    found = next((fault for fault, is_there in faults.items() if is_there), None)
    if found:
        raise RegistryError(f"{document.path} contradicts itself: {found}.")
