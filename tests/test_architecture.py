"""The shape of the house: layers, sizes, imports, and what must never enter the repository."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "exomics"
MODULES = sorted(PACKAGE.rglob("*.py"))
HEAVY = (
    "numpy", "scipy", "numba", "pandas", "anndata", "mudata", "scanpy", "sklearn", "statsmodels", "lifelines",
    "gseapy", "pydeseq2", "matplotlib", "plotly", "polars", "jinja2", "rdata", "pooch", "rich", "snakemake", "yaml",
)  # fmt: skip

# Imports inside functions: what is rare, and would cost every caller of the module.
LAZY_IMPORTS = {
    ("datasets/_transfer.py", "pooch"),
    ("datasets/_transfer.py", "rich"),
    ("datasets/loaders/_workbooks.py", "polars"),
    ("differential/methods/pydeseq2_wald.py", "pydeseq2"),
    ("enrichment/methods/gseapy_prerank.py", "gseapy"),
    ("scoring/methods/gseapy_gsva.py", "gseapy"),
    ("scoring/methods/gseapy_ssgsea.py", "gseapy"),
    ("stats/multilevel_meta_analysis.py", "scipy"),
}
LARGEST_FILE = 320_000  # bytes; the largest is the embedded study's table of genes
BINARY_OR_DATA = (
    ".rda", ".rdata", ".rds", ".h5ad", ".h5mu", ".h5", ".loom", ".mtx", ".npz", ".npy", ".pkl", ".pickle", ".joblib",
    ".parquet", ".feather", ".xlsx", ".zip", ".tar", ".bam", ".so", ".whl",
)  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


@cache
def _trees() -> list[tuple[str, ast.Module]]:
    return [(path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in MODULES]


def _length(function: Function) -> int:
    """Lines of the function, from `def`, without its docstring."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        said = function.body[0]
        lines -= (said.end_lineno or said.lineno) - said.lineno + 1
    return lines


