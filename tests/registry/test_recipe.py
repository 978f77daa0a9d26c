"""Every shipped recipe is well-formed and names only methods and parameters that exist; a malformed one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from exomics._resources import registry_folder
from exomics.differential import Contrast, Tests, evaluate_contrasts
from exomics.differential.contrast_expression import parse_expression
from exomics.errors import RegistryError
from exomics.preprocess import Preprocessors
from exomics.registry.recipe import load_recipe, read_recipe, recipe_names

MUSCLE = ("motrpac_muscle_rna", "motrpac_muscle_protein", "motrpac_muscle_acetyl", "motrpac_muscle_metabolite")


@pytest.mark.parametrize("name", recipe_names())
def test_a_shipped_recipe_names_what_exists(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.id == name
    test = Tests[recipe.test.method]
    assert set(recipe.test.parameters) <= set(test.parameters)
    assert set(recipe.test.few_features.get("parameters", {})) <= set(test.parameters)
    assert recipe.scale in test.input_scale
    for step in recipe.steps:
        assert set(step.parameters) <= set(Preprocessors[step.method].parameters)
    for contrast in recipe.test.contrasts:
        assert any(parse_expression(contrast.expression).values())
    protects = any(step.method == "remove_batch" and step.parameters.get("protect") for step in recipe.steps)
    assert recipe.doi or not protects


@pytest.mark.parametrize("name", MUSCLE)
def test_the_muscle_recipes_pool_eight_and_two_contrasts(name: str) -> None:
    recipe = load_recipe(name)
    families = [contrast.family for contrast in recipe.test.contrasts]
    assert families == ["trained_vs_SED"] * 8 + ["MvF"] * 2
    assert recipe.test.contrasts[3].name == "F_8W - F_SED"
    assert recipe.doi.startswith("10.") and len(recipe.reproduces["commit"]) == 40
    assert recipe.test.parameters["contrast_errors"] == "classic"
    assert recipe.test.parameters["optimum"] == "published"


def test_recipe_contrasts_are_contrasts() -> None:
    entry = load_recipe("randomized_trial_rna").test.contrasts[0]
    assert Contrast(entry.name, entry.expression, entry.family) == Contrast("training", "exercise_post", "")
    assert callable(evaluate_contrasts)


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(RegistryError, match=r"no recipe is called 'motrpac'; known: .*motrpac_muscle_rna"):
        load_recipe("motrpac")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"color": "red"}, "Additional properties are not allowed"),
        ({"scale": "log10"}, "'log10' is not one of"),
        ({"test": {"method": "limma_trend", "design": "~ group", "contrasts": []}}, "should be non-empty"),
        ({"reproduces": {"doi": "somewhere", "source": "https://x", "commit": "abcdef0"}}, "does not match"),
        ({"id": "another"}, "the file must be called another.yaml"),
    ],
)
def test_a_malformed_recipe_is_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    source = registry_folder("signatures") / "recipes" / "motrpac_muscle_protein.yaml"
    document = {**yaml.safe_load(source.read_text(encoding="utf-8")), **change}
    path = tmp_path / "motrpac_muscle_protein.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(RegistryError) as error:
        read_recipe(path)
    assert message in str(error.value)


def test_a_recipe_of_ones_own(tmp_path: Path) -> None:
    document = {
        "id": "mine",
        "version": "1.0.0",
        "title": "My recipe",
        "description": "A recipe of my own study, for this test.",
        "assays": ["protein"],
        "scale": "log2",
        "test": {"method": "limma_trend", "design": "~ group", "contrasts": [{"expression": "a - b"}]},
    }
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    recipe = load_recipe(str(path))
    assert (recipe.doi, recipe.steps, recipe.test.contrasts[0].name) == ("", (), "a - b")
