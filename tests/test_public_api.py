"""Every public name is documented as the field documents: what is computed, shapes, units, source; and typed."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable
from typing import Any

import pytest

import exomics
from exomics.cli._methods import all_methods
from exomics.registry.method import MethodSpec
from exomics.results import ResultTable


def _modules() -> list[str]:
    """Every module that says what is public in it, private ones and commands left out."""
    names = [found.name for found in pkgutil.walk_packages(exomics.__path__, "exomics.")]
    public = [
        name for name in names if not any(part.startswith("_") for part in name.split(".")) and ".cli" not in name
    ]
    return [name for name in public if hasattr(importlib.import_module(name), "__all__")]


def _public(kind: Callable[[Any], bool]) -> list[Any]:
    found: dict[int, Any] = {}
    for module in map(importlib.import_module, _modules()):
        for name in module.__all__:
            value = getattr(module, name)
            if kind(value) and value.__module__.startswith("exomics."):
                found[id(value)] = pytest.param(value, id=f"{value.__module__.removeprefix('exomics.')}.{name}")
    return sorted(found.values(), key=lambda shown: str(shown.id))


def _section(documentation: str, title: str) -> str | None:
    """Text of one numpydoc section, None if there is none."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", documentation, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True)).get(title)


def _names_in(section: str) -> set[str]:
    """Names that stand at the start of an entry: ``a, b : int`` gives a and b."""
    heads = [line for line in section.splitlines() if line and not line.startswith(" ")]
    return {name.strip(" *") for head in heads for name in head.partition(":")[0].split(",")}


FUNCTIONS = _public(inspect.isfunction)
CLASSES = _public(inspect.isclass)
METHODS = [pytest.param(spec, id=f"{spec.kind}-{spec.name}") for spec in all_methods()]


def test_something_is_public() -> None:
    assert len(FUNCTIONS) > 50
    assert len(CLASSES) > 20
    assert {spec.values[0].kind for spec in METHODS} >= {"loader", "preprocess", "test", "scorer"}


@pytest.mark.parametrize("name", _modules())
def test_what_is_public_is_there_once(name: str) -> None:
    module = importlib.import_module(name)
    assert len(module.__all__) == len(set(module.__all__))
    assert all(hasattr(module, public) for public in module.__all__)
    assert inspect.getdoc(module)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_documented(function: Callable[..., Any]) -> None:
    documentation = inspect.getdoc(function) or ""
    signature = inspect.signature(function)
    assert documentation.splitlines()[0].rstrip().endswith((".", ":", "?", ";", ",")) or "\n" in documentation
    if signature.parameters:
        section = _section(documentation, "Parameters")
        assert section is not None, "no section Parameters"
        assert set(signature.parameters) <= _names_in(section)
    if signature.return_annotation not in (None, "None"):
        assert _section(documentation, "Returns") or _section(documentation, "Yields"), "no section Returns"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_are_typed(function: Callable[..., Any]) -> None:
    signature = inspect.signature(function)
    assert [name for name, found in signature.parameters.items() if found.annotation is inspect.Parameter.empty] == []
    assert signature.return_annotation is not inspect.Signature.empty


@pytest.mark.parametrize("function", FUNCTIONS)
def test_functions_take_few_arguments_by_position(function: Callable[..., Any]) -> None:
    """At most three; five in `stats`, where mathematics has an order of its own, such as I_x(a, b)."""
    most = 5 if function.__module__.startswith("exomics.stats.") else 3
    by_position = inspect.Parameter.POSITIONAL_OR_KEYWORD
    assert sum(found.kind is by_position for found in inspect.signature(function).parameters.values()) <= most


@pytest.mark.parametrize("kind", CLASSES)
def test_classes_are_documented(kind: type) -> None:
    """A value that users build names its fields; a tuple of arrays says their shape."""
    documentation = kind.__doc__ or ""
    assert documentation
    assert not documentation.startswith(f"{kind.__name__}(")  # what a dataclass or a named tuple writes by itself
    if hasattr(kind, "_fields"):
        assert re.search(r"(?i)shape|\(n_|\(n,\)|one (?:entry|value|of each) ?", documentation), "no shape"
    elif dataclasses.is_dataclass(kind) and not issubclass(kind, ResultTable):
        said = _names_in(_section(documentation_of(kind), "Parameters") or "")
        missing = [found.name for found in dataclasses.fields(kind) if found.init and found.name not in said]
        assert not missing or ".schema.yaml`` for each key" in documentation, missing


def documentation_of(kind: type) -> str:
    """Docstring of a class, cleaned of its indent."""
    return inspect.cleandoc(kind.__doc__ or "")


@pytest.mark.parametrize("spec", METHODS)
def test_methods_are_declared_in_full(spec: MethodSpec) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", spec.name)
    assert spec.title
    assert not spec.title.endswith(".")
    assert spec.evidence in ("real", "format-only")
    assert spec.comparable in ("none", "samples", "cohorts")
    assert set(spec.input_scale) <= {"counts", "linear", "log2"}
    if spec.kind in ("test", "scorer", "deconvolution"):
        assert spec.units
        assert spec.input_scale
        assert re.fullmatch(r"10\.\d{4,9}/\S+", spec.reference)
    if spec.reference:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", spec.reference)


@pytest.mark.parametrize("spec", METHODS)
def test_methods_say_formula_shapes_and_source(spec: MethodSpec) -> None:
    function = spec.function.func if isinstance(spec.function, functools.partial) else spec.function
    documentation = inspect.getdoc(function) or ""
    parameters = inspect.signature(function).parameters
    assert set(parameters) <= _names_in(_section(documentation, "Parameters") or "")
    assert _section(documentation, "Returns")
    if spec.kind in ("test", "scorer", "deconvolution"):
        assert re.search(r"``[^`]*=[^`]*``|[Aa]s `limma_voom`", documentation), "no formula"
        assert "(n_samples, n_features)" in documentation
        assert "doi:10." in documentation
        assert _section(documentation, "Examples")
    elif spec.kind == "enrichment":
        assert "n_sets of them" in documentation or "n_sets kinases" in documentation
        assert "doi:10." in documentation
        assert _section(documentation, "Examples")
    elif spec.kind == "loader":
        assert re.search(
            r"[Ss]amples x features|x numeric columns|[Mm]odalit|obs_names|x metabolites|Vials x", documentation
        )
    else:
        assert "amples x features" in documentation or "counts" in documentation or "log2" in documentation
