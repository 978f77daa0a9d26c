"""What may be wrong with any assay file: a value of the contract or one clear line comes, never a traceback."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exomics.datasets import Loaders, Tables, load_files, load_table_files
from exomics.errors import InputError, UserError
from exomics.schema import validate

VIAL = "90217015507"
# loader -> role, name of the file, text of a small good one, options
FILES: Mapping[str, tuple[str, str, str, Mapping[str, Any]]] = {
    "diann": ("proteins", "pg_matrix.tsv", "Protein.Group\tGenes\ta.raw\tb.raw\nP1\tHPX\t1.5\t2\nP2\tFTL\t3\t4\n", {}),
    "excerpt": (
        "s1", "readCounts.txt",
        "ReferenceID\tuniqueReadCount\ttotalReadCount\tmultimapAdjustedReadCount\nhsa-miR-1-3p\t1\t2\t2.0\n", {},
    ),
    "feature_counts": (
        "counts", "counts.txt",
        "# Program:x\nGeneid\tChr\tStart\tEnd\tStrand\tLength\ta.bam\tb.bam\ng1\tc\t1\t2\t+\t2\t3\t4\n",
        {},
    ),
    "fragpipe": (
        "proteins", "combined.tsv",
        "Protein\tProtein ID\tGene\ta Intensity\tb Intensity\nsp|P1|X\tP1\tHPX\t1\t2\nsp|P2|Y\tP2\tFTL\t3\t4\n", {},
    ),
    "maxquant": (
        "proteins", "proteinGroups.txt",
        "Protein IDs\tGene names\tIntensity a\tIntensity b\tReverse\nP1\tHPX\t1\t2\t\nP2\tFTL\t3\t4\t+\n", {},
    ),
    "maxquant_sites": (
        "sites", "Sites.txt",
        "Protein\tAmino acid\tPosition\tLocalization prob\tNumber of Phospho (STY)\tIntensity a\tid\n"
        "P1\tS\t22\t0.9\t1\t8\t0\nP2\tT\t5\t0.5\t1\t9\t1\n", {},
    ),
    "mirge": ("counts", "miR.Counts.csv", "miRNA,a,b\nhsa-miR-1-3p,1,2\nhsa-miR-2-3p,3,4\n", {}),
    "mirna_table": (
        "matrix", "mirna.tsv", "id\ta\tb\nhsa-miR-1-3p\t1\t2\nhsa-miR-2-3p\t3\t4\n",
        {"scale": "log2:cpm:1", "orientation": "features_in_rows"},
    ),
    "motrpac_immunoassay": ("mfi", "mfi.txt", f"vial_label\tIL6\tTNF\n{VIAL}\t1\t2\n90218015507\t3\t4\n", {}),
    "mwtab": (
        "mwtab", "study.txt",
        "#METABOLOMICS WORKBENCH\nMS_METABOLITE_DATA_START\nSamples\ta\tb\nlactate\t1\t2\nMS_METABOLITE_DATA_END\n", {},
    ),
    "olink": (
        "npx", "npx.csv",
        "SampleID,OlinkID,Assay,QC_Warning,LOD,NPX\na,OID1,IL6,Pass,1,2.5\nb,OID1,IL6,Pass,1,3.5\n", {},
    ),
    "qpcr": ("cq", "plate.csv", "Sample,Target,Cq\na,IL6,20.5\nb,IL6,21.5\n", {}),
    "somascan": (
        "adat", "study.adat",
        "^HEADER\n!Version\t1\n^TABLE_BEGIN\n\tSeqId\t1-1\t2-2\nSampleId\t\t\t\na\t\t1\t2\nb\t\t3\t4\n", {},
    ),
    "spectronaut": (
        "proteins", "report.tsv",
        "PG.ProteinGroups\tPG.Genes\ta.raw.PG.Quantity\tb.raw.PG.Quantity\nP1\tHPX\t1\t2\nP2\tFTL\t3\t4\n", {},
    ),
    "motrpac_differential": (
        "data", "timewise-dea.txt",
        "feature_ID\tsex\tcomparison_group\tlogFC\tlogFC_se\ttscore\tp_value\nNP_1\tmale\t8w\t1\t0.5\t2\t0.1\n", {},
    ),
    "motrpac_human": (
        "data", "sum_stats.txt",
        "tissue\tassay\trandomGroupCode\tTimepoint\tfeature_id\tCount\tMean\tSD\n"
        "muscle\tprot\tA\tpre\tP1\t16\t2.5\t0.4\n", {},
    ),
}  # fmt: skip
LOADERS = sorted(FILES)


def loaded(loader: str, content: bytes, folder: Path, *, name: str = "") -> Any:
    """The object that `loader` makes of a file with `content`; it meets the contract."""
    role, usual, _, options = FILES[loader]
    path = folder / (name or usual)
    path.write_bytes(content)
    if loader in Tables.names:
        return load_table_files(loader, {role: path}, options)
    data = load_files(loader, {role: path}, options)
    validate(data, require_scale=False)
    return data


def good(loader: str) -> bytes:
    return FILES[loader][2].encode()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, pd.DataFrame):
        return bool(one.equals(other))
    return list(one.var_names) == list(other.var_names) and bool(
        (one.to_df().fillna(-1) == other.to_df().fillna(-1)).all(axis=None)
    )


def test_every_loader_of_this_file_is_registered() -> None:
    assert set(FILES) <= set(Loaders.names) | set(Tables.names)


@pytest.mark.parametrize("loader", LOADERS)
def test_a_good_file_is_a_value_that_states_what_was_found(loader: str, tmp_path: Path) -> None:
    data = loaded(loader, good(loader), tmp_path)
    if loader in Loaders.names:
        assert isinstance(json.loads(data.uns["exomics"]["report"]), dict)
        assert data.n_obs > 0
        assert data.n_vars > 0


@pytest.mark.parametrize("loader", LOADERS)
def test_how_a_file_is_written_does_not_matter(loader: str, tmp_path: Path) -> None:
    """Byte order mark, carriage returns and gzip, alone and together."""
    plain = loaded(loader, good(loader), tmp_path)
    dressed = b"\xef\xbb\xbf" + good(loader).replace(b"\n", b"\r\n")
    assert same(plain, loaded(loader, gzip.compress(dressed, mtime=0), tmp_path, name=f"{FILES[loader][1]}.gz"))


@pytest.mark.parametrize("loader", LOADERS)
def test_what_is_no_such_file_is_named_in_one_line(loader: str, tmp_path: Path) -> None:
    text = good(loader)
    faults = {
        "empty": b"",
        "cut off": gzip.compress(text, mtime=0)[:-9],
        "zip archive": b"PK\x03\x04" + text,
        "page of HTML": b"<!DOCTYPE html><html></html>",
        "NUL bytes": text[:10] + b"\0\0" + text[10:],
        "words without columns": b"nothing of use\n",
    }
    for fault, content in faults.items():
        with pytest.raises(InputError) as caught:
            loaded(loader, content, tmp_path)
        assert FILES[loader][1].partition(".")[0] in str(caught.value), fault
        assert "\n" not in str(caught.value), fault


@pytest.mark.parametrize("loader", [name for name in LOADERS if not name.startswith(("mwtab", "somascan"))])
def test_a_column_that_is_there_twice_is_refused(loader: str, tmp_path: Path) -> None:
    separator = b"," if FILES[loader][1].endswith(".csv") else b"\t"
    lines = [line + separator + line.rsplit(separator, 1)[-1] for line in good(loader).split(b"\n") if line]
    comments = [line if not line.startswith(b"#") else line.rsplit(separator, 1)[0] for line in lines]
    with pytest.raises(InputError, match="unique"):
        loaded(loader, b"\n".join(comments) + b"\n", tmp_path)


@pytest.mark.parametrize("loader", LOADERS)
def test_lines_that_are_gone_or_run_together_give_a_value_or_one_line(loader: str, tmp_path: Path) -> None:
    lines = good(loader).split(b"\n")
    cut = [b"\n".join(lines[:number]) + b"\n" for number in range(1, len(lines))]
    joined = [b"\n".join([*lines[:number], lines[number] + lines[number + 1], *lines[number + 2 :]])
              for number in range(len(lines) - 1)]  # fmt: skip
    for content in (*cut, *joined):
        try:
            loaded(loader, content, tmp_path)
        except UserError as error:
            assert "\n" not in str(error)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    loader=st.sampled_from(LOADERS),
    cut=st.tuples(st.integers(0, 400), st.integers(0, 12)),
    inserted=st.one_of(st.binary(max_size=6), st.sampled_from([b"\t", b",", b"\n", b'"', b"-", b"1e999", b"NA", b";"])),
)
def test_any_damage_gives_a_value_or_one_line(
    loader: str, cut: tuple[int, int], inserted: bytes, tmp_path: Path
) -> None:
    text = good(loader)
    start = cut[0] % (len(text) + 1)
    try:
        loaded(loader, text[:start] + inserted + text[start + cut[1] :], tmp_path)
    except UserError as error:
        assert "\n" not in str(error)
