"""Snakemake as a child: one run at a time in a folder, and its pages told as one line per step."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from exomics.errors import InputError

_JOB = re.compile(r"(?:local)?(?:rule|checkpoint) (\w+):$")
_FINISHED = re.compile(r"Finished jobid: (\d+) \(Rule: (\w+)\)$")
_PROGRESS = re.compile(r"(\d+) of (\d+) steps \(\d+%\) done$")
_ERROR = re.compile(r"Error in rule (\w+):$")
_NOISE = re.compile(
    r"$|\[\w{3} \w{3} [ \d]\d [\d:]{8} \d{4}\]$|Assuming unrestricted|Building DAG|Using shell:|Provided cores:"
    r"|Rules claiming|Select jobs to|Execute \d+ jobs|Complete log|Elapsed time|Shutting down|Exiting because"
    r"|RuleException:$|CalledProcessError in file|Command '.*' returned non-zero|WorkflowError:$"
    r"|At least one job did not|Provided remote nodes|Job stats:|Removing output files of failed job"
)


def call(command: Sequence[str], directory: Path, *, verbose: bool) -> int:
    """Run Snakemake in `directory` and return its exit status; `verbose` shows its pages as they are."""
    with _one_run_at_a_time(directory) as lock:
        pipe = None if verbose else subprocess.PIPE
        child = subprocess.Popen(command, stderr=pipe, text=True, errors="replace", pass_fds=(lock.fileno(),))
        with child, _passing_on(child):
            try:
                for line in told(child.stderr or ()):
                    print(line, file=sys.stderr, flush=True)
                return child.wait()
            except KeyboardInterrupt:  # the child has it too, and cleans up
                child.wait()
                raise


def told(lines: Iterable[str]) -> Iterator[str]:
    """Snakemake's standard error, told shortly: a line per finished or failed step, and whatever the steps say."""
    labels: dict[str, str] = {}
    finished: list[str] = []
    failed: set[str] = set()
    for head, block in _blocks(lines):
        facts = dict(line.strip().partition(": ")[::2] for line in block)
        if job := _JOB.match(head):
            labels[facts.get("jobid", "")] = _label(job[1], facts.get("wildcards", ""))
        elif done := _FINISHED.match(head):
            finished.append(labels.get(done[1], done[2]))
        elif progress := _PROGRESS.match(head):
            step = finished.pop(0) if finished else ""
            if step != "all":
                yield f"[{progress[1]:>{len(progress[2])}} of {progress[2]}] {step}".rstrip()
        elif error := _ERROR.match(head):
            label = labels.get(facts.get("jobid", ""), error[1])
            if label not in failed:
                yield f"failed: {label}"
            failed.add(label)
        elif not _NOISE.match(head):
            yield from (head, *block)


def _label(rule: str, wildcards: str) -> str:
    values = [pair.partition("=")[2] for pair in wildcards.split(", ") if pair]
    return " ".join([rule, *values])


def _blocks(lines: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """A line, and the lines indented below it where it is the head of a page; the table of job counts is left out."""
    head, block, skipping = "", [], False
    for line in (line.rstrip("\n") for line in lines):
        skipping = line == "Job stats:" or (skipping and line != "")
        opens = _JOB.match(head) or _ERROR.match(head)
        if skipping:
            continue
        if opens and line.startswith("    "):
            block.append(line)
            continue
        if opens:
            yield head, block
        head, block = line, []
        if not (_JOB.match(line) or _ERROR.match(line)):
            yield line, []
    if _JOB.match(head) or _ERROR.match(head):
        yield head, block


@contextlib.contextmanager
def _one_run_at_a_time(directory: Path) -> Iterator[IO[str]]:
    """Hold the folder while Snakemake lives. A run that was killed leaves no lock of ours, so its own is removed."""
    folder = directory / ".snakemake"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "exomics.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"another run is at work in {directory}; wait for it to end, or give another folder with -d."
            ) from error
        shutil.rmtree(folder / "locks", ignore_errors=True)
        yield lock


@contextlib.contextmanager
def _passing_on(child: subprocess.Popen[Any]) -> Iterator[None]:
    """Hand a request to end on to the child, which removes what it was writing."""
    before = signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
