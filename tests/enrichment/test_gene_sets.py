"""Words to sets, signed tables, and the overlap of sets."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from exomics.enrichment import (
    GeneSets,
    jaccard_matrix,
    read_substrates,
    resolve_gene_sets,
    substrates_of,
    without_shared,
)
from exomics.errors import InputError, RegistryError
from exomics.registry.signature_files import all_signatures, load_signature


def test_a_collection_one_of_its_sets_and_a_version() -> None:
    whole = resolve_gene_sets("hallmark@7.0")
    assert (whole.name, len(whole)) == ("hallmark@7.0", 50)
    one = resolve_gene_sets("HALLMARK_HYPOXIA@7.0")
    assert one.sets == {"HALLMARK_HYPOXIA": whole.sets["HALLMARK_HYPOXIA"]}
    with pytest.raises(RegistryError):
        resolve_gene_sets("hallmark@6.0")


def test_signatures_and_classes_bring_each_arm_as_a_set() -> None:
    assert resolve_gene_sets("imm.cyt").sets == {"imm.cyt": load_signature("imm.cyt").features("up")}
    two_arms = next(found for found in all_signatures() if found.features("up") and found.features("down"))
    assert set(resolve_gene_sets(two_arms.id).sets) == {f"{two_arms.id}_UP", f"{two_arms.id}_DN"}
    assert len(resolve_gene_sets(["hallmark", "ecm"])) > 50


def test_a_gmt_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.gmt"
    path.write_text("a\tsource\tCS\tFH\nb\tsource\tFH\n", encoding="utf-8")
    found = resolve_gene_sets(path)
    assert (found.name, found.sets) == ("mine.gmt", {"a": ("CS", "FH"), "b": ("FH",)})
    with pytest.raises(InputError, match="named twice"):
        resolve_gene_sets([path, path])


def test_unknown_words_are_refused() -> None:
    with pytest.raises(RegistryError, match="names no gene sets"):
        resolve_gene_sets("hallmarks")
    with pytest.raises(InputError, match="at least one"):
        resolve_gene_sets([])


def test_overlaps_and_their_removal() -> None:
    hallmark = resolve_gene_sets("hallmark")
    overlaps = jaccard_matrix(hallmark)
    assert overlaps.loc["HALLMARK_HYPOXIA", "HALLMARK_GLYCOLYSIS"] == pytest.approx(65 / (200 + 200 - 65))
    assert (overlaps.to_numpy() == overlaps.to_numpy().T).all()
    alone = without_shared(hallmark)
    members = [member for chosen in alone.sets.values() for member in chosen]
    assert len(members) == len(set(members))
    assert alone.name == "hallmark@7.0 without shared members"
    with pytest.raises(InputError, match="holds no set"):
        without_shared(GeneSets("mine", {"a": ("CS",), "b": ("CS",)}))


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("kinase\tsubstrate\nA\tx\n", "missing: sign"),
        ("kinase\tsubstrate\tsign\nA\tx\t2\n", "1 or -1"),
        ("kinase\tsubstrate\tsign\nA\t\t1\n", "empty"),
        ("kinase\tsubstrate\tsign\nA\tx\t1\nA\tx\t-1\n", "A - x twice"),
    ],
)
def test_malformed_substrate_tables_are_refused(tmp_path: Path, rows: str, words: str) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(rows, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_substrates(path)


def test_substrates_keep_signs_and_extra_columns_do_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("kinase\tsource\tsubstrate\tsign\nA\tp\tx\t1\nB\tp\tx\t-1\nA\tp\ty\t-1\n", encoding="utf-8")
    found = read_substrates(path)
    assert found.sets == {"A": ("x", "y"), "B": ("x",)}
    assert found.signs == {"A": (1.0, -1.0), "B": (-1.0,)}
    assert substrates_of(pd.read_csv(path, sep="\t"), name="pairs.tsv").sha256 == found.sha256
    assert without_shared(found).signs == {"A": (-1.0,)}
    with pytest.raises(InputError, match="does not exist"):
        read_substrates(tmp_path / "none.tsv")


def test_inconsistent_sets_are_refused() -> None:
    with pytest.raises(InputError, match="twice"):
        GeneSets("mine", {"a": ("CS", "CS")})
    with pytest.raises(InputError, match="one sign per member"):
        GeneSets("mine", {"a": ("CS", "FH")}, {"a": (1.0,)})
