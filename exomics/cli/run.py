"""Run a whole workflow with Snakemake.

Without --configfile the workflow's own config is used: the real study (its files are fetched, or read from
EXOMICS_MIRROR). `--configfile simulated` is the embedded study and needs no network. An interrupted run resumes.

example:
  exomics run exercise_response --configfile simulated -d results/demo
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from pathlib import Path

from exomics._resources import registry_folder
from exomics.cli._snakemake import call
from exomics.errors import InputError, MissingExtraError, UserError
from exomics.registry.document import check_schema, parse_yaml


def register(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("workflow", choices=workflows(), metavar="WORKFLOW", help=f"one of {', '.join(workflows())}")
    parser.add_argument(
        "-d", "--directory", type=Path, default=Path(), metavar="DIR", help="folder to work in (default: here)"
    )
    parser.add_argument(
        "--configfile", metavar="FILE|NAME", help="a file, or the name of a config that the workflow brings (simulated)"
    )
    parser.add_argument("--cores", type=int, default=os.cpu_count() or 1, help="jobs at a time (default: all cores)")
    parser.add_argument("--profile", help="a Snakemake profile: a folder, or the name of one the workflow brings")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")
    parser.add_argument("--verbose", action="store_true", help="show Snakemake's own messages")


def run(arguments: argparse.Namespace) -> None:
    """Check the config, call Snakemake, and say where the results are."""
    if importlib.util.find_spec("snakemake") is None:
        raise MissingExtraError("this command needs Snakemake; install it with: pip install 'exomics[workflow]'.")
    defaults = check_config(arguments)
    if arguments.cores < 1:
        raise InputError(f"--cores must be 1 or more; got {arguments.cores}.")
    if defaults:
        print(f"not in the config, so by default: {defaults}")
    command = snakemake_command(arguments)
    status = call(command, arguments.directory, verbose=arguments.verbose or arguments.dry_run)
    if status:
        raise UserError(
            f"the workflow stopped (Snakemake's exit {status}); the first error above says why. "
            "Mend it and run the same command again: finished steps are kept."
        )
    if not arguments.dry_run:
        _say(arguments.directory / "results")


def _say(results: Path) -> None:
    """The findings, and where everything is."""
    print((results / "SUMMARY.txt").read_text(encoding="utf-8"))
    verified = results / "verified.txt"
    if verified.is_file():
        print(f"package           {results / 'package'} ({verified.read_text(encoding='utf-8').splitlines()[-1]})")
        print(f"signature table   {results / 'package' / 'members.tsv'}")
    print(f"report            {results / 'report.html'}")
    print(f"what steps told   {results / 'logs'}")


def check_config(arguments: argparse.Namespace) -> str:
    """Check the config against the workflow's schema, so that what is wrong is one line; say what it leaves out."""
    folder = registry_folder("workflows") / arguments.workflow
    path, schema = _config(folder, arguments.configfile, arguments.directory), folder / "schemas" / "config.schema.yaml"
    config = parse_yaml(path.read_bytes(), str(path))
    check_schema(config, schema, str(path))
    known = parse_yaml(schema.read_bytes(), str(schema))["properties"]
    left = {name: entry["default"] for name, entry in known.items() if entry.get("default") and name not in config}
    return "; ".join(f"{name}: {_words(value)}" for name, value in left.items())


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def workflows() -> tuple[str, ...]:
    """Names of the workflows that this installation holds."""
    return tuple(sorted(path.parent.name for path in registry_folder("workflows").glob("*/Snakefile")))


def snakemake_command(arguments: argparse.Namespace) -> list[str]:
    """The Snakemake call of one run."""
    folder = registry_folder("workflows") / arguments.workflow
    words = [sys.executable, "-m", "snakemake", "--snakefile", str(folder / "Snakefile")]
    words += ["--directory", str(arguments.directory), "--cores", str(arguments.cores)]
    words += ["--configfile", str(_config(folder, arguments.configfile, arguments.directory)), "--rerun-incomplete"]
    words += [] if arguments.verbose else ["--quiet", "host", "reason"]
    if arguments.profile:
        bundled = folder / "profiles" / arguments.profile
        words += ["--profile", str(bundled if bundled.is_dir() else arguments.profile)]
    return words + (["--dry-run"] if arguments.dry_run else [])


def _config(folder: Path, name: str | None, directory: Path) -> Path:
    bundled = folder / "config" / f"{name or 'config'}.yaml"
    if bundled.is_file():
        return bundled
    for candidate in (Path(str(name)), directory / str(name)):
        if candidate.is_file():
            return candidate.resolve()
    known = ", ".join(sorted(path.stem for path in (folder / "config").glob("*.yaml")))
    raise InputError(f"there is no config {name!r}: give a file, or one of the workflow's own ({known}).")
