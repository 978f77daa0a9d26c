"""Fetch: cache, mirror and address in this order; nothing unverified is ever left in place."""

from __future__ import annotations

import hashlib
import http.server
import json
import multiprocessing
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from exomics.datasets import fetch as fetch_package
from exomics.datasets.fetch import fetch
from exomics.errors import FetchError, RegistryError
from exomics.registry import manifest as manifest_module
from exomics.registry.manifest import Manifest, ManifestFile

CONTENT = b"gene\tvalue\nA\t1\n"
LOCATION = "example.org/release/table.tsv"
FETCH_MODULE = sys.modules["exomics.datasets.fetch"]


def manifest_of(content: bytes | None = CONTENT, **changed: object) -> Manifest:
    known = content is not None
    digest = hashlib.sha256(content).hexdigest() if known else None
    file = ManifestFile(role="data", url=f"https://{LOCATION}", sha256=digest, bytes=len(content) if known else None)
    fields = {
        "id": "sample",
        "version": "1",
        "title": "sample",
        "description": "",
        "loader": "delimited_table",
        "files": (file,),
        "license": "CC0",
        "terms": "Cite it",
        "acknowledgment": "None.",
        "first_checks": {},
        "unverified": not known,
    }
    return Manifest(**{**fields, **changed})


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Manifest], Path]:
    """Declare the dataset `sample` and give it a cache and no mirror."""
    monkeypatch.setenv("EXOMICS_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("EXOMICS_MIRROR", raising=False)
    monkeypatch.delenv("EXOMICS_OFFLINE", raising=False)

    def declare(manifest: Manifest) -> Path:
        monkeypatch.setattr(FETCH_MODULE, "load_manifest", lambda dataset: manifest)
        return tmp_path / "cache" / "files" / LOCATION

    return declare


@pytest.fixture
def mirror_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A mirror folder that holds the file; returns where."""
    file = tmp_path / "mirror" / LOCATION
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    return file


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path, list[str]]]:
    """A server on loopback: its address, its folder, and the paths it was asked for."""
    folder = tmp_path / "served"
    folder.mkdir()
    asked: list[str] = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(folder))

        def do_GET(self) -> None:
            asked.append(self.path)
            super().do_GET()

        def log_message(self, *arguments: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", folder, asked
        running.shutdown()
        thread.join()


def left_behind(place: Path) -> list[str]:
    return sorted(path.name for path in place.parent.iterdir()) if place.parent.is_dir() else []


def test_the_mirror_serves_and_the_cache_keeps(
    declared: Callable[[Manifest], Path], mirror_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    assert fetch("sample") == {"data": place}
    assert place.read_bytes() == CONTENT
    mirror_folder.unlink()
    assert fetch("sample", offline=True) == {"data": place}
    assert left_behind(place) == ["table.tsv"]


def test_copies_go_where_they_are_asked(
    declared: Callable[[Manifest], Path], mirror_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    found = fetch("sample", to=tmp_path / "here")
    assert found == {"data": tmp_path / "here" / "table.tsv"}
    assert found["data"].read_bytes() == CONTENT


def test_an_altered_cached_file_is_an_error_and_is_deleted(
    declared: Callable[[Manifest], Path], mirror_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    fetch("sample")
    altered = CONTENT.replace(b"1", b"2")
    place.write_bytes(altered)
    expected = hashlib.sha256(CONTENT).hexdigest()
    got = hashlib.sha256(altered).hexdigest()
    with pytest.raises(FetchError, match=rf"table\.tsv of dataset sample from the cache .*{expected}.*{got}.*deleted"):
        fetch("sample")
    assert not place.exists()
    assert fetch("sample")["data"].read_bytes() == CONTENT


@pytest.mark.parametrize("wrong", [CONTENT[:-5], CONTENT + b"x", b"", CONTENT.replace(b"A", b"B")])
def test_a_truncated_or_altered_source_leaves_nothing(
    wrong: bytes,
    declared: Callable[[Manifest], Path],
    mirror_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    place = declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    mirror_folder.write_bytes(wrong)
    with pytest.raises(FetchError, match=rf"is not the file of its manifest: expected {len(CONTENT)} bytes") as caught:
        fetch("sample")
    assert f"got {len(wrong)} bytes" in str(caught.value)
    assert left_behind(place) == []


def test_offline_without_the_file_says_what_to_do(declared: Callable[[Manifest], Path]) -> None:
    declared(manifest_of())
    with pytest.raises(FetchError, match=r"not in the cache and the run is offline; .*EXOMICS_MIRROR.*" + LOCATION):
        fetch("sample", offline=True)


def test_offline_from_the_environment(declared: Callable[[Manifest], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    declared(manifest_of())
    monkeypatch.setenv("EXOMICS_OFFLINE", "1")
    with pytest.raises(FetchError, match="the run is offline"):
        fetch("sample")


def test_a_mirror_that_is_nothing_is_named(
    declared: Callable[[Manifest], Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "absent"))
    with pytest.raises(FetchError, match="which is no folder and no https:// address"):
        fetch("sample")


def test_a_mirror_may_be_an_address(
    declared: Callable[[Manifest], Path], server: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder, asked = server
    place = declared(manifest_of())
    served = folder / LOCATION
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT)
    monkeypatch.setenv("EXOMICS_MIRROR", address + "/")
    assert fetch("sample", progress=False)["data"].read_bytes() == CONTENT
    assert fetch("sample", progress=False) == {"data": place}
    assert asked == [f"/{LOCATION}"]


def test_a_truncated_download_leaves_nothing(
    declared: Callable[[Manifest], Path], server: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, folder, _ = server
    place = declared(manifest_of())
    served = folder / LOCATION
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT[:6])
    monkeypatch.setenv("EXOMICS_MIRROR", address)
    with pytest.raises(FetchError, match=rf"from {address}/{LOCATION} is not the file of its manifest.*got 6 bytes"):
        fetch("sample", progress=False)
    assert left_behind(place) == []


def test_a_missing_address_is_not_asked_thrice(
    declared: Callable[[Manifest], Path], server: tuple[str, Path, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _, asked = server
    place = declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", address)
    with pytest.raises(FetchError, match=r"cannot be fetched after 1 attempts .*404.*EXOMICS_MIRROR"):
        fetch("sample", progress=False)
    assert len(asked) == 1
    assert left_behind(place) == []


def test_the_bar_is_drawn_only_where_it_is_asked_for(
    declared: Callable[[Manifest], Path],
    server: tuple[str, Path, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address, folder, _ = server
    place = declared(manifest_of())
    served = folder / LOCATION
    served.parent.mkdir(parents=True)
    served.write_bytes(CONTENT)
    monkeypatch.setenv("EXOMICS_MIRROR", address)
    fetch("sample", progress=False)
    assert capsys.readouterr().err == ""
    place.unlink()
    fetch("sample", progress=True)
    assert "sample: table.tsv" in capsys.readouterr().err


def test_a_line_is_logged_elsewhere(
    declared: Callable[[Manifest], Path],
    mirror_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    declared(manifest_of())
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    with caplog.at_level("INFO", logger="exomics.fetch"):
        fetch("sample", progress=False)
    assert [record.message for record in caplog.records] == [f"fetching sample: table.tsv from {mirror_folder}"]


def test_a_restricted_dataset_needs_the_flag(
    declared: Callable[[Manifest], Path], mirror_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    declared(manifest_of(access="non-commercial use only"))
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    with pytest.raises(FetchError, match=r"restricted \(non-commercial use only\); its terms: Cite it.*--accept-terms"):
        fetch("sample")
    assert fetch("sample", accept_terms=True)["data"].read_bytes() == CONTENT


def test_an_unverified_file_is_locked_to_its_first_hash(
    declared: Callable[[Manifest], Path],
    mirror_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = declared(manifest_of(None))
    monkeypatch.setenv("EXOMICS_MIRROR", str(tmp_path / "mirror"))
    fetch("sample")
    assert "is unverified: its bytes were never seen here" in caplog.text
    lock = json.loads((tmp_path / "cache" / "lock.json").read_text())
    assert lock == {f"https://{LOCATION}": hashlib.sha256(CONTENT).hexdigest()}
    place.unlink()
    mirror_folder.write_bytes(CONTENT + b"more")
    with pytest.raises(FetchError, match=r"\(as first fetched\)"):
        fetch("sample")
    assert not place.exists()
    assert not (tmp_path / "cache" / "lock.lock").exists()


def test_only_the_roles_asked_for(declared: Callable[[Manifest], Path]) -> None:
    declared(manifest_of())
    with pytest.raises(RegistryError, match=r"dataset sample has no role 'extra'; its roles are data"):
        fetch("sample", roles=["extra"])


def _fetch_many(cache: str, mirror: str, rounds: int) -> None:
    os.environ.update(EXOMICS_CACHE=cache, EXOMICS_MIRROR=mirror)
    FETCH_MODULE.load_manifest = lambda dataset: manifest_of(CONTENT * 1000)  # type: ignore[attr-defined]
    for _ in range(rounds):
        place = fetch("sample", progress=False)["data"]
        assert place.read_bytes() == CONTENT * 1000


def test_two_processes_at_once(mirror_folder: Path, tmp_path: Path) -> None:
    mirror_folder.write_bytes(CONTENT * 1000)
    context = multiprocessing.get_context("spawn")
    arguments = (str(tmp_path / "cache"), str(tmp_path / "mirror"), 20)
    runs = [context.Process(target=_fetch_many, args=arguments) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [run.exitcode for run in runs] == [0, 0]


def test_fetching_imports_no_container_library() -> None:
    """`exomics fetch` of a cached dataset stays quick: nothing of the numerical stack is imported."""
    heavy = {"numpy", "pandas", "anndata", "mudata", "scipy", "rdata", "pooch", "rich", "requests"}
    code = (
        "import sys\n"
        "from exomics.datasets import cache_folder, fetch\n"
        "from exomics.registry.manifest import all_manifests\n"
        "all_manifests()\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_fetch_is_the_function_whatever_was_imported_before() -> None:
    assert callable(fetch_package)
    assert fetch_package is fetch
    assert manifest_module.load_manifest is not None
