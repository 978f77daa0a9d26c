"""Contract columns of the samples from a source's own columns, as a manifest or a user declares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

from exomics.datasets.loaders._assemble import missing_text, text_ids
from exomics.datasets.loaders._mangled import mangled_report
from exomics.errors import InputError
from exomics.schema import keys
from exomics.schema.vocabulary import SEXES, SPECIES, SPECIMENS

_DAYS_PER_MONTH: Final = 30.4375
MONTHS_PER: Final[Mapping[str, float]] = {
    "day": 1.0 / _DAYS_PER_MONTH,
    "week": 7.0 / _DAYS_PER_MONTH,
    "month": 1.0,
    "year": 12.0,
}
ENDPOINTS: Final[Mapping[str, tuple[str, str]]] = {
    "os": (keys.OVERALL_SURVIVAL_TIME, keys.OVERALL_SURVIVAL_EVENT),
    "pfs": (keys.PROGRESSION_FREE_TIME, keys.PROGRESSION_FREE_EVENT),
}
SAMPLE_OPTIONS: Final[Mapping[str, Any]] = {
    "columns": {},
    "values": {},
    "constants": {},
    "endpoints": {},
    "study": "",
}
_VOCABULARY: Final[Mapping[str, tuple[str, ...]]] = {
    keys.SEX: SEXES,
    keys.SPECIES: SPECIES,
    keys.SPECIMEN: SPECIMENS,
}
_SEX_WORDS: Final = {"f": "female", "female": "female", "m": "male", "male": "male"}
_UNKNOWN: Final = {keys.SPECIMEN: "unknown", keys.TIME_POINT: "unknown"}


def contract_samples(source: pd.DataFrame, options: Mapping[str, Any], *, where: str) -> pd.DataFrame:
    """The contract's obs from `source`, all its own columns kept behind.

    Parameters
    ----------
    source
        The samples' frame, indexed by sample id.
    options
        ``columns``: contract column -> source column, where ``sample_id`` names the index. ``values``: contract
        column -> {source word: contract word}. ``constants``: contract column -> word. ``endpoints``: ``os`` or
        ``pfs`` -> {time, event, unit, unit_column}. ``study``: study id. From a command line a mapping is written
        ``subject_id:patient,sex:gender``.
    where
        What the frame belongs to, for messages.

    Returns
    -------
    pandas.DataFrame
        Contract columns first. What no option and no column tells is missing, or ``unknown`` where the vocabulary
        has that word; nothing is guessed. A source column that has the name of a contract column but other words is
        kept as ``<name>_in_source``.

    Raises
    ------
    InputError
        If a named column does not exist, a word has no translation, a survival time has no declared unit, or subject
        ids have become floats of a spreadsheet (2.31E+19).
    """
    made: dict[str, Any] = {}
    columns = as_mapping(options.get("columns", {}))
    for name in (keys.SUBJECT_ID, keys.STUDY_ID, keys.SPECIES, keys.SEX, keys.SPECIMEN, keys.TIME_POINT):
        made[name] = _UNKNOWN.get(name)
    for name, constant in as_mapping(options.get("constants", {})).items():
        made[name] = constant
    source = _without_foreign_words(source, [name for name in made if name not in columns])
    for name in [name for name in made if name in source.columns and name not in columns]:
        made[name] = source[name]
    for name, column in columns.items():
        made[name] = _required(source, column, where)
    made[keys.STUDY_ID] = options.get("study") or made[keys.STUDY_ID]
    for name, words in options.get("values", {}).items():
        made[name] = _translated(made[name], words, f"{where}: {columns.get(name, name)}")
    for endpoint, declared in options.get("endpoints", {}).items():
        made.update(_endpoint(source, endpoint, declared, where=where))
    filled = {name: _filled(value, len(source)) for name, value in made.items()}
    if made[keys.SUBJECT_ID] is not None:
        filled[keys.SUBJECT_ID] = text_ids(filled[keys.SUBJECT_ID])
        _require_whole_ids(filled[keys.SUBJECT_ID], where)
    kept = source.drop(columns=[name for name in source.columns if name in filled])
    return pd.concat([pd.DataFrame(filled, index=source.index), kept], axis=1)


def _require_whole_ids(subjects: Any, where: str) -> None:
    """A spreadsheet turns long ids into floats, and several subjects into one."""
    found = mangled_report([str(subject) for subject in subjects]).get("ids_like_floats")
    if found:
        raise InputError(
            f"{where}: {found['count']} subject ids are floats of a spreadsheet ({', '.join(found['examples'])}), each "
            "of which may stand for several subjects; export the ids as text."
        )


def _without_foreign_words(source: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """`source` with the usual spellings of sex, and with columns of other words than the contract's renamed."""
    renamed: dict[str, str] = {}
    for name in [name for name in names if name in _VOCABULARY and name in source.columns]:
        words = source[name].astype(object).where(source[name].notna(), None)
        if name == keys.SEX:
            words = words.map(lambda word: None if word is None else _SEX_WORDS.get(str(word).strip().lower(), word))
        if set(words.dropna().astype(str)) <= set(_VOCABULARY[name]):
            source = source.assign(**{name: words})
        else:
            renamed[name] = f"{name}_in_source"
    return source.rename(columns=renamed)


