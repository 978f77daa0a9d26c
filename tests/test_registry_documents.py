"""Every shipped document is what its schema says, and everything it names exists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from exomics._resources import registry_folder
from exomics.cli._methods import all_methods
from exomics.datasets import Loaders, Tables
from exomics.differential import Tests, parse_contrast
from exomics.preprocess import Preprocessors, require_known
from exomics.registry import all_signatures, load_derivation_rule, load_signature
from exomics.registry.derivation_rule import derivation_rule_names
from exomics.registry.document import check_schema, document_paths, parse_yaml, read_document
from exomics.registry.manifest import Manifest, all_manifests, load_manifest
from exomics.registry.recipe import Recipe, load_recipe, recipe_names
from exomics.schema.vocabulary import ASSAYS, SPECIES, SPECIMENS, layers
from exomics.scoring import Scorers

SIGNATURES = registry_folder("signatures")
WORKFLOWS = registry_folder("workflows")
MANIFESTS = registry_folder("data_manifests")
YAMLS = sorted(path for folder in (SIGNATURES, WORKFLOWS, MANIFESTS) for path in folder.rglob("*.yaml"))
SCHEMAS = [path for path in YAMLS if path.name.endswith(".schema.yaml")]
RECIPES = [load_recipe(name) for name in recipe_names()]
DATASETS = all_manifests()
CONFIGS = sorted(WORKFLOWS.glob("*/config/*.yaml"))
SCHEMA_OF_FOLDER = {
    "recipes": "recipe",
    "derivation_rules": "derivation_rule",
    "gene_sets": "gene_sets",
    "responder_definitions": "responder_definition",
    "stratifications": "stratification",
}


def _named(path: Path) -> str:
    return "-".join(path.parts[-2:])


def _read(path: Path) -> Any:
    return parse_yaml(path.read_bytes(), path.name)


def _objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every schema of an object with named properties, at any depth; not the branches of a choice."""
    if isinstance(schema, dict):
        if schema.get("type") == "object" and "properties" in schema:
            yield schema
        for value in schema.values():
            yield from _objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _objects(value)


@pytest.fixture(scope="module")
def bibliography() -> dict[str, str]:
    """Key -> entry of references.bib."""
    text = (SIGNATURES / "references.bib").read_text(encoding="utf-8")
    entries = re.split(r"^@\w+\{", text, flags=re.MULTILINE)[1:]
    keys = [entry.partition(",")[0] for entry in entries]
    assert len(keys) == len(set(keys))
    return dict(zip(keys, entries, strict=True))


@pytest.mark.parametrize("path", YAMLS, ids=_named)
def test_every_yaml_is_read_strictly(path: Path) -> None:
    assert isinstance(_read(path), dict)


@pytest.mark.parametrize("path", SCHEMAS, ids=_named)
def test_every_schema_is_one_and_is_closed(path: Path) -> None:
    schema = _read(path)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert [found["properties"] for found in _objects(schema) if found.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("path", list(document_paths(SIGNATURES)), ids=_named)
def test_every_document_meets_its_schema_and_hash(path: Path) -> None:
    kind = SCHEMA_OF_FOLDER.get(path.parent.name, "signature")
    document = read_document(path, SIGNATURES / "schemas" / f"{kind}.schema.yaml")
    assert document.id == path.stem
    assert re.fullmatch(r"\d+\.\d+" if kind == "gene_sets" else r"\d+\.\d+\.\d+", document.version)


def test_every_body_belongs_to_a_head() -> None:
    heads = [_read(path).get("body", {}).get("file") for path in document_paths(SIGNATURES)]
    assert sorted(path.name for path in SIGNATURES.rglob("*.tsv")) == sorted(name for name in heads if name)


def test_ids_are_unique() -> None:
    counts = Counter(_read(path)["id"] for path in document_paths(SIGNATURES))
    counts.update(manifest.id for manifest in DATASETS)
    assert {name: n for name, n in counts.items() if n > 1} == {}


def test_layers_and_scores_of_signatures_are_known() -> None:
    known = set(layers())
    for signature in all_signatures():
        assert set(signature.layers) <= known, signature.id
        assert signature.score in {*Scorers.names, "camera", "same"}, signature.id  # camera tests a contrast


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_recipes_name_methods_with_parameters_they_take(recipe: Recipe) -> None:
    for step in recipe.steps:
        require_known(Preprocessors[step.method], step.parameters)
    test = Tests[recipe.test.method]
    require_known(test, recipe.test.parameters)
    require_known(test, recipe.test.few_features.get("parameters", {}))
    assert recipe.scale in test.input_scale
    assert set(recipe.assays) <= set(ASSAYS)
    assert recipe.test.design.startswith("~")
    names = [contrast.name for contrast in recipe.test.contrasts]
    assert len(names) == len(set(names))
    assert all(parse_contrast(contrast.expression).expression for contrast in recipe.test.contrasts)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.id)
def test_a_batch_correction_that_sees_the_outcome_reproduces_something(recipe: Recipe) -> None:
    sees = [step for step in recipe.steps if step.method == "remove_batch" and step.parameters.get("protect")]
    if recipe.reproduces:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", recipe.doi)
        assert re.fullmatch(r"[0-9a-f]{40}", recipe.reproduces["commit"])
    else:
        assert sees == []


