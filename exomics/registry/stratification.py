"""How a classifier is learned and judged, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import document_paths, read_document

__all__ = ["Stratification", "load_stratification"]

_HOW = ("pipelines", "n_folds", "n_repeats", "inner_folds", "n_permutations", "n_bootstraps", "seed")


@dataclass(frozen=True, kw_only=True)
class Stratification:
    """A plan for a classifier.

    Parameters
    ----------
    id, version, title
        As in the document.
    column, positive
        Of an outcome of classes; `positive` is None where there are several and none is more than the others.
    time, event
        Columns of a survival outcome; "" for classes.
    change, control
        Column of the change that the labels were made from, and the arm without training; "" if they were not.
    roles
        Columns by part: ``batch``, ``arm``, ``sampled``, ``known``, ``study``.
    group_by
        Columns that folds must not part; the first is the subject.
    keep
        Values that samples must have.
    clinical
        Columns known before the outcome.
    learning_curve
        Fractions of the training subjects; empty for no curve.
    leave_out
        Column of cohorts to be left out one at a time; "" for random folds.
    how
        Keywords of `exomics.stratify.CrossValidation` that the document sets.
    lock
        Id of the locked model; "" for none.
    sha256
        Hash of the document.
    """

    id: str
    version: str
    title: str
    group_by: tuple[str, ...]
    column: str = ""
    positive: str | None = None
    time: str = ""
    event: str = ""
    change: str = ""
    control: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    clinical: tuple[str, ...] = ()
    learning_curve: tuple[float, ...] = ()
    leave_out: str = ""
    how: Mapping[str, Any] = field(default_factory=dict)
    lock: str = ""
    sha256: str = ""

    @property
    def outcome(self) -> tuple[str, ...]:
        """Columns of the outcome."""
        return (self.column,) if self.column else (self.time, self.event)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the samples must have."""
        parts = (self.change, self.leave_out, *self.roles.values(), *self.group_by, *self.clinical, *self.keep)
        return tuple(dict.fromkeys(name for name in (*self.outcome, *parts) if name))


def load_stratification(name: str) -> Stratification:
    """The shipped plan called `name`, or the one in the file of that name.

    Parameters
    ----------
    name
        An id, or a path that ends in ``.yaml``.

    Returns
    -------
    Stratification
        Checked against its schema.

    Raises
    ------
    RegistryError
        If there is none, or it is malformed.

    Examples
    --------
    >>> load_stratification("tumor_response").column
    'response'
    """
    folder = registry_folder("signatures")
    shipped = {path.stem: path for path in document_paths(folder / "stratifications")}
    is_file = name.endswith((".yaml", ".yml"))
    if not is_file and name not in shipped:
        raise RegistryError(f"no plan is called {name!r}; known: {', '.join(shipped)}; or give the path of a .yaml.")
    document = read_document(
        Path(name) if is_file else shipped[name], folder / "schemas" / "stratification.schema.yaml"
    )
    head = document.head
    how = {key: tuple(head[key]) if key == "pipelines" else head[key] for key in _HOW if key in head}
    return Stratification(
        id=document.id,
        version=document.version,
        title=head["title"],
        **{key: str(value) for key, value in head["outcome"].items()},
        roles=dict(head.get("roles", {})),
        group_by=tuple(head["group_by"]),
        keep={key: str(value) for key, value in head.get("keep", {}).items()},
        clinical=tuple(head.get("clinical", ())),
        learning_curve=tuple(map(float, head.get("learning_curve", ()))),
        leave_out=head.get("leave_out", ""),
        how=how,
        lock=head.get("lock", ""),
        sha256=document.sha256,
    )
