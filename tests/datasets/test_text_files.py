"""Text tables of any origin: what is found out is stated, what is wrong is named, and no bytes make a traceback."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exomics.datasets.loaders._any_table import read_any_matrix, read_any_sheet
from exomics.datasets.loaders._matrix_file import numbers, read_matrix
from exomics.datasets.loaders._text_table import read_text_table
from exomics.errors import InputError, UserError

PLAIN = "gene\ts1\ts2\nTP53\t1\t2.5\nVEGFA\tNA\t-3e-5\n"
VALUES = [[1.0, np.nan], [2.5, -3e-5]]


def _zipped(text: str) -> bytes:
    """Without the time of day: the names of tests must be those of every other process."""
    return gzip.compress(text.encode(), mtime=0)


Written = Callable[..., Path]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: bytes | str, name: str = "matrix.tsv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize(
    ("content", "name", "told"),
    [
        (PLAIN.encode(), "matrix.tsv", {"delimiter": "tab", "encoding": "utf-8"}),
        (_zipped(PLAIN), "named_as_text.tsv", {"compression": "gzip"}),
        (
            _zipped(PLAIN[:20]) + _zipped(PLAIN[20:]),
            "blocks.tsv.gz",
            {},
        ),
        (b"\xef\xbb\xbf" + PLAIN.encode(), "bom.tsv", {"notes": ["a byte order mark was removed"]}),
        (PLAIN.replace("\n", "\r\n").encode(), "windows.tsv", {}),
        (PLAIN.replace("\n", "\r").encode(), "mac.tsv", {"notes": ["lines end with carriage returns only"]}),
        (PLAIN.encode("utf-16"), "utf16.tsv", {"encoding": "utf-16"}),
        (PLAIN.rstrip("\n").encode(), "no_last_line_end.tsv", {}),
        (PLAIN.replace("\t", ",").encode(), "comma.tsv", {"delimiter": "comma", "notes": ["the delimiter is ','"]}),
        (PLAIN.replace("\t", ";").encode(), "semicolon.csv", {"delimiter": "semicolon"}),
        (PLAIN.replace("\t", "|").encode(), "bar.txt", {"delimiter": "bar"}),
        (PLAIN.replace("gene\t", "").encode(), "r.tsv", {}),
        (PLAIN.replace("TP53\t1", '"TP53"\t"1"').encode(), "quoted.tsv", {}),
        (("\n" + PLAIN.replace("VEGFA", "\nVEGFA")).encode(), "blank_lines.tsv", {}),
    ],
)
def test_a_matrix_is_read_however_it_is_written(content: bytes, name: str, told: dict, written: Written) -> None:
    file = read_matrix(written(content, name))
    assert (file.row_labels, file.columns, file.numeric) == (["TP53", "VEGFA"], ["s1", "s2"], ["s1", "s2"])
    np.testing.assert_array_equal(numbers(file, file.columns), VALUES)
    assert told.items() <= file.format.report().items()


def test_latin_1_is_stated(written: Written) -> None:
    path = written("gene\ts1\nHIF1α\t1\n".replace("α", "\xe9").encode("latin-1"))
    file = read_matrix(path)
    assert file.row_labels == ["HIF1é"]
    assert file.format.report()["encoding"] == "latin-1"
    table = read_text_table(path)
    assert table.frame.iloc[0, 0] == "HIF1é"
    assert table.format.notes == ("the text is no UTF-8; it was read as Latin-1",)


def test_decimal_commas_are_points_when_nothing_speaks_against_it(written: Written) -> None:
    file = read_matrix(written("gene;s1;s2\nA;1,5;2\nB;-0,25;1,125\n", "german.csv"))
    np.testing.assert_array_equal(numbers(file, file.columns), [[1.5, -0.25], [2.0, 1.125]])
    assert "3 numbers have a decimal comma, which was read as a point" in file.format.notes


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"is empty; expected a header and rows"),
        ("\n\n", r"is empty; expected a header and rows"),
        ("gene;s1;s2\nA;1,5;2.5\n", r"column s1, row A holds '1,5', while other numbers have a decimal point"),
        ("gene\ts1\nA\t1,234\nB\t22,000\n", r"column s1, row A holds '1,234': thousands or decimals\?"),
        ("gene\ts1\ts2\nA\t1\t2\nB\t1\n", r"line 3 has 2 fields, the header 3, separated by '\\t'"),
        ("gene\ts1\ts2\nA\t1\t2\n\nB\t1\t2\t3\n", r"line 4 has 4 fields, the header 3"),
        ('gene\ts1\nA\t1\n"B\t2\n', r"line 3: a quote is not closed"),
        ("gene\ts1\ts1\nA\t1\t2\n", r"labels of the columns must be unique; 1 occur more than once \(s1\)"),
        ("gene\ts1\nA\t1\nA\t2\n", r"labels of the rows must be unique; 1 occur more than once \(A\)"),
        (b"gene\ts1\nA\t\x001\n", r"byte 11 of it is NUL; save it as UTF-8"),
        (b"PK\x03\x04rest", r"is not a text table; it is a zip archive or an Excel workbook"),
        (b"\x89HDF\r\n", r"it is an HDF5 file"),
        ("<!DOCTYPE html><html>", r"it is a web page: the server sent a message"),
        (_zipped(PLAIN)[:-9], r"is not a whole gzip file: it is cut off"),
        (_zipped(PLAIN)[:20] + b"damaged", r"is not a whole gzip file"),
        (b"\xff\xfeg\x00e", r"expected a header and rows|is not a text table"),
    ],
)
def test_what_is_wrong_is_named(content: bytes | str, message: str, written: Written) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_matrix(written(content))
    assert "matrix.tsv" in str(caught.value)


def test_a_column_that_turns_out_to_hold_words_is_read_as_words(written: Written) -> None:
    file = read_matrix(written("gene\tchromosome\ts1\nA\t17\t1\nB\tX\t2\n"))
    assert file.numeric == ["s1"]
    assert list(file.described_by(["chromosome"])["chromosome"]) == ["17", "X"]
    with pytest.raises(InputError, match=r"column chromosome holds 'X' in row B; expected numbers"):
        numbers(file, ["chromosome"])


def test_columns_that_describe_rows_keep_whole_numbers(written: Written) -> None:
    file = read_matrix(written("gene\tentrez\tshare\ts1\nA\t7157\t0.5\t1\nB\t7422\tNA\t2\n"))
    described = file.described_by(["entrez", "share"])
    assert described["entrez"].dtype == np.int64
    np.testing.assert_array_equal(described["share"], [0.5, np.nan])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(st.floats(allow_nan=False) | st.integers(-(10**25), 10**25), min_size=1, max_size=30),
    form=st.sampled_from(["{!r}", "{:.17e}", "{:.25g}", "{:.6f}", "{:.15g}", "{:.3e}"]),
)
@example(held=[0.1, 1e22, 1e23, 9007199254740993.0, 5e-324, 1.7976931348623157e308], form="{!r}")
def test_every_number_is_the_double_nearest_to_its_text(held: list[float], form: str, tmp_path: Path) -> None:
    words = [form.format(float(value)) for value in held] + ["-0", "+.5", "5.", "1E5", "123456789012345678901"]
    path = tmp_path / "numbers.tsv"
    path.write_text("row\tvalue\n" + "".join(f"r{place}\t{word}\n" for place, word in enumerate(words)))
    file = read_matrix(path)
    np.testing.assert_array_equal(numbers(file, ["value"])[0], [float(word) for word in words])


FIELDS = st.sampled_from(
    ["0", "7", "-12.5", "NA", "", '"3"', "1e3", "+4", "-0.0", "123456789012345.75", "12345678901234567890", "0.1"]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(FIELDS, min_size=6, max_size=6), min_size=1, max_size=5), ends=st.sampled_from("\n\r"))
def test_a_field_is_read_alike_wherever_it_stands(rows: list[list[str]], ends: str, tmp_path: Path) -> None:
    columns = ["a", "b", "word", "c", "d", "e", "f"]
    lines = ["\t".join([f"r{place}", *row[:2], "x", *row[2:]]) for place, row in enumerate([["1"] * 6, *rows], start=1)]
    path = tmp_path / "fields.tsv"
    path.write_bytes(
        "".join(line + ("\r\n" if ends == "\r" else "\n") for line in ["\t".join(["row", *columns]), *lines]).encode()
    )
    file = read_matrix(path)
    expected = [[float(word.strip('"')) if word not in {"NA", ""} else np.nan for word in row] for row in rows]
    np.testing.assert_array_equal(file.values.T[1:], expected)
    assert file.words["word"].tolist() == ["x"] * len(lines)


PIECES = st.sampled_from(
    [b"\t", b",", b";", b"|", b"\n", b"\r\n", b"\r", b'"', b"gene", b"1", b"-2.5e3", b"1,5", b"NA", b"\x00", b"\xff",
     b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b\x08", b"#", b"!", b" ", "β".encode(), b"1-Mar", b"9" * 30, b""]
)  # fmt: skip


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200)
    | st.lists(PIECES, max_size=40).map(b"".join)
    | st.lists(PIECES, max_size=40).map(b"".join).map(gzip.compress)
)
def test_no_bytes_make_a_traceback(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "fuzz.txt"
    path.write_bytes(content)
    for read in (read_matrix, read_text_table, lambda place: read_text_table(place, quoted=False, comment="#")):
        try:
            read(path)
        except UserError as error:
            assert str(path) in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8), min_size=3, max_size=3),
        min_size=1,
        max_size=6,
    )
)
def test_a_written_table_comes_back(rows: list[list[str]], tmp_path: Path) -> None:
    """Whatever the words hold (delimiters, quotes, line ends): what Python's writer quotes is read again."""
    path = tmp_path / "table.csv"
    stream = io.StringIO(newline="")
    csv.writer(stream, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["a", "b", "c"], *rows])
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    kept = [row for row in rows if any(word.strip() for word in row)]
    if kept:
        frame = read_text_table(path, delimiter=",", missing=("a word that is not there",)).frame
        assert frame.to_numpy().tolist() == kept
    else:
        with pytest.raises(UserError, match="got a header only"):
            read_text_table(path, delimiter=",")