@pytest.mark.parametrize("name", derivation_rule_names())
def test_rules_name_datasets_scorers_and_contrasts_that_exist(name: str) -> None:
    rule = load_derivation_rule(name)
    known = {contrast.name for recipe in RECIPES for contrast in recipe.test.contrasts}
    assert set(rule.contrasts) <= known
    assert rule.signature["score"] in Scorers.names
    assert set(rule.signature["layers"]) <= set(layers())
    assert rule.signature["id"] not in {signature.id for signature in all_signatures()}
    if rule.mapping is not None:
        assert load_manifest(rule.mapping.orthologs).loader in Tables.names


@pytest.mark.parametrize("manifest", DATASETS, ids=lambda manifest: manifest.id)
def test_manifests_name_a_loader_and_words_that_exist(manifest: Manifest) -> None:
    assert (manifest.loader in Loaders.names) != (manifest.loader in Tables.names)
    spec = Loaders[manifest.loader] if manifest.loader in Loaders.names else Tables[manifest.loader]
    require_known(spec, manifest.options)
    assert set(manifest.species) <= set(SPECIES)
    assert set(manifest.specimen) <= set(SPECIMENS)
    assert set(manifest.assay) <= set(ASSAYS)
    if manifest.reference:
        assert re.fullmatch(r"10\.\d{4,9}/\S+", manifest.reference)


@pytest.mark.parametrize("manifest", DATASETS, ids=lambda manifest: manifest.id)
def test_addresses_are_pinned(manifest: Manifest) -> None:
    """The address of each file has a commit, a release or a version, or the manifest says that it may change."""
    assert manifest.unverified == any(file.sha256 is None for file in manifest.files)
    assert bool(manifest.first_checks) != manifest.unverified
    if manifest.unverified:
        assert "never seen here" in manifest.description
        return
    pinned = re.compile(r"/[0-9a-f]{40}/|/v?\d+\.\d+(?:\.\d+)*/|/releases/download/")
    assert [file.url for file in manifest.files if not pinned.search(file.url)] == []


def test_an_address_has_one_hash() -> None:
    hashes: dict[str, set[str | None]] = {}
    for manifest in DATASETS:
        for file in manifest.files:
            hashes.setdefault(file.url, set()).add(file.sha256)
    assert {url: found for url, found in hashes.items() if len(found) > 1} == {}


def test_every_reference_resolves_and_every_entry_is_used(bibliography: dict[str, str]) -> None:
    heads = [_read(path) for path in document_paths(SIGNATURES)]
    sources = [head.get("source", {}) for head in heads] + [
        head.get("signature", {}).get("source", {}) for head in heads
    ]
    cited = {key for source in sources if isinstance(source, dict) for key in source.get("references", [])}
    assert cited <= set(bibliography)
    of_names = [spec.reference for spec in all_methods() if spec.kind == "harmonizer" and spec.reference]
    assert [doi for doi in of_names if not any(doi in entry for entry in bibliography.values())] == []
    dois = {one.reference.lower() for one in (*all_methods(), *DATASETS) if one.reference}
    unused = [key for key in set(bibliography) - cited if not any(doi in bibliography[key].lower() for doi in dois)]
    assert unused == []


def test_every_entry_can_be_found(bibliography: dict[str, str]) -> None:
    found = re.compile(r"\b(?:doi|pmid|url) = \{[^}]+\}|note = \{\d+(?:\(\d+\))?:\d+")  # or volume and page
    assert [key for key, entry in bibliography.items() if not found.search(entry)] == []


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_configs_meet_their_schema_and_name_what_exists(path: Path) -> None:
    config = _read(path)
    check_schema(config, path.parent.parent / "schemas" / "config.schema.yaml", path.name)
    for name, study in config.get("studies", {}).items():
        for dataset in (study.get("dataset", name), study.get("published")):
            assert dataset is None or load_manifest(dataset).id == dataset
        if "published" in study:
            assert "published" in load_manifest(study["published"]).roles
        assert load_recipe(study["recipe"]).id == study["recipe"]
        if "rule" in study:
            assert set(load_derivation_rule(study["rule"]).contrasts) <= _contrasts_of(study["recipe"])
    for cohort in config.get("cohorts", {}).values():
        assert load_manifest(cohort["dataset"]).loader in Loaders.names
    for word in config.get("panel", []):
        assert word.startswith("gene:") or load_signature(word).id == word
    if "aliases" in config:
        assert load_manifest(config["aliases"]).loader in Tables.names
    if "truth" in config:
        assert load_manifest(config["truth"]["dataset"]).loader in Tables.names
        assert config["truth"]["contrast"] in _contrasts_of(config["studies"][config["truth"]["study"]]["recipe"])


def _contrasts_of(recipe: str) -> set[str]:
    return {contrast.name for contrast in load_recipe(recipe).test.contrasts}


def test_every_workflow_has_a_config_of_its_own() -> None:
    assert {path.parent.name for path in WORKFLOWS.glob("*/Snakefile")} == {
        path.parts[-3] for path in CONFIGS if path.stem == "config"
    }


@pytest.mark.real_data
def test_every_mirrored_file_has_a_manifest(mirror: Path) -> None:
    listed = (mirror / "SHA256SUMS").read_text(encoding="utf-8").split("\n")
    recorded = {
        name.removeprefix("./"): digest for digest, _, name in (line.partition("  ") for line in listed) if name
    }
    verified = [manifest for manifest in DATASETS if not manifest.unverified]
    named = {str(file.location): file.sha256 for manifest in verified for file in manifest.files}
    held = {name: digest for name, digest in recorded.items() if "/" in name}
    assert held == {name: digest for name, digest in named.items() if name in held}
    assert set(named) <= set(held)
