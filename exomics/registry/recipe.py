"""An analysis recipe: an ordered list of preprocessing steps, one test, its contrasts and families, as a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import Document, document_paths, read_document


@dataclass(frozen=True)
class RecipeStep:
    """One preprocessing step: the name of a method and its parameters."""

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecipeContrast:
    """One contrast of a recipe; the name is the expression unless the document gives one."""

    name: str
    expression: str
    family: str = ""


@dataclass(frozen=True)
class RecipeOmnibus:
    """A set of contrasts of a recipe that is tested together.

    Parameters
    ----------
    name
        As it stands in the result.
    contrasts
        Names of contrasts, or expressions.
    family
        Rows of one family are adjusted together; "" for a family of its own.
    """

    name: str
    contrasts: tuple[str, ...]
    family: str = ""


@dataclass(frozen=True)
class RecipeCombination:
    """Rows of a recipe that combine the p-values of others.

    Parameters
    ----------
    name
        As it stands in the result.
    of
        Names of contrasts or sets.
    method, missing
        See `exomics.stats.combine_p_values.combine_p_values`.
    """

    name: str
    of: tuple[str, ...]
    method: str = "fisher"
    missing: str = "other"


@dataclass(frozen=True, kw_only=True)
class RecipeTest:
    """The test of a recipe.

    Parameters
    ----------
    method
        Name of a differential method.
    design
        Formula.
    contrasts
        In the order of the document.
    parameters
        Of the method.
    split_by
        Column of var: each of its values is fitted separately, with its own weights and prior; "" for one fit.
    few_features
        ``{"below": n, "parameters": {...}}``: parameters that replace those above where a fit has fewer features.
    samples_by
        Column of obs: the samples of each of its values are fitted alone, with the contrasts and sets whose conditions
        they have; "" for one fit.
    omnibus
        Sets of contrasts to be tested together.
    combine
        Rows that combine the p-values of others.
    covariates
        ``{"columns": [...], "maximum_missing": share, "scale": bool}``: terms of the design that the samples may
        lack; empty: every variable must be there.
    absent_conditions
        ``refuse``, or ``leave_out`` contrasts whose conditions no sample has.
    platforms
        How features that several platforms measured are brought together; empty: not at all. See
        `exomics.differential.platforms.PlatformPool`.
    """

    method: str
    design: str
    contrasts: tuple[RecipeContrast, ...]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    split_by: str = ""
    few_features: Mapping[str, Any] = field(default_factory=dict)
    samples_by: str = ""
    omnibus: tuple[RecipeOmnibus, ...] = ()
    combine: tuple[RecipeCombination, ...] = ()
    covariates: Mapping[str, Any] = field(default_factory=dict)
    absent_conditions: str = "refuse"
    platforms: Mapping[str, Any] = field(default_factory=dict)

    __test__ = False


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A recipe of the registry; see ``signatures/schemas/recipe.schema.yaml`` for each key.

    Parameters
    ----------
    id, version, title, description
        As in the document.
    assays
        Assays it is meant for.
    scale
        Kind of scale its input must have: ``counts``, ``linear`` or ``log2``.
    steps
        Preprocessing, in order.
    test
        The differential test.
    reproduces
        ``doi, source, commit, tables`` of what it reproduces; empty for a recipe of our own. Only a recipe that has
        this may remove batch effects while protecting the outcome.
    notes
        Sentences that every table made with the recipe carries.
    sha256
        Hash of the document.
    """

    id: str
    version: str
    title: str
    description: str
    assays: tuple[str, ...]
    scale: str
    steps: tuple[RecipeStep, ...]
    test: RecipeTest
    reproduces: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def doi(self) -> str:
        """The DOI of what the recipe reproduces, "" for a recipe of our own."""
        return str(self.reproduces.get("doi", ""))


def read_recipe(path: Path | str) -> Recipe:
    """Read one recipe document.

    Parameters
    ----------
    path
        The YAML file.

    Returns
    -------
    Recipe
        Checked against the schema; that its methods and parameters exist is checked when it runs.

    Raises
    ------
    RegistryError
        If the document is malformed.
    """
    schema = registry_folder("signatures") / "schemas" / "recipe.schema.yaml"
    return _from_document(read_document(Path(path), schema))


def load_recipe(name: str) -> Recipe:
    """The shipped recipe called `name`, or the recipe in the file of that path.

    Parameters
    ----------
    name
        An id such as ``motrpac_muscle_rna``, or a path that ends in ``.yaml``.

    Returns
    -------
    Recipe
        The recipe.

    Raises
    ------
    RegistryError
        If there is none (the known ones are listed).

    Examples
    --------
    >>> load_recipe("motrpac_muscle_rna").test.method
    'voom_lm_fit'
    """
    if name.endswith((".yaml", ".yml")):
        return read_recipe(name)
    known = recipe_names()
    if name not in known:
        raise RegistryError(f"no recipe is called {name!r}; known: {', '.join(known)}; or give the path of a .yaml.")
    return read_recipe(_folder() / f"{name}.yaml")


def recipe_names() -> tuple[str, ...]:
    """Ids of the shipped recipes, sorted.

    Examples
    --------
    >>> "motrpac_muscle_protein" in recipe_names()
    True
    """
    return tuple(path.stem for path in document_paths(_folder()))


def _folder() -> Path:
    return registry_folder("signatures") / "recipes"


def _from_document(document: Document) -> Recipe:
    head = document.head
    if document.path.stem != document.id:
        raise RegistryError(f"{document.path} has the id {document.id!r}; the file must be called {document.id}.yaml.")
    test = dict(head["test"])
    contrasts = tuple(
        RecipeContrast(entry.get("name", entry["expression"]), entry["expression"], entry.get("family", ""))
        for entry in test.pop("contrasts")
    )
    omnibus = tuple(
        RecipeOmnibus(entry["name"], tuple(entry["contrasts"]), entry.get("family", ""))
        for entry in test.pop("omnibus", ())
    )
    combine = tuple(RecipeCombination(**{**entry, "of": tuple(entry["of"])}) for entry in test.pop("combine", ()))
    return Recipe(
        id=document.id,
        version=document.version,
        title=head["title"],
        description=head["description"],
        assays=tuple(head["assays"]),
        scale=head["scale"],
        steps=tuple(RecipeStep(step["method"], step.get("parameters", {})) for step in head.get("steps", ())),
        test=RecipeTest(**test, contrasts=contrasts, omnibus=omnibus, combine=combine),
        reproduces=head.get("reproduces", {}),
        notes=tuple(head.get("notes", ())),
        sha256=document.sha256,
    )