def _count_arguments(function: Function) -> int:
    listed = [*function.args.posonlyargs, *function.args.args]
    own = 1 if listed and listed[0].arg in ("self", "cls") else 0
    return len(listed) - own + len(function.args.kwonlyargs)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files of the repository; those that are not ignored, where git is not there."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        pytest.skip("this is no git checkout")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def _texts(paths: list[Path]) -> Iterator[tuple[str, str]]:
    for path in paths:
        try:
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def test_layers_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    ran = subprocess.run([*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", ran.stdout)


def test_nothing_is_imported_inside_a_function() -> None:
    found = set()
    for name, tree in _trees():
        for function in _functions(tree):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    found |= {(name, alias.name.split(".")[0]) for alias in node.names}
                elif isinstance(node, ast.ImportFrom):
                    found.add((name, (node.module or "").split(".")[0]))
    assert found == LAZY_IMPORTS


def test_modules_are_loaded_by_name_only_in_the_lazy_tables() -> None:
    users = {path.relative_to(PACKAGE).as_posix() for path in MODULES if "import_module" in path.read_text("utf-8")}
    assert users == {"__init__.py", "cli/main.py", "datasets/__init__.py", "scoring/__init__.py"}


def test_files_are_small() -> None:
    lines = {path.relative_to(PACKAGE).as_posix(): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {name: n for name, n in lines.items() if n > 300} == {}


def test_functions_are_small_and_take_few_arguments() -> None:
    found = [(f"{name}: {function.name}", function) for name, tree in _trees() for function in _functions(tree)]
    assert {name: _length(function) for name, function in found if _length(function) > 40} == {}
    assert {name: _count_arguments(function) for name, function in found if _count_arguments(function) > 7} == {}


@pytest.mark.parametrize(
    "code",
    [
        "import exomics",
        "import exomics; dir(exomics); exomics.errors",
        "from exomics.cli.main import main; main(['--help'])",
        "from exomics.cli.main import main; main(['--version'])",
        "from exomics.cli.main import main; main(['divine'])",
    ],
)
def test_starting_imports_nothing_heavy(code: str) -> None:
    check = f"import sys; {code}; print([name for name in {HEAVY!r} if name in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "[]"


def test_each_subpackage_is_reached_from_the_top() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    code = f"import exomics; print([exomics.__getattr__(name).__name__ for name in {sorted(folders - {'cli'})!r}])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.count("exomics.") == len(folders) - 1


def test_only_the_command_line_prints() -> None:
    def prints(tree: ast.Module) -> bool:
        calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
        return any(isinstance(called, ast.Name) and called.id == "print" for called in calls)

    assert [name for name, tree in _trees() if prints(tree) and not name.startswith("cli/")] == []


def test_nothing_is_unpickled_or_evaluated() -> None:
    forbidden = re.compile(
        r"\bpickle\b|\bjoblib\b|\bmarshal\b|\bshelve\b|(?<![.\w])eval\(|(?<![.\w])exec\(|yaml\.load\("
    )
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in MODULES
        for match in forbidden.finditer(path.read_text(encoding="utf-8"))
    ]
    assert found == ["exomics/registry/document.py: yaml.load("]  # with our SafeLoader that refuses repeated keys


def test_only_the_layers_that_may_touch_files() -> None:
    readers = re.compile(r"\.(?:read_text|read_bytes|write_text|write_bytes|open|read_csv|to_csv|unlink|mkdir)\(")
    allowed = ("cli/", "publish/", "datasets/", "registry/", "results/", "_files.py", "_resources.py")
    found = {
        path.relative_to(PACKAGE).as_posix() for path in MODULES if readers.search(path.read_text(encoding="utf-8"))
    }
    assert {name for name in found if not name.startswith(allowed)} == set()


def test_no_path_of_a_machine_and_no_package_host(tracked: list[Path]) -> None:
    home = r"/(?:home|root|Users|work|workspace|mnt)/\w"
    hosts = r"pypi\.org|pythonhosted|anaconda\.(?:org|com)|artifactory|jfrog|--index-url|--find-links"
    machine = re.compile(f"{home}|{hosts}")
    own = Path(__file__).resolve()
    found = [
        f"{name}: {match.group()}"
        for name, text in _texts([path for path in tracked if path != own])
        for match in machine.finditer(text)
    ]
    assert found == []


def test_nothing_is_left_for_later(tracked: list[Path]) -> None:
    words = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    own = Path(__file__).resolve()
    found = [
        f"{name}: {match.group()}"
        for name, text in _texts([path for path in tracked if path != own])
        for match in words.finditer(text)
    ]
    assert found == []


def test_no_fetched_data_in_the_repository(tracked: list[Path]) -> None:
    large = {path.name: size for path in tracked if (size := path.stat().st_size) > LARGEST_FILE}
    assert large == {}
    binary = [path for path in tracked if path.name.lower().endswith(BINARY_OR_DATA)]
    made = [path for path in binary if (path.parent / "generate.R").is_file() and path.stat().st_size < 2000]
    assert [path.name for path in binary if path not in made] == []


@pytest.mark.real_data
def test_no_tracked_file_is_a_copy_of_a_mirrored_one(tracked: list[Path], mirror: Path) -> None:
    sizes = {path.stat().st_size: path for path in mirror.rglob("*") if path.is_file() and path.stat().st_size > 0}
    same = [path.name for path in tracked if (found := sizes.get(path.stat().st_size)) and _equal(path, found)]
    assert same == []


def _equal(left: Path, right: Path) -> bool:
    return left.read_bytes() == right.read_bytes()


def test_every_tracked_script_says_how_it_is_run(tracked: list[Path]) -> None:
    runnable = [path for path in tracked if os.access(path, os.X_OK)]
    assert [path.name for path in runnable if not path.read_bytes().startswith(b"#!")] == []
