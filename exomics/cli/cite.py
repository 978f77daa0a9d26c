"""References of methods and datasets, or of what a file was made with.

Give names of methods, recipes and datasets (`exomics catalog`), or files that exomics wrote; without either, every
reference is listed.

examples:
  exomics cite voom_lm_fit rank_updown ref_mane
  exomics cite associations.tsv
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from exomics._version import __version__
from exomics.cli._methods import all_methods
from exomics.errors import RegistryError
from exomics.publish.steps import collect
from exomics.registry.manifest import all_manifests
from exomics.registry.recipe import load_recipe, recipe_names


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("names", nargs="*", metavar="NAME|FILE", help="of a method, a recipe, a dataset, or files")


def run(arguments: argparse.Namespace) -> None:
    """Print one line per reference, then the acknowledgments that the data ask for."""
    known = references()
    words: list[str] = []
    thanks: list[str] = []
    for name in arguments.names or sorted(known):
        if Path(name).is_file():
            found, asked = _used_in(Path(name), known)
            words += found
            thanks += asked
        elif name in known:
            words.append(name)
        else:
            raise RegistryError(
                f"{name!r} is no file, and no method, recipe or dataset with a reference; `exomics cite` lists those."
            )
    print(f"exomics {__version__}")
    for word in dict.fromkeys(words):
        print(f"{word}\t{known[word]}")
    for line in dict.fromkeys(thanks):
        print(f"acknowledge\t{line}")


def references() -> dict[str, str]:
    """Reference of each method and dataset that has one, and of what each recipe reproduces."""
    found = {spec.name: _link(spec.reference) for spec in all_methods() if spec.reference}
    for name in recipe_names():
        recipe = load_recipe(name)
        if recipe.doi:
            found[name] = _link(recipe.doi)
    return found | {one.id: _link(one.reference) for one in all_manifests() if one.reference}


def _used_in(file: Path, known: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is named in the commands and the parameters behind `file`, and the acknowledgments of its data."""
    plan = collect([file], {})
    text = json.dumps([step.command[1:] for step in plan.steps]) + "".join(plan.methods)
    recipes = [load_recipe(name) for name in recipe_names() if f'"{name}"' in text]
    inside = {recipe.test.method for recipe in recipes} | {step.method for recipe in recipes for step in recipe.steps}
    return [name for name in known if f'"{name}"' in text or name in inside], list(plan.acknowledgments)


def _link(reference: str) -> str:
    return f"https://doi.org/{reference}" if reference.startswith("10.") else reference
