"""One route: a rule of a workflow is one command, a command is one verb of the library."""

from __future__ import annotations

import argparse
import ast
import importlib
import inspect
import io
import json
import re
import shlex
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from exomics._resources import registry_folder
from exomics.cli.main import COMMANDS, build_parser
from exomics.datasets import Loaders
from exomics.registry.derivation_rule import load_derivation_rule
from exomics.registry.document import parse_yaml
from exomics.registry.manifest import load_manifest

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = registry_folder("workflows")
NAMES = sorted(path.parent.name for path in WORKFLOWS.glob("*/Snakefile"))
RULE_FILES = sorted([*WORKFLOWS.glob("*/Snakefile"), *WORKFLOWS.glob("*/rules/*.smk")])
CONFIGS = sorted(WORKFLOWS.glob("*/config/*.yaml"))
EXOMICS = "{params.exomics:q}"


def _shell_of_rules(path: Path) -> Iterator[tuple[str, str]]:
    """Name and shell text of each rule; "" for a rule that only collects others."""
    tokens = list(tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline))
    for at, token in enumerate(tokens):
        if token.string != "rule" or tokens[at + 1].type != tokenize.NAME or tokens[at + 2].string != ":":
            continue
        name, shell, depth, reading = tokens[at + 1].string, [], 0, False
        for inner in tokens[at + 3 :]:
            depth += (inner.type == tokenize.INDENT) - (inner.type == tokenize.DEDENT)
            if inner.type == tokenize.DEDENT and depth == 0:
                break
            reading = inner.string == "shell" or (reading and not (inner.type == tokenize.DEDENT and depth < 2))
            if reading and inner.type == tokenize.STRING:
                shell.append(ast.literal_eval(inner.string))
        yield name, "".join(shell)


RULES = [(path, name, shell) for path in RULE_FILES for name, shell in _shell_of_rules(path)]
SHELLS = [pytest.param(shell, id=f"{path.parts[-2]}-{path.stem}-{name}") for path, name, shell in RULES if shell]


def _options(parser: argparse.ArgumentParser) -> set[str]:
    return {word for action in parser._actions for word in action.option_strings}


def _parsed(words: list[str], monkeypatch: pytest.MonkeyPatch) -> argparse.Namespace:
    """The command's arguments, as if every file were there."""
    monkeypatch.setattr(Path, "exists", lambda *_, **__: True)
    return build_parser(words[0]).parse_args(words[1:])


def test_every_rule_is_found() -> None:
    text = "\n".join(path.read_text(encoding="utf-8") for path in RULE_FILES)
    assert len(RULES) == len(re.findall(r"^\s*rule \w+:$", text, flags=re.MULTILINE)) > 0
    assert {name for _, name, shell in RULES if not shell} == {"all"}


def test_rules_run_nothing_but_shell() -> None:
    directives = re.compile(r"^\s*(?:run|script|notebook|wrapper|cwl|template_engine)\s*:", flags=re.MULTILINE)
    assert [path.name for path in RULE_FILES if directives.search(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_a_rule_is_one_command(shell: str) -> None:
    words = shell.split()
    assert words[0] == EXOMICS
    assert shell.count(EXOMICS) == 1
    assert re.search(r"[|;&`]|\$\(", shell) is None
    assert words[1] in COMMANDS
    known = _options(build_parser(words[1]))
    assert [word for word in words[2:] if word.startswith("-") and word not in known] == []


@pytest.mark.parametrize("shell", SHELLS)
def test_every_value_of_a_rule_is_quoted(shell: str) -> None:
    """A value from a config becomes one word of the shell, whatever is in it; numbers need no quotes."""
    assert set(re.findall(r"\{([\w.]+)\}", shell)) <= {"params.controls", "params.seed", "params.horizon"}


@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_the_commands_of_a_workflow_parse(config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The words that Snakemake would hand to the shell, each job of the whole workflow."""
    commands = _commands_of(config.parent.parent, config, tmp_path)
    ran = {words[0] for words in commands}
    assert {"load", "report"} < ran <= set(COMMANDS)
    assert ran & {"differential", "stratify"}
    for words in commands:
        _parsed(words, monkeypatch)


def test_a_value_of_a_config_stays_one_word(tmp_path: Path) -> None:
    folder = WORKFLOWS / "exercise_response"
    config = parse_yaml((folder / "config" / "simulated.yaml").read_bytes(), "simulated")
    config["title"] = '5\' of "x" $(touch made) `touch made`; {input} * ~'
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config), encoding="utf-8")
    published = next(words for words in _commands_of(folder, path, tmp_path) if words[0] == "publish")
    assert published[published.index("--title") + 1] == config["title"]


def _commands_of(folder: Path, config: Path, directory: Path) -> list[list[str]]:
    """Words of each command that a workflow would run."""
    words = ["-m", "snakemake", "--snakefile", folder / "Snakefile", "--configfile", config, "-d", directory]
    words += ["--dry-run", "--printshellcmds", "--nocolor", "--cores", "1"]
    ran = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    mark = " -m exomics "
    lines = [line.partition(mark)[2] for line in (ran.stdout + ran.stderr).splitlines() if mark in line]
    return [shlex.split(line.partition(" > ")[0]) for line in lines]


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_registers_runs_and_documents_itself(name: str) -> None:
    module = importlib.import_module(f"exomics.cli.{name}")
    assert list(inspect.signature(module.register).parameters) == ["parser"]
    assert list(inspect.signature(module.run).parameters) == ["arguments"]
    assert [action.dest for action in build_parser(name)._actions if not action.help] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_parse(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    said = (importlib.import_module(f"exomics.cli.{name}").__doc__ or "").replace("\\\n", " ")
    examples = [line.strip() for line in said.splitlines() if line.strip().startswith(f"exomics {name}")]
    assert examples
    for example in examples:
        _parsed(shlex.split(example)[1:], monkeypatch)


def test_the_commands_of_the_readme_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.startswith("    exomics ")]
    assert len(lines) > 10
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        arguments = _parsed(words, monkeypatch)
        if words[0] == "derive":
            assert load_derivation_rule(arguments.rule)
        if words[0] == "fetch" or (words[0] == "load" and arguments.dataset):
            assert load_manifest(arguments.dataset)
        elif words[0] == "load":
            assert arguments.loader in Loaders.names


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_computes_nothing_itself(name: str) -> None:
    path = ROOT / "exomics" / "cli" / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    numerical = ("numpy", "scipy", "sklearn", "statsmodels", "lifelines")
    assert [module for module in imported if module.split(".")[0] in numerical] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_workflow_has_its_parts(name: str) -> None:
    folder = WORKFLOWS / name
    assert (folder / "config" / "config.yaml").is_file()
    schema = parse_yaml((folder / "schemas" / "config.schema.yaml").read_bytes(), name)
    assert schema["additionalProperties"] is False
    text = (folder / "Snakefile").read_text(encoding="utf-8")
    assert 'validate(config, "schemas/config.schema.yaml")' in text
    assert "default_target: True" in text


def test_the_root_picks_a_workflow(tmp_path: Path) -> None:
    words = ["-m", "snakemake", "--snakefile", ROOT / "Snakefile", "-d", tmp_path, "--dry-run", "--cores", "1"]
    words += ["--quiet", "rules", "--config", "workflow=reproduce_motrpac"]
    ran = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "compare" in ran.stdout + ran.stderr
