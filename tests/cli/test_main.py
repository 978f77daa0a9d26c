"""The command line: its table, its exit codes, its quick start."""

from __future__ import annotations

import argparse
import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import exomics.cli
from exomics.cli import main as command_line
from exomics.errors import InputError

FOLDER = Path(exomics.cli.__file__).parent


def test_the_table_of_commands_is_the_modules_of_the_folder() -> None:
    modules = {path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_") and path.stem != "main"}
    assert set(command_line.COMMANDS) == modules


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_every_command_explains_itself_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert "example" in text
    assert f"exomics {name}" in text.split("example", 1)[1]


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(f"  {name} " in text for name in command_line.COMMANDS)


@pytest.mark.parametrize("name", command_line.COMMANDS)
def test_help_tells_every_default_as_it_is(name: str) -> None:
    """Once, by the parser: a default that is written by hand goes stale."""
    parser = command_line.build_parser(name)
    shown = " ".join(parser.format_help().split())
    for action in parser._actions:
        value = action.default
        if not action.option_strings or value in (None, "", [], argparse.SUPPRESS) or isinstance(value, bool):
            continue
        words = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        by_hand = re.search(r"\(default:? ([^)]+)\)", action.help or "")
        assert by_hand is None or by_hand[1] != words, action.option_strings
        assert by_hand or f"(default: {words})" in shown, action.option_strings


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("score", "-o FILE"),
        ("publish", "-o DIR"),
        ("score", "[--seed N]"),
        ("associate", "[--horizon MONTHS]"),
        ("axes", "signatures, and numeric columns of obs (default: ctl.stroma)"),
        ("power", "of the simulation (default: 0)"),
        ("run", "jobs at a time (default: all cores)"),
    ],
)
def test_help_says_what_an_option_takes(name: str, told: str) -> None:
    assert told in " ".join(command_line.build_parser(name).format_help().split())


def test_no_arguments_and_unknown_commands_are_usage_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main([]) == 2
    assert command_line.main(["divine"]) == 2
    assert "there is no command 'divine'" in capsys.readouterr().err


def test_a_users_error_is_one_line_and_exit_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise InputError("expected this; got that;\n do the other")

    monkeypatch.setattr("exomics.cli.doctor.run", fail)
    assert command_line.main(["doctor"]) == 2
    assert capsys.readouterr().err == "exomics: expected this; got that; do the other\n"


def test_our_error_is_a_traceback_the_address_and_exit_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("exomics.cli.doctor.run", fail)
    assert command_line.main(["doctor"]) == 1
    error = capsys.readouterr().err
    assert "ZeroDivisionError: oops" in error
    assert command_line.ISSUES in error


def test_start_up_imports_no_heavy_package() -> None:
    heavy = ("scanpy", "anndata", "pydeseq2", "statsmodels", "sklearn", "gseapy", "matplotlib", "pandas", "numpy")
    code = (
        "import sys, exomics, exomics.cli.main as m; m.main(['--help']); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("[]")


def test_fetch_imports_no_container_library() -> None:
    code = (
        "import sys, exomics.cli.main as m; m.build_parser('fetch'); "
        "print([n for n in ('pandas', 'anndata', 'numpy', 'scipy', 'requests') if n in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_only_the_first_import_of_a_command_is_not_searched_for_garbage() -> None:
    code = (
        "import gc, exomics.cli.main as m; m.command_module('fetch'); first = gc.get_freeze_count(), gc.isenabled(); "
        "m.command_module('fetch'); print(first[0] > 10_000, first[1], gc.get_freeze_count() <= first[0]); "
        "gc.disable(); m.command_module('cite'); print(gc.isenabled())"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split() == ["True", "True", "True", "False"]


def test_commands_import_at_the_top_of_their_file() -> None:
    for path in FOLDER.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        kinds = ast.Import | ast.ImportFrom
        hidden = [path.name for function in functions for node in ast.walk(function) if isinstance(node, kinds)]
        hidden += [
            path.name for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom)
        ]
        assert not hidden
