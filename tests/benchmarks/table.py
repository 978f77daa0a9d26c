"""The printed table."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.row import Measured, Row

COLUMNS = ("row", "peer", "peer s", "ours s", "ratio", "target", "verdict", "n", "notes")
WIDTHS = (25, 22, 9, 9, 8, 30, 16, 5)


def header() -> str:
    """Titles of the columns, underlined."""
    titles = _line(COLUMNS)
    return f"{titles}\n{'-' * (sum(WIDTHS) + 2 * len(WIDTHS) + 5)}"


def line(found: Measured) -> str:
    """One row."""
    peer = "-" if not found.row.peer else "not installed"
    return _line(
        (
            found.row.name,
            found.row.peer or "-",
            peer if found.peer_seconds is None else _seconds(found.peer_seconds),
            _seconds(found.seconds),
            "-" if found.ratio is None else f"{found.ratio:.3g}x",
            str(found.row.target),
            found.verdict,
            f"{len(found.ours)}/{len(found.peer)}" if found.peer else str(len(found.ours)),
            _notes(found),
        )
    )


def failed(row: Row, error: Exception) -> str:
    """A row that could not be run: the reason in its place, so that the others still are."""
    reason = str(error).strip().splitlines() or [type(error).__name__]
    return _line((row.name, row.peer or "-", "", "", "", str(row.target), "FAILED", "", reason[-1]))


def summary(found: Sequence[Measured]) -> str:
    """How many targets are met, and which fall short."""
    short = [one.row.name for one in found if one.verdict.startswith("SHORT")]
    met = sum(one.verdict.startswith("met") for one in found)
    return f"{met} targets met, {len(short)} short{': ' if short else ''}{', '.join(short)}"


def _notes(found: Measured) -> str:
    agreement = "" if found.difference is None else f"agree to {found.difference:.0e}"
    memory = "" if found.memory is None else f"peak {found.memory:.0f} MB"
    if found.memory is not None and found.peer_memory is not None:
        memory += f" (peer {found.peer_memory:.0f})"
    return "; ".join(filter(None, (agreement, memory, found.row.note, found.explanation)))


def _seconds(value: float) -> str:
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def _line(cells: Sequence[str]) -> str:
    padded = [f"{cell:<{width}}" for cell, width in zip(cells, WIDTHS, strict=False)]
    return "  ".join([*padded, *cells[len(WIDTHS) :]]).rstrip()
