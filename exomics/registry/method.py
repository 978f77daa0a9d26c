"""One declaration per method. API, command choices, documentation tables, citations and conformance tests read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from exomics.errors import RegistryError

KINDS = (
    "loader", "harmonizer", "preprocess", "test", "enrichment", "scorer", "deconvolution", "pipeline", "selector",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class MethodSpec:
    """What a method is, what it takes, and what may be done with its result.

    Parameters
    ----------
    name
        As called in Python and on the command line.
    kind
        One of ``loader, harmonizer, preprocess, test, enrichment, scorer, deconvolution, pipeline, selector``.
    title
        One line for the catalog.
    function
        The kernel, or the loader.
    reference
        DOI (without the resolver) of the method; "" only for what needs none, such as a file reader.
    license
        License of the reference implementation or of the data, as a note to the user.
    input_scale
        Scales it accepts: any of ``counts, linear, log2``; empty where scale does not apply.
    feature_types, species
        What it applies to; empty means any.
    cohort_dependent
        True if the value of a sample changes when other samples are added or dropped.
    comparable
        What its values can be compared across: ``none, samples, cohorts``.
    units
        Unit of the result.
    omnibus
        Of a differential test that takes ``omnibus``, sets of contrasts to be tested together: the word of that test
        in the column ``test`` (F, lrt); "" for one that takes none.
    needs_baseline
        Whether a differential test takes ``baseline``, the values of every sample before, (n_samples, n_features).
    outcomes
        Kinds of outcome that a pipeline learns: any of ``binary, classes, survival``.
    parameters
        Default keyword parameters of the kernel.
    requires
        Optional packages it needs.
    evidence
        ``real`` when it was run on real bytes, ``format-only`` when only on a generated fixture.
    """

    name: str
    kind: str
    title: str
    function: Callable[..., Any]
    reference: str = ""
    license: str = ""
    input_scale: tuple[str, ...] = ()
    feature_types: tuple[str, ...] = ()
    species: tuple[str, ...] = ()
    cohort_dependent: bool = False
    comparable: str = "samples"
    units: str = ""
    omnibus: str = ""
    needs_baseline: bool = False
    outcomes: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    requires: tuple[str, ...] = ()
    evidence: str = "real"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise RegistryError(f"method {self.name!r}: kind must be one of {', '.join(KINDS)}; got {self.kind!r}.")


class Methods:
    """The explicit, ordered collection of the methods of one kind.

    Raises
    ------
    RegistryError
        If two methods share a name, or a method is of another kind.

    Examples
    --------
    >>> spec = MethodSpec(name="sum", kind="scorer", title="sum", function=sum)
    >>> Methods("scorer", (spec,))["sum"].title
    'sum'
    """

    def __init__(self, kind: str, specs: tuple[MethodSpec, ...]) -> None:
        self.kind = kind
        self._specs: dict[str, MethodSpec] = {}
        for spec in specs:
            if spec.kind != kind:
                raise RegistryError(f"method {spec.name!r} is a {spec.kind}; this collection holds {kind}s.")
            if spec.name in self._specs:
                raise RegistryError(f"two {kind}s are called {spec.name!r}; rename one.")
            self._specs[spec.name] = spec

    def __getitem__(self, name: str) -> MethodSpec:
        if name not in self._specs:
            raise RegistryError(f"no {self.kind} is called {name!r}; known: {', '.join(self._specs)}.")
        return self._specs[name]

    def __iter__(self) -> Iterator[MethodSpec]:
        return iter(self._specs.values())

    def __len__(self) -> int:
        return len(self._specs)

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of declaration."""
        return tuple(self._specs)
