"""Result tables: what is written is what was there, digit by digit; what does not fit is refused by name."""

from __future__ import annotations

import csv
import math
import string
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exomics import _files
from exomics.errors import InputError
from exomics.results import DifferentialTable, PerformanceTable, Provenance, ResultTable, ScoreTable
from exomics.results._table import COUNT, NUMBER, TEXT

FAMILY = sorted(ResultTable.__subclasses__(), key=lambda table: table.__name__)
PROVENANCE = Provenance(method="test", versions={"exomics": "0"})
_FILL: dict[str, Any] = {TEXT: "a", NUMBER: 1.5, COUNT: 3}


def _frame(table: type[ResultTable], rows: int = 2, **columns: list[Any]) -> pd.DataFrame:
    values = {name: columns.get(name, [_FILL[kind]] * rows) for name, kind in table.columns.items()}
    return pd.DataFrame(values, columns=list(table.columns))


def _there_and_back(frame: pd.DataFrame, folder: Path, table: type[ResultTable] = PerformanceTable) -> pd.DataFrame:
    return table.from_tsv(table(frame=frame, provenance=PROVENANCE).to_tsv(folder / "table.tsv")).frame


def _bits(values: Any) -> list[int]:
    return np.asarray(values, dtype=np.float64).view(np.int64).tolist()


@pytest.mark.parametrize("table", FAMILY, ids=lambda table: table.__name__)
def test_every_table_comes_back_as_it_was(table: type[ResultTable], tmp_path: Path) -> None:
    written = table(frame=_frame(table), provenance=PROVENANCE)
    read = table.from_tsv(written.to_tsv(tmp_path / "table.tsv"))
    pd.testing.assert_frame_equal(read.frame, written.frame)
    assert read.provenance == written.provenance
    assert list(read.frame.columns) == list(table.columns)


@pytest.mark.parametrize("table", FAMILY, ids=lambda table: table.__name__)
def test_a_table_without_rows_comes_back(table: type[ResultTable], tmp_path: Path) -> None:
    read = _there_and_back(_frame(table, rows=0), tmp_path, table)
    assert read.shape == (0, len(table.columns))
    assert table(frame=read, provenance=PROVENANCE).to_text().count("\n") == 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_floats_are_restored_to_the_last_bit(values: list[float], tmp_path: Path) -> None:
    read = _there_and_back(_frame(PerformanceTable, len(values), estimate=values), tmp_path)
    assert _bits(read["estimate"]) == _bits(values)


def test_the_hard_floats_are_restored(tmp_path: Path) -> None:
    hard = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0, math.inf, -math.inf, 1 / 3, 2**53 + 1.0, 9.5e-7]
    read = _there_and_back(_frame(PerformanceTable, len(hard), estimate=hard), tmp_path)
    assert _bits(read["estimate"]) == _bits(hard)


def test_missing_stays_missing_and_zero_stays_zero(tmp_path: Path) -> None:
    frame = _frame(PerformanceTable, 2, estimate=[math.nan, 0.0], n_samples=[None, 0], note=[None, ""])
    read = _there_and_back(frame, tmp_path)
    assert [math.isnan(value) for value in read["estimate"]] == [True, False]
    assert read["n_samples"].isna().tolist() == [True, False]
    assert read["n_samples"].dtype == "Int64"
    assert read["note"].tolist() == ["", ""]
    line = (tmp_path / "table.tsv").read_text(encoding="utf-8").splitlines()[1].split("\t")
    assert line[list(PerformanceTable.columns).index("estimate")] == ""


@pytest.mark.parametrize(
    "text",
    ["NA", "nan", "NULL", "None", "1e5", "007", "TRUE", "", " padded ", '"', 'a "quoted" word', "'", "a,b", "#x",
     "β-Klotho", "\\t", "=1+1", "F_8W - F_SED", "gene|1", "SEPT2", "2024-03-01"],
)  # fmt: skip
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    frame = _frame(PerformanceTable, 2, signature_id=[text, "plain"], note=["x", text])
    read = _there_and_back(frame, tmp_path)
    assert read["signature_id"].tolist() == [text, "plain"]
    assert read["note"].tolist() == ["x", text]


