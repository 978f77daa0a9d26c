"""Reading a sheet with one row per subject: delimited text, or the measurements and obs of an AnnData."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from mudata import MuData

from exomics.datasets import read_data
from exomics.errors import InputError
from exomics.schema import keys
from exomics.schema.words import words_of

_TEXT = {".tsv": "\t", ".txt": "\t", ".csv": ","}


def read_sheet(path: Path, *, modality: str | None = None, keep: Sequence[str] = ()) -> pd.DataFrame:
    """The sheet in `path`.

    Parameters
    ----------
    path
        ``.tsv``, ``.txt`` or ``.csv``; or ``.h5ad`` or ``.h5mu``, whose measurements join the columns of obs.
    modality
        Of an ``.h5mu``.
    keep
        ``COLUMN=VALUE``: only the rows with that value.
    """
    separator = _TEXT.get(path.suffix)
    try:
        frame = _text(path, separator) if separator else _measurements(path, modality)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no table ({error}); expected one row per subject.") from error
    for word in keep:
        column, _, value = word.partition("=")
        if column not in frame.columns:
            raise InputError(
                f"--keep {word}: the table has no column {column!r}; it has {', '.join(frame.columns[:12])}."
            )
        kept = frame[words_of(frame[column]) == value]
        if kept.empty:
            known = ", ".join(sorted(set(words_of(frame[column].dropna())))[:8])
            raise InputError(f"--keep {word}: no row has that value; {column} holds {known}.")
        frame = kept
    return frame


def _text(path: Path, separator: str) -> pd.DataFrame:
    """Numbers are restored exactly; identifiers stay the text that they are, 007 no less than P7."""
    ids = dict.fromkeys((keys.SAMPLE_ID, keys.SUBJECT_ID), str)
    return pd.read_csv(path, sep=separator, float_precision="round_trip", dtype=ids)


def _measurements(path: Path, modality: str | None) -> pd.DataFrame:
    data = read_data(path)
    if isinstance(data, MuData):
        if modality not in data.mod:
            raise InputError(f"{path} holds {', '.join(data.mod)}; name one with --modality.")
        data = data.mod[modality]
    return data.obs.join(data.to_df(), rsuffix="_measured")