def identifier_columns(options: Mapping[str, Any]) -> set[str]:
    """Columns of a sheet that name somebody or something: text, whatever it looks like (``1e5``, ``1.0``)."""
    named = (keys.SUBJECT_ID, keys.STUDY_ID)
    columns = as_mapping(options.get("columns", {}))
    return {*named, *(str(columns[name]) for name in named if name in columns)}


def as_mapping(value: Any) -> dict[str, Any]:
    """A mapping, also from the command line's ``a:b,c:d``."""
    if isinstance(value, str):
        pairs = [part.partition(":") for part in value.split(",") if part]
        return {name.strip(): word.strip() for name, _, word in pairs}
    return dict(value)


def _filled(value: Any, n: int) -> Any:
    if value is None:
        return missing_text(n)
    return value.array if isinstance(value, pd.Series) else [value] * n if np.isscalar(value) else value


def _required(source: pd.DataFrame, column: str, where: str) -> pd.Series:
    if column == keys.SAMPLE_ID and column not in source.columns:
        return source.index.to_series()
    if column not in source.columns:
        raise InputError(f"{where}: expected a column {column!r}; it has {', '.join(map(str, source.columns[:12]))}.")
    return source[column]


def _translated(column: pd.Series, words: Mapping[str, str], where: str) -> pd.Series:
    text = column.astype(object).where(column.notna(), None)
    unknown = sorted({str(word) for word in text if word is not None and str(word) not in words})
    if unknown:
        raise InputError(f"{where}: expected {', '.join(words)}; got {', '.join(unknown[:3])}.")
    return text.map(lambda word: None if word is None else words[str(word)])


def _endpoint(source: pd.DataFrame, endpoint: str, declared: Mapping[str, Any], *, where: str) -> dict[str, pd.Series]:
    """Time in months and event of one endpoint; of several time columns the first that is not missing is taken."""
    if endpoint not in ENDPOINTS:
        raise InputError(f"{where}: the endpoint must be one of {', '.join(ENDPOINTS)}; got {endpoint!r}.")
    time_key, event_key = ENDPOINTS[endpoint]
    names = [declared["time"]] if isinstance(declared["time"], str) else declared["time"]
    time = _required(source, names[0], where).astype("Float64")
    for name in names[1:]:
        time = time.fillna(_required(source, name, where).astype("Float64"))
    unit = str(declared.get("unit"))
    if unit not in MONTHS_PER:
        raise InputError(f"{where}: the unit of {names[0]} must be one of {', '.join(MONTHS_PER)}; got {unit!r}.")
    if "unit_column" in declared:
        stated = set(_required(source, declared["unit_column"], where).dropna().astype(str))
        if stated - {unit}:
            raise InputError(f"{where}: the unit of {names[0]} is {', '.join(sorted(stated))}; declared as {unit}.")
    months = time.astype(np.float64) * MONTHS_PER[unit]
    event = _required(source, declared["event"], where).astype("Float64").astype(np.float64)
    if not set(event.dropna()) <= {0.0, 1.0}:
        raise InputError(f"{where}: {declared['event']} must be 0 or 1; got {sorted(set(event.dropna()))[:3]}.")
    return {time_key: months, event_key: event}