_WORDS = st.text(alphabet=sorted(set(string.printable) - set("\t\r\n")) + ["ä", "中"], max_size=12)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(_WORDS, min_size=1, max_size=6))
def test_any_text_of_one_line_comes_back(words: list[str], tmp_path: Path) -> None:
    read = _there_and_back(_frame(PerformanceTable, len(words), note=words), tmp_path)
    assert read["note"].tolist() == words


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\rb", "\r\n"])
def test_text_that_would_break_a_line_is_refused_and_nothing_is_written(text: str, tmp_path: Path) -> None:
    table = PerformanceTable(frame=_frame(PerformanceTable, 1, note=[text]), provenance=PROVENANCE)
    with pytest.raises(InputError, match=r"PerformanceTable\.note holds .* cannot carry a tab or a line break"):
        table.to_tsv(tmp_path / "table.tsv")
    assert list(tmp_path.iterdir()) == []


def test_another_reader_sees_the_same_fields(tmp_path: Path) -> None:
    frame = _frame(PerformanceTable, 1, note=['a "quoted" word'])
    PerformanceTable(frame=frame, provenance=PROVENANCE).to_tsv(tmp_path / "table.tsv")
    with (tmp_path / "table.tsv").open(encoding="utf-8", newline="") as stream:
        header, row = csv.reader(stream, delimiter="\t")
    assert dict(zip(header, row, strict=True))["note"] == 'a "quoted" word'


def test_columns_take_their_order_and_type() -> None:
    frame = _frame(ScoreTable)[list(ScoreTable.columns)[::-1]].assign(score=["1.5", "2"], n_measured=[3.0, 4.0])
    table = ScoreTable(frame=frame, provenance=PROVENANCE)
    assert list(table.frame.columns) == list(ScoreTable.columns)
    assert table.frame["score"].tolist() == [1.5, 2.0]
    assert table.frame["n_measured"].dtype == "Int64"


def test_unknown_and_missing_columns_are_named() -> None:
    frame = _frame(DifferentialTable).drop(columns="p_value").assign(logFC=1.0)
    with pytest.raises(InputError, match=r"missing: p_value; unknown: logFC"):
        DifferentialTable(frame=frame, provenance=PROVENANCE)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("estimate", ["a", "b"], "PerformanceTable.estimate must hold a number"),
        ("n_samples", [1.5, 2.0], "PerformanceTable.n_samples must hold a count"),
        ("n_events", ["many", "few"], "PerformanceTable.n_events must hold a count"),
    ],
)
def test_a_wrong_type_is_named(column: str, values: list[Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        PerformanceTable(frame=_frame(PerformanceTable, **{column: values}), provenance=PROVENANCE)


def _written(folder: Path) -> Path:
    return PerformanceTable(frame=_frame(PerformanceTable), provenance=PROVENANCE).to_tsv(folder / "table.tsv")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda text: "", "is not a whole table"),
        (lambda text: text.rstrip("\n").rpartition("\t")[0].rpartition("\t")[0] + "\n", "line 3"),
        (lambda text: text.rstrip("\n") + "\tmore\n", "line 3"),
        (lambda text: text.replace("\t1.5\t", "\tten\t", 1), "must hold a number"),
        (lambda text: text.replace("metric", "measure", 1), "unknown: measure"),
        (lambda text: text.replace("metric", "endpoint", 1), "missing: metric"),
        (lambda text: text.replace("\t", ",", 99), "PerformanceTable needs the columns"),
    ],
)
def test_a_damaged_file_is_refused(damage: Any, said: str, tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_text(damage(path.read_text(encoding="utf-8")), encoding="utf-8")
    with pytest.raises(InputError, match=said):
        PerformanceTable.from_tsv(path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = _written(tmp_path)
    path.write_bytes(b"\x89HDF\r\n\x1a\n\xff\xfe\x00")
    with pytest.raises(InputError, match=r"table\.tsv"):
        PerformanceTable.from_tsv(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        PerformanceTable.from_tsv(tmp_path / "no.tsv")


def test_the_same_table_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second = _written(tmp_path / "a"), _written(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    names = ["table.tsv", "table.tsv.provenance.json"]
    assert sorted(path.name for path in first.parent.iterdir()) == names
    assert b"\r" not in first.read_bytes()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _written(tmp_path)
    before = {found.name: found.read_bytes() for found in tmp_path.iterdir()}

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    for broken in ("replace", "write_text"):
        with monkeypatch.context() as patched, pytest.raises(OSError, match="No space left"):
            patched.setattr(Path, broken, full)
            PerformanceTable(frame=_frame(PerformanceTable, 5), provenance=PROVENANCE).to_tsv(path)
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == before


def test_an_interrupted_block_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), _files.atomic_path(tmp_path / "x.tsv") as place:
        place.write_text("half", encoding="utf-8")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []
