"""Features of samples from files: expression, score tables, or any table of numbers; and their scale in words."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from anndata import AnnData

from exomics.cli._read import read_assay
from exomics.cli._sheet import read_sheet
from exomics.cli._step import input_path
from exomics.datasets import read_data
from exomics.errors import DesignError, InputError
from exomics.results import ScoreTable
from exomics.results.pooled import column_names
from exomics.schema import keys, scale_of
from exomics.schema.numbers import numbers_of
from exomics.schema.words import words_of

_SCORED = "signature_id"


def read_features(paths: Sequence[Path]) -> tuple[pd.DataFrame, str]:
    """Features (samples x features) of all files joined by sample, and the scale of each file in words."""
    read = [_one(path) for path in paths]
    joined = pd.concat([frame for frame, _ in read], axis=1, join="outer")
    if not joined.columns.is_unique:
        twice = joined.columns[joined.columns.duplicated()][0]
        raise InputError(f"feature {twice!r} stands in several files; name each feature once.")
    return joined, "; ".join(dict.fromkeys(scale for _, scale in read))


def named_path(text: str) -> tuple[str, Path]:
    """Argument type of ``FILE`` or ``NAME=FILE``, a block of features of that name."""
    name, separator, path = text.partition("=")
    return (name, input_path(path)) if separator else ("", input_path(text))


def read_blocks(files: Sequence[tuple[str, Path]]) -> tuple[dict[str, pd.DataFrame], dict[str, str]]:
    """Blocks of features (samples x features) and the scale of each in words.

    Files with a name, and the modalities of an .h5mu, are a block each; those without are joined to one.
    """
    blocks: dict[str, pd.DataFrame] = {}
    scales: dict[str, str] = {}
    for name, path in files:
        if path.suffix == ".h5mu":
            data = read_data(path)
            made = {f"{name}{'.' if name else ''}{key}": part.to_df() for key, part in data.mod.items()}
            found = {key: _scale(part) for key, part in zip(made, data.mod.values(), strict=True)}
        elif name:
            frame, scale = _one(path)
            made, found = {name: frame}, {name: scale}
        else:
            continue
        twice = [key for key in made if key in blocks]
        if twice:
            raise InputError(f"two blocks of features are called {twice[0]!r}; give each a name of its own.")
        blocks |= made
        scales |= found
    plain = [path for name, path in files if not name and path.suffix != ".h5mu"]
    if plain:
        blocks["features"], scales["features"] = read_features(plain)
    return blocks, scales


def read_outcomes(path: Path) -> pd.DataFrame:
    """One row per sample, indexed by sample_id: obs of an AnnData, or a table with that column (else its first)."""
    if path.suffix == ".h5ad":
        return read_assay(path).obs
    frame = read_sheet(path)
    name = keys.SAMPLE_ID if keys.SAMPLE_ID in frame.columns else frame.columns[0]
    indexed = frame.set_index(frame[name].astype(str))
    return indexed.rename_axis(index=keys.SAMPLE_ID)


def keep_samples(samples: pd.DataFrame, keep: Sequence[str]) -> pd.DataFrame:
    """The samples with all of the values ``COLUMN=VALUE``."""
    for word in keep:
        column, _, value = word.partition("=")
        if column not in samples.columns:
            raise InputError(f"--keep {word}: the samples have no column {column!r}.")
        samples = samples[words_of(samples[column]) == value]
        if samples.empty:
            raise InputError(f"--keep {word}: no sample has that value.")
    return samples


def require_one_time_point(samples: pd.DataFrame, kept: Sequence[str], how: str) -> None:
    """Several time points, none of them chosen, would let samples in that were taken after the outcome.

    `kept` are the columns by which samples were chosen; `how` says where a time point is named.
    """
    if keys.TIME_POINT not in samples.columns or keys.TIME_POINT in kept:
        return
    points = sorted(set(samples[keys.TIME_POINT].dropna().astype(str)) - {"", "unknown"})
    if len(points) > 1:
        raise DesignError(
            f"the samples were taken at {', '.join(points[:6])}; a feature must be measured before the outcome. Say "
            f"which to keep {how}."
        )


def _one(path: Path) -> tuple[pd.DataFrame, str]:
    if path.suffix == ".h5ad":
        data = read_assay(path)
        frame = data.to_df()
        return frame.set_axis(frame.index.astype(str), axis=0), _scale(data)
    if _SCORED in column_names(path):
        table = ScoreTable.from_tsv(path).frame
        totals = table[table["arm"] == "total"]
        if totals.duplicated(["sample_id", _SCORED]).any():
            raise InputError(f"{path} has several scores of one signature in a sample; score with one method.")
        return totals.pivot(index="sample_id", columns=_SCORED, values="score"), "scores"
    frame = read_outcomes(path)
    _require_no_broken_numbers(frame, path)
    return frame.select_dtypes("number"), "as given"


def _require_no_broken_numbers(frame: pd.DataFrame, path: Path) -> None:
    """Columns of words are no features; a column of numbers with a word in it was meant to be one."""
    for name, column in frame.select_dtypes("object").items():
        known = column.dropna()
        words = known[numbers_of(known).isna()]
        if name != keys.SUBJECT_ID and 0 < len(words) < len(known) / 2 and (known != known.index).any():
            n_numbers = len(known) - len(words)
            raise InputError(
                f"{path}: {name} holds {words.iloc[0]!r} among {n_numbers} numbers; leave a missing value empty, or "
                "leave the column out."
            )


def _scale(data: AnnData) -> str:
    scale = scale_of(data)
    return f"{scale.kind} {scale.quantity}"
