"""``exomics COMMAND``: an explicit table of commands, each imported only when it is called."""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib
import logging
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, NoReturn

from exomics._version import __version__
from exomics.errors import UserError

COMMANDS: dict[str, str] = {
    "catalog": "what is known here: datasets, signatures, methods, recipes, workflows, fields",
    "fetch": "a dataset's files, verified, from cache, mirror or source",
    "load": "a dataset or your own files, as AnnData that meets the contract",
    "harmonize": "identifiers, orthologs and study.yaml, with a report of what was lost",
    "preprocess": "flags, filters and normalization as recorded steps",
    "differential": "what changes: a differential table from a recipe, or a design and contrasts",
    "compare": "a differential table beside a published one, another tool's, other layers, or planted truth",
    "derive": "an up/down signature from differential tables, by a rule",
    "enrich": "which sets change: over-representation, pre-ranked, camera, rotation, kinase activity",
    "mirna": "a miRNA, by its targets in and outside the matrix, or measured as cargo: the verdict",
    "score": "signatures in samples, with coverage and status",
    "deconvolve": "cell types in bulk samples, with unit, coverage and interval",
    "consensus": "deconvolutions of the same samples by several methods, as one ranking",
    "axes": "secreted ligands and their receptors in a tumor: a ranking of pairs, or scores",
    "associate": "scores beside response and survival in one cohort",
    "pool": "differential tables of several studies, or associations of several cohorts, as one",
    "respond": "do subjects respond differently, and who: trained beside controls",
    "select": "features that tell two classes apart, with a bound on errors",
    "stratify": "a classifier judged by nested cross-validation, and locked",
    "benefit": "who benefits: markers that interact with a randomized arm",
    "survival": "what an arm, or adherence, does to survival: curves and effects",
    "power": "how many subjects a trial needs, for effects and for interactions",
    "validate": "a locked model on a cohort it never saw",
    "chain": "a chain of causes: each link, their product, and where it is broken",
    "track": "serial samples of persons: changes beyond their variation",
    "publish": "a signature package: tables, GMT, provenance, checksums",
    "verify": "recompute a signature package and check every number",
    "report": "one self-contained page of what the tables of a run say",
    "init": "a ready config, sample sheet and study.yaml from your own matrix and sheet",
    "run": "a whole workflow, from data to report",
    "cite": "papers behind methods, datasets and files",
    "doctor": "what is installed, cached and reachable",
}
ISSUES = "https://github.com/exomics/exomics/issues"
_TAKES = {"Path": "FILE", "input_path": "FILE", "int": "N", "whole_number": "N", "float": "X"}
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0, 2 on a user's error, 1 on ours."""
    try:
        arguments = _take_threads(list(sys.argv[1:] if argv is None else argv))
    except UserError as error:
        return _fail(str(error))
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(overview())
        return 0 if arguments else 2
    if arguments[0] in ("-V", "--version"):
        print(f"exomics {__version__}")
        return 0
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        return _fail(f"there is no command {name!r}; the commands are: {', '.join(COMMANDS)}. See `exomics --help`.")
    return _run(name, rest)


def overview() -> str:
    """The text of ``exomics --help``, made from the table of commands."""
    width = max(map(len, COMMANDS))
    rows = "\n".join(f"  {name:<{width}}  {line}" for name, line in COMMANDS.items())
    return (
        f"exomics {__version__}: from exercise and tumor omics to published, checkable signature tables\n\n"
        f"usage: exomics [--threads N] COMMAND ...\n\ncommands:\n{rows}\n\n"
        "--threads N lets numerical libraries use N threads (default: 1); --version prints the version.\n"
        "`exomics COMMAND --help` explains a command and gives an example that runs.\n"
        "A first try without any data of your own: exomics run exercise_response --configfile simulated"
    )


class _Help(argparse.RawDescriptionHelpFormatter):
    """Help that says, of every option, what it takes and what it is if it is not given."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        value, told = action.default, action.help
        if told is None or not action.option_strings or value in (None, "", []) or isinstance(value, bool):
            return told
        words = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        return told if "default" in told or value == argparse.SUPPRESS else f"{told} (default: {words})"

    def _get_default_metavar_for_optional(self, action: argparse.Action) -> str:
        return _TAKES.get(getattr(action.type, "__name__", ""), super()._get_default_metavar_for_optional(action))


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line, like every other error of a user."""

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{self.prog.removeprefix('exomics ')}: {message}. See `{self.prog} --help`.")


def command_module(name: str) -> ModuleType:
    """The module of one command; its first import is not interrupted by the search for garbage, of which it makes none.

    It makes some 150,000 objects that live as long as the process: to look through them again and again would take a
    sixth of the start, and later a part of the work.
    """
    path = f"exomics.cli.{name}"
    if path not in sys.modules and gc.isenabled():
        gc.disable()
        try:
            importlib.import_module(path)
            gc.freeze()
        finally:
            gc.enable()
    return importlib.import_module(path)


def build_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command; its module's docstring is the description."""
    module = command_module(name)
    parser = _Parser(
        prog=f"exomics {name}",
        description=module.__doc__,
        formatter_class=_Help,
        allow_abbrev=False,  # an option that may be shortened could not be looked for by its name
    )
    module.register(parser)
    return parser


def _run(name: str, rest: list[str]) -> int:
    try:
        parser = build_parser(name)
        arguments = parser.parse_args(rest)
        arguments.argv = [name, *rest]
        with _told_on_standard_error():
            command_module(name).run(arguments)
    except UserError as error:
        return _fail(str(error))
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else 2
    except (IsADirectoryError, NotADirectoryError, FileExistsError, PermissionError) as error:
        return _fail(f"{error.filename} cannot be read or written: {error.strerror}.")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        return 130
    except Exception:
        traceback.print_exc()
        print(
            f"\nexomics: this is a fault of exomics, not yours. Please report the lines above: {ISSUES}",
            file=sys.stderr,
        )
        return 1
    return 0


@contextlib.contextmanager
def _told_on_standard_error() -> Iterator[None]:
    """Warnings as one line each, and progress as plain lines where no terminal draws bars."""
    log = logging.getLogger("exomics")
    handler = logging.StreamHandler(sys.stderr)
    log.setLevel(logging.WARNING if sys.stderr.isatty() else logging.INFO)
    if not log.handlers:  # a command that runs commands has one already
        log.addHandler(handler)
    passes_on, log.propagate = log.propagate, False  # a library may have given the root logger a handler of its own
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        try:
            yield
        finally:
            log.propagate = passes_on
            log.removeHandler(handler)


def _show_warning(message: Warning | str, *_: Any, **__: Any) -> None:
    print(f"warning: {' '.join(str(message).split())}", file=sys.stderr)


def _take_threads(arguments: list[str]) -> list[str]:
    """Pin BLAS and numba before numpy is imported; one thread unless ``--threads N`` or the environment says more."""
    threads = "1"
    if arguments[:1] == ["--threads"]:
        threads, arguments = "".join(arguments[1:2]), arguments[2:]
        if not threads.isdecimal() or int(threads) < 1:
            raise UserError(f"--threads needs a number of threads, 1 or more; got {threads!r}.")
        os.environ.update(dict.fromkeys(_THREAD_VARIABLES, threads))
    for variable in _THREAD_VARIABLES:
        os.environ.setdefault(variable, threads)
    return arguments


def _fail(message: str) -> int:
    print(f"exomics: {message}", file=sys.stderr)
    return 2
