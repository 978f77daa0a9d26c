"""Sets of features to test: shipped collections, signatures, GMT files, and signed substrate tables."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from exomics.errors import InputError, RegistryError
from exomics.registry.gene_sets import gene_set, gene_set_collections, sets_of
from exomics.registry.gmt import read_gmt
from exomics.registry.signature import DOWN, UP, Signature, read_signature
from exomics.registry.signature_files import all_signatures
from exomics.registry.substrates import COLUMNS, read_substrate_rows

_SUFFIXES = {UP: "_UP", DOWN: "_DN"}


@dataclass(frozen=True)
class GeneSets:
    """Named sets of features.

    Parameters
    ----------
    name
        What the family is called: ``hallmark@7.0``, a signature class, the name of a file.
    sets
        Set -> members, each once.
    signs
        Set -> +1 or -1 per member, for a table of substrates; empty for plain sets.
    species
        Species of the members, "" if unknown.

    Examples
    --------
    >>> chosen = GeneSets("mine", {"a": ("CS", "FH"), "b": ("FH",)})
    >>> len(chosen), len(chosen.sha256)
    (2, 64)
    """

    name: str
    sets: Mapping[str, tuple[str, ...]]
    signs: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    species: str = "human"

    def __post_init__(self) -> None:
        if not self.sets:
            raise InputError(f"{self.name} holds no set; give at least one.")
        for name, members in self.sets.items():
            if len(set(members)) != len(members):
                raise InputError(f"the set {name!r} of {self.name} names a member twice; name each once.")
            if self.signs and len(self.signs.get(name, ())) != len(members):
                raise InputError(f"the set {name!r} of {self.name} needs one sign per member.")

    def __len__(self) -> int:
        return len(self.sets)

    @property
    def sha256(self) -> str:
        """Hash of names, members and signs."""
        lines = [
            "\t".join([name, *members, *map(str, self.signs.get(name, ()))]) for name, members in self.sets.items()
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def resolve_gene_sets(words: str | Path | Iterable[str | Path]) -> GeneSets:
    """The sets that one or several words name.

    Parameters
    ----------
    words
        Each a shipped collection (``hallmark``, ``hallmark@7.0``), one of its sets (``HALLMARK_HYPOXIA@7.0``), a
        signature or a class of signatures, a ``.gmt`` file, or a ``.yaml`` signature. Of a signature with two arms each
        arm is a set, ``<id>_UP`` and ``<id>_DN``.

    Returns
    -------
    GeneSets
        Named by the words, with the version of a collection.

    Raises
    ------
    RegistryError
        If a word names nothing.
    InputError
        If two words bring a set of the same name, or sets of different species.

    Examples
    --------
    >>> found = resolve_gene_sets("hallmark")
    >>> found.name, len(found)
    ('hallmark@7.0', 50)
    """
    listed = [words] if isinstance(words, str | Path) else list(words)
    parts = [_resolve(str(word)) for word in listed]
    if not parts:
        raise InputError("name at least one collection, signature, class or GMT file of gene sets.")
    names = [name for part in parts for name in part.sets]
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(parts) > 1 else []
    if repeated:
        raise InputError(f"the set {repeated[0]!r} is named twice; give each set once.")
    species = sorted({part.species for part in parts})
    if len(species) > 1:
        raise InputError(f"the sets are of {' and '.join(species)}; test the sets of one species at a time.")
    return GeneSets(
        " + ".join(part.name for part in parts), {k: v for part in parts for k, v in part.sets.items()}, {}, species[0]
    )


def read_substrates(path: Path | str) -> GeneSets:
    """A user's kinase-substrate table as signed sets.

    Parameters
    ----------
    path
        TSV with the columns ``kinase``, ``substrate`` (the id of a site, in the spelling of ``feature_id`` or of the
        site table's targets) and ``sign`` (1: phosphorylation by the kinase, -1: a site that falls with its activity).
        Further columns are ignored.

    Returns
    -------
    GeneSets
        One set per kinase, in the order of the file.

    Raises
    ------
    InputError
        If the file or a column is missing, a sign is neither 1 nor -1, or a pair occurs twice.

    Notes
    -----
    No such table is shipped: the well-known ones may not be redistributed.
    """
    return substrates_of(pd.DataFrame(read_substrate_rows(path)), name=Path(path).name)


def substrates_of(frame: pd.DataFrame, *, name: str) -> GeneSets:
    """Signed sets from a frame of kinases and substrates.

    Parameters
    ----------
    frame
        Columns ``kinase``, ``substrate`` and ``sign``, as in `read_substrates`.
    name
        What the family is called.

    Returns
    -------
    GeneSets
        One set per kinase, in the order of the rows.

    Raises
    ------
    InputError
        If a column is missing, a name is empty, a sign is neither 1 nor -1, or a pair occurs twice.

    Examples
    --------
    >>> pairs = pd.DataFrame({"kinase": ["AKT1", "AKT1"], "substrate": ["Q96B36_T246", "O60343_T642"], "sign": [1, 1]})
    >>> substrates_of(pairs, name="pairs").signs
    {'AKT1': (1.0, 1.0)}
    """
    missing = [column for column in COLUMNS if column not in frame.columns]
    if missing:
        raise InputError(f"{name} needs the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}.")
    pairs = frame[["kinase", "substrate"]].astype(str)
    if (pairs == "").to_numpy().any():
        raise InputError(f"{name} has an empty kinase or substrate; fill it or drop the row.")
    signs = pd.to_numeric(frame["sign"], errors="coerce")
    wrong = ~signs.isin([1, -1])
    if wrong.any():
        raise InputError(f"{name}: sign must be 1 or -1; got {frame['sign'][wrong].iloc[0]!r}.")
    repeated = pairs[pairs.duplicated()]
    if len(repeated):
        raise InputError(f"{name} lists {' - '.join(map(str, repeated.iloc[0]))} twice; keep one row.")
    groups = frame.assign(sign=signs.astype(float), **pairs).groupby("kinase", sort=False)
    sets = {str(kinase): tuple(rows["substrate"]) for kinase, rows in groups}
    return GeneSets(name, sets, {str(kinase): tuple(rows["sign"]) for kinase, rows in groups}, "")


def jaccard_matrix(gene_sets: GeneSets) -> pd.DataFrame:
    """Share of common members of each pair of sets: ``|A and B| / |A or B|``.

    Parameters
    ----------
    gene_sets
        n sets.

    Returns
    -------
    DataFrame
        (n, n), symmetric, 1 on the diagonal, indexed by the names.

    Examples
    --------
    >>> round(float(jaccard_matrix(resolve_gene_sets("hallmark")).loc["HALLMARK_HYPOXIA", "HALLMARK_GLYCOLYSIS"]), 2)
    0.19
    """
    names = list(gene_sets.sets)
    members = pd.unique(pd.Series([member for name in names for member in gene_sets.sets[name]], dtype=object))
    column = {member: place for place, member in enumerate(members)}
    holds = np.zeros((len(names), len(members)))
    for row, name in enumerate(names):
        holds[row, [column[member] for member in gene_sets.sets[name]]] = 1.0
    common = holds @ holds.T
    sizes = np.diag(common)
    return pd.DataFrame(common / (sizes[:, None] + sizes - common), index=names, columns=names)


def without_shared(gene_sets: GeneSets) -> GeneSets:
    """The sets without the members that occur in more than one of them; a set that had no other is left out.

    Parameters
    ----------
    gene_sets
        Sets that overlap.

    Returns
    -------
    GeneSets
        Its name says that shared members were dropped.

    Raises
    ------
    InputError
        If nothing is left.

    Examples
    --------
    >>> without_shared(GeneSets("mine", {"a": ("CS", "FH"), "b": ("FH", "MDH2")})).sets
    {'a': ('CS',), 'b': ('MDH2',)}
    """
    seen: dict[str, int] = {}
    for members in gene_sets.sets.values():
        for member in members:
            seen[member] = seen.get(member, 0) + 1
    kept = {
        name: [place for place, member in enumerate(members) if seen[member] == 1]
        for name, members in gene_sets.sets.items()
    }
    chosen = {name: places for name, places in kept.items() if places}
    return replace(
        gene_sets,
        name=f"{gene_sets.name} without shared members",
        sets={name: tuple(gene_sets.sets[name][place] for place in places) for name, places in chosen.items()},
        signs={
            name: tuple(gene_sets.signs[name][place] for place in chosen[name]) for name in chosen if gene_sets.signs
        },
    )


def _resolve(word: str) -> GeneSets:
    if word.endswith(".gmt"):
        return GeneSets(Path(word).name, read_gmt(word))
    if word.endswith((".yaml", ".yml")):
        return _of_signatures((read_signature(word),), Path(word).name)
    identifier, _, version = word.partition("@")
    for collection in gene_set_collections():
        if collection.id == identifier and version in ("", collection.version):
            return GeneSets(f"{collection.id}@{collection.version}", sets_of(collection.id))
    if version:
        return GeneSets(word, {identifier: gene_set(word)})
    chosen = tuple(found for found in all_signatures() if _is_named(found, word))
    if not chosen:
        known = ", ".join(f"{collection.id}@{collection.version}" for collection in gene_set_collections())
        raise RegistryError(
            f"{word!r} names no gene sets; give a collection ({known}), one of its sets as ID@version, a signature or "
            "class with members (`exomics catalog signatures`), or a .gmt file."
        )
    return _of_signatures(chosen, word)


def _is_named(signature: Signature, word: str) -> bool:
    """By its id, or as one of the human signatures of a class."""
    of_class = signature.signature_class == word and signature.species == "human"
    return bool(signature.members) and (signature.id == word or of_class)


def _of_signatures(signatures: tuple[Signature, ...], name: str) -> GeneSets:
    species = sorted({found.species for found in signatures})
    if len(species) > 1:
        raise InputError(f"the signatures of {name!r} are of {' and '.join(species)}; name those of one species.")
    sets = {}
    for found in signatures:
        for group in found.groups:
            sets[f"{found.id}.{group}"] = tuple(one.feature_id for one in found.members if one.group == group)
        arms = {arm: tuple(dict.fromkeys(found.features(arm))) for arm in (UP, DOWN) if not found.groups}
        for arm, members in arms.items():
            if members:
                sets[found.id if found.arms == (UP,) else found.id + _SUFFIXES[arm]] = members
    return GeneSets(name, sets, {}, species[0])