def test_a_header_of_a_million_columns(written: Written) -> None:
    n = 10**6
    file = read_matrix(written("row\t" + "\t".join(map(str, range(n))) + "\nA" + "\t7" * n + "\n"))
    assert file.values.shape == (n, 1)
    assert (file.values == 7).all()


def test_a_matrix_of_several_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that end in another block than they begin in, tiles that fill up, quoted fields over the border."""
    monkeypatch.setattr("exomics.datasets.loaders._text_file.BLOCK", 37)
    monkeypatch.setattr("exomics.datasets.loaders._matrix_file._TILE", 64)
    expected = np.random.default_rng(5).normal(size=(83, 9)).round(4)
    path = tmp_path / "matrix.csv.gz"
    with gzip.open(path, "wt") as stream:
        stream.write("gene," + ",".join(f"s{column}" for column in range(9)) + "\n")
        for row, values in enumerate(expected):
            stream.write(f'"g,{row}",' + ",".join(map(str, values)) + "\n")
    file = read_matrix(path)
    assert file.row_labels == [f"g,{row}" for row in range(83)]
    np.testing.assert_array_equal(numbers(file, file.columns), expected.T)


def test_names_that_a_program_repeats_are_numbered_only_when_asked(written: Written) -> None:
    path = written("state\tid\tstate\nx\t1\ty\n")
    with pytest.raises(InputError, match=r"must be unique; 1 occur more than once \(state\)"):
        read_text_table(path)
    table = read_text_table(path, mend=("repeated_names",))
    assert list(table.frame.columns) == ["state", "id", "state_2"]
    assert table.format.notes == ("columns of one name were numbered: state",)


def test_quotes_within_fields_are_characters(written: Written) -> None:
    table = read_text_table(written('id\talias\n1\t"a"|"b"\n2\t5" end\n'))
    assert table.frame["alias"].tolist() == ['"a"|"b"', '5" end']
    assert table.format.notes == ("double quotes were read as characters: they stand within fields",)


def test_columns_without_name_and_value_are_dropped_and_stated(written: Written) -> None:
    table = read_text_table(written("sample,dose,,\ns1,2,,\n,,,\ns2,3,,\n", "sheet.csv"))
    assert table.frame.to_numpy().tolist() == [["s1", "2"], ["s2", "3"]]
    assert table.format.notes == ("2 columns without a name and without any value were dropped",)


def test_workbooks_and_columnar_files(tmp_path: Path) -> None:
    polars, openpyxl = pytest.importorskip("polars"), pytest.importorskip("openpyxl")
    frame = polars.DataFrame({"gene": ["TP53", "VEGFA"], "name": ["p53", None], "s1": [1, 2], "s2": [0.5, None]})
    frame.write_parquet(tmp_path / "matrix.parquet")
    frame.write_ipc(tmp_path / "matrix.feather")
    book = openpyxl.Workbook()
    for row in (["gene", "name", "s1", "s2"], ["TP53", "p53", 1, 0.5], ["VEGFA", None, 2, None]):
        book.active.append(row)
    book.save(tmp_path / "matrix.xlsx")
    for suffix in ("parquet", "feather", "xlsx"):
        file = read_any_matrix(tmp_path / f"matrix.{suffix}")
        assert (file.row_labels, file.numeric) == (["TP53", "VEGFA"], ["s1", "s2"])
        np.testing.assert_array_equal(numbers(file, ["s1", "s2"]), [[1, 2], [0.5, np.nan]])
        sheet = read_any_sheet(tmp_path / f"matrix.{suffix}").frame
        assert sheet["s1"].tolist() == ["1", "2"]
        (tmp_path / f"cut.{suffix}").write_bytes((tmp_path / f"matrix.{suffix}").read_bytes()[:-40])
        with pytest.raises(InputError, match=rf"cut\.{suffix} is not a whole"):
            read_any_matrix(tmp_path / f"cut.{suffix}")


CUT_OFF = gzip.compress(b"id\ta\nx\t1\n" * 50, mtime=0)[:-10]


@pytest.mark.parametrize("content", [b"id\ta\nx\t1\0\n", b"id\ta\tb\nx\t1\n" * 2, CUT_OFF, b"PK\x03\x04"])
def test_a_file_that_is_refused_is_closed(content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At once, not when the traceback that holds it is collected."""
    path, opened = tmp_path / "table.tsv", []
    path.write_bytes(content)
    plain = Path.open

    def watched(self: Path, *words: str) -> object:
        opened.append(plain(self, *words))
        return opened[-1]

    monkeypatch.setattr(Path, "open", watched)
    for read in (read_matrix, read_text_table):
        with pytest.raises(UserError) as caught:
            read(path)
        assert opened
        assert all(stream.closed for stream in opened), caught.value
