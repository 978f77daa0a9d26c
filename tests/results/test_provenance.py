"""Provenance: everything needed to make a table again, and nothing of the machine."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from exomics.errors import InputError
from exomics.results import Provenance
from exomics.results.provenance import installed_versions, sidecar_of

FULL = Provenance(
    method="limma_voom",
    parameters={"robust": True, "prior": None, "span": 0.5, "steps": [{"step": "tmm"}]},
    inputs=({"name": "muscle", "sha256": "0" * 64, "manifest": "motrpac_gn_rna"},),
    seed=20260101,
    notes=("prior stops where R's search stops",),
    acknowledgments=("Thank the source.", "Und Grüße."),
    step={"command": ["load", "x", "-o", "{output:0}"], "inputs": [], "outputs": [{"path": "x.h5ad"}]},
)


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    FULL.write(tmp_path / "table.tsv")
    assert Provenance.read(tmp_path / "table.tsv") == FULL
    assert sidecar_of(tmp_path / "table.tsv").name == "table.tsv.provenance.json"


def test_the_same_provenance_gives_the_same_bytes() -> None:
    again = Provenance(**{**vars(FULL), "parameters": dict(reversed(list(FULL.parameters.items())))})
    assert again.to_json() == FULL.to_json()
    assert json.loads(FULL.to_json())["seed"] == 20260101


def test_it_names_versions_and_no_machine_and_no_time() -> None:
    versions = installed_versions()
    assert set(versions) == {"exomics", "numpy", "scipy", "numba", "pandas", "anndata"}
    assert installed_versions(["no-such-package"]) == {"exomics": versions["exomics"]}
    assert str(Path.home()) not in FULL.to_json()
    assert not {"time", "date", "host", "user", "platform"} & set(json.loads(FULL.to_json()))


def test_numbers_of_numpy_are_written_as_numbers() -> None:
    told = json.loads(Provenance(method="x", parameters={"n": np.int64(3), "x": np.float64(0.5)}).to_json())
    assert told["parameters"] == {"n": 3, "x": 0.5}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"method": "x"}', json.dumps({**json.loads(FULL.to_json()), "more": 1})]
)
def test_a_malformed_sidecar_is_refused(text: str, tmp_path: Path) -> None:
    sidecar_of(tmp_path / "t.tsv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="is not a provenance document"):
        Provenance.read(tmp_path / "t.tsv")


def test_no_sidecar_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no provenance beside it"):
        Provenance.read(tmp_path / "t.tsv")


def test_a_step_is_added_without_touching_the_old_one() -> None:
    stepped = Provenance(method="x").with_step({"command": ["load"]})
    assert stepped.step == {"command": ["load"]}
    assert Provenance(method="x").step == {}
