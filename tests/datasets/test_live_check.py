"""The live check says kindly that there is no network, and tells an address that moved from one that is well."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from exomics.datasets import _transfer
from exomics.errors import FetchError
from exomics.registry.manifest import load_manifest
from tests import live_check


def test_without_a_network_it_fails_kindly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def refuse(address: str, *_: object) -> None:
        raise FetchError(f"{address} cannot be fetched after 3 attempts (no answer)")

    monkeypatch.setenv("EXOMICS_MIRROR", "somewhere")
    monkeypatch.setattr(_transfer, "_download", refuse)
    assert live_check.main() == 2
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert said[0].startswith("unreachable  ref_hallmark_7_0")
    assert "no public source can be reached from here" in said[1]
    assert os.environ["EXOMICS_MIRROR"] == "somewhere"


@pytest.mark.real_data
def test_what_is_served_is_read_and_what_changed_is_broken(
    mirror: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    altered = load_manifest("ref_mcpcounter").files[0].url

    def serve(address: str, target: Path, *_: object) -> None:
        shutil.copyfile(mirror / address.removeprefix("https://"), target)
        if address == altered:
            target.write_bytes(b"another file")

    monkeypatch.setattr(_transfer, "_download", serve)
    assert live_check.main(["ref_hallmark_7_0", "swinton_mock", "ref_mcpcounter"]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said] == ["ok", "ok", "broken"]
    assert "is not the file of its manifest" in said[2]
    assert live_check.main(["ref_hallmark_7_0"]) == 0


def test_every_dataset_of_the_check_exists() -> None:
    assert [load_manifest(name).id for name in live_check.DATASETS] == list(live_check.DATASETS)
    assert {load_manifest(name).unverified for name in live_check.DATASETS} == {True, False}
