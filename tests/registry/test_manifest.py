"""Manifests: every mirrored file is named, hashes agree, and what is wrong is refused in one line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from exomics.errors import RegistryError
from exomics.registry.manifest import all_manifests, load_manifest, location_of, read_manifest

VALID = """\
id: sample
version: "1"
title: A sample dataset
description: A dataset that exists only in this test.
loader: r_table
files:
  - {role: data, url: "https://example.org/folder/file.rda", sha256: %s, bytes: 3}
license: CC0
data_use: {terms: None needed., acknowledgment: Made for a test.}
first_checks: {n_rows: 1, n_columns: 1, values: [{row: 0, column: x, value: 1}]}
""" % ("a" * 64)

DESIGN_IDS = {
    "motrpac_gn_rna",
    "motrpac_gn_protein",
    "motrpac_gn_acetyl",
    "motrpac_gn_metabolite",
    "motrpac_gn_acetyl_native",
    "motrpac_wat_rna",
    "motrpac_physiology",
    "icb_hugo",
    "icb_kim",
    "icb_cho",
    "icb_mariathasan",
    "icb_miao",
    "icb_nathanson",
    "icb_padron",
    "icb_van_allen",
    "tcga_breast_mixomics",
    "tcga_acc_mini",
    "thyroid_mirit",
    "exscidata_hypertrophy",
    "exscidata_cycling",
    "swinton_mock",
    "ref_orthologs_babelgene",
    "ref_hgnc",
    "ref_mirbase",
    "ref_hallmark_7_0",
    "ref_mcpcounter",
    "ref_rat_to_human",
    "ref_rat_to_human_site",
}


def written(tmp_path: Path, text: str, name: str = "sample.yaml") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_the_ids_of_the_design_are_there_with_their_roles() -> None:
    known = {manifest.id: manifest for manifest in all_manifests()}
    assert set(known) >= DESIGN_IDS
    for ome in ("rna", "protein", "acetyl", "metabolite"):
        assert known[f"motrpac_gn_{ome}"].roles == ("data", "published")
    assert known["motrpac_gn_acetyl_native"].roles == ("ratios", "vial_metadata", "phenotypes")


def test_every_manifest_names_terms_acknowledgment_and_a_known_loader() -> None:
    from exomics.datasets.loaders import Loaders, Tables

    for manifest in all_manifests():
        assert manifest.loader in (*Loaders.names, *Tables.names), manifest.id
        assert manifest.terms, manifest.id
        assert manifest.acknowledgment, manifest.id
        assert len(manifest.sha256) == 64
        specs = Loaders if manifest.loader in Loaders.names else Tables
        assert set(manifest.options) <= set(specs[manifest.loader].parameters), manifest.id


@pytest.mark.real_data
def test_every_mirrored_file_is_named_and_agrees(mirror: Path) -> None:
    verified = [manifest for manifest in all_manifests() if not manifest.unverified]
    named = {str(file.location): file for manifest in verified for file in manifest.files}
    folder = mirror / "raw.githubusercontent.com"
    found = sorted(str(path.relative_to(mirror)) for path in folder.rglob("*") if path.is_file())
    assert len(found) == 56  # the mirror has three files of its own beside these
    assert set(found) == set(named)
    for location in found:
        content = (mirror / location).read_bytes()
        assert named[location].bytes == len(content), location
        assert named[location].sha256 == hashlib.sha256(content).hexdigest(), location


def test_a_valid_manifest_is_read(tmp_path: Path) -> None:
    manifest = read_manifest(written(tmp_path, VALID))
    assert manifest.roles == ("data",)
    assert str(manifest.file("data").location) == "example.org/folder/file.rda"
    with pytest.raises(RegistryError, match="dataset sample has no role 'published'; its roles are data"):
        manifest.file("published")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("license: CC0", "license: CC0\nlicence: CC0", r"sample\.yaml breaks its schema.*'licence' was unexpected"),
        ("loader: r_table\n", "", r"'loader' is a required property"),
        ("https://example.org/folder", "http://example.org/folder", r"files/0/url"),
        ("https://example.org/folder", "https://example.org/../folder", r"leaves its folder"),
        ("https://example.org/folder", "https://example.org/%2e%2e/folder", r"leaves its folder"),
        ("https://example.org/folder", "https://example.org//etc", r"leaves its folder"),
        ("https://example.org/folder", r"https://example.org/a\\..\\b", r"leaves its folder"),
        ("https://example.org/folder", "https://../folder", r"leaves its folder"),
        ("sha256: " + "a" * 64, "sha256: null", r"no sha256 or no bytes; give both, or declare `unverified: true`"),
        ("sha256: " + "a" * 64, "sha256: abc", r"files/0/sha256"),
        ("id: sample", "id: other", r"the id 'other' must be the name of the file, 'sample'"),
        ('version: "1"', 'version: "1"\nversion: "2"', r"the key 'version' is repeated"),
    ],
)
def test_a_wrong_manifest_is_refused_in_one_line(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = VALID.replace(old, new)
    assert text != VALID
    with pytest.raises(RegistryError, match=message) as caught:
        read_manifest(written(tmp_path, text))
    assert "\n" not in str(caught.value)
    assert "sample.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("second", "what"),
    [
        ('{role: data, url: "https://example.org/other.rda"', "the role data occurs twice"),
        ('{role: extra, url: "https://example.org/else/file.rda"', "the file name file.rda occurs twice"),
    ],
)
def test_repeated_roles_and_names_are_refused(second: str, what: str, tmp_path: Path) -> None:
    line = f"  - {second}, sha256: {'b' * 64}, bytes: 1}}\nlicense: CC0"
    with pytest.raises(RegistryError, match=what):
        read_manifest(written(tmp_path, VALID.replace("license: CC0", line)))


@pytest.mark.parametrize(
    "url", ["ftp://example.org/a", "https://example.org/a?x=1", "https://example.org/a#b", "file:///a"]
)
def test_only_pinned_https_addresses_have_a_location(url: str) -> None:
    with pytest.raises(RegistryError, match="expected a pinned https address"):
        location_of(url)


@pytest.mark.parametrize("dataset", ["../sample", "motrpac/gn", "Motrpac", "", "schemas/manifest.schema"])
def test_an_id_is_no_path(dataset: str) -> None:
    with pytest.raises(RegistryError, match="no dataset is called"):
        load_manifest(dataset)


def test_a_close_id_is_named() -> None:
    with pytest.raises(RegistryError, match=r"no dataset is called 'icb_hugoo'; did you mean icb_hugo"):
        load_manifest("icb_hugoo")


def test_an_unverified_manifest_needs_no_checks_and_a_verified_one_does(tmp_path: Path) -> None:
    unchecked = VALID[: VALID.index("first_checks:")]
    with pytest.raises(RegistryError, match="first_checks"):
        read_manifest(written(tmp_path, unchecked))
    text = unchecked.replace("sha256: " + "a" * 64, "sha256: null").replace("files:", "unverified: true\nfiles:", 1)
    found = read_manifest(written(tmp_path, text))
    assert found.unverified
    assert found.first_checks == {}
