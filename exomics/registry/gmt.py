"""GMT: the field's plain list of gene sets. It keeps members only; signs, weights and layers do not survive it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from exomics._files import write_text
from exomics.errors import RegistryError
from exomics.registry.signature import DOWN, UP, Member, Signature, gene_namespace


def to_gmt(signatures: Iterable[Signature], path: Path | str) -> Path:
    """Write one line per arm: ``<id>`` for an up-only signature, ``<id>_UP`` and ``<id>_DN`` for a two-armed one.

    A family has one line per set, ``<id>.<set>``.

    Parameters
    ----------
    signatures
        Those without members are left out.
    path
        The GMT file. Its second column holds version and title.

    Returns
    -------
    Path
        The file.
    """
    lines = ["\t".join(line) for signature in signatures for line in _lines(signature)]
    return write_text(Path(path), "".join(f"{line}\n" for line in lines))


def read_gmt(path: Path | str) -> dict[str, tuple[str, ...]]:
    """Every set of a GMT file, by name; empty fields and repeated members are dropped.

    Parameters
    ----------
    path
        One set per line: name, description, members; tab-separated.

    Returns
    -------
    dict
        Name of a set -> its members, in the order of the file.

    Raises
    ------
    RegistryError
        If it is no text in UTF-8, a line has no name or no members, a name occurs twice, or there is no set.
    """
    source = Path(path)
    if not source.is_file():
        raise RegistryError(f"{source} does not exist; give a GMT file (name, description, members; tab-separated).")
    sets: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_text(source).splitlines(), start=1):
        if not line.strip():
            continue
        name, *rest = line.split("\t")
        members = tuple(dict.fromkeys(member.strip() for member in rest[1:] if member.strip()))
        if not name or not members:
            raise RegistryError(f"{source}, line {number}: expected a name, a description and members, tab-separated.")
        if name in sets:
            raise RegistryError(f"{source}, line {number}: the set {name!r} occurs twice; rename one.")
        sets[name] = members
    if not sets:
        raise RegistryError(f"{source} holds no set; expected lines of a name, a description and members.")
    return sets


def from_gmt(path: Path | str, *, score: str, layers: Iterable[str], species: str = "human") -> tuple[Signature, ...]:
    """Signatures from a GMT file; ``X_UP`` and ``X_DN`` (or ``X_DOWN``) become the two arms of ``X``.

    Parameters
    ----------
    path
        The GMT file.
    score
        Method key that scores them.
    layers
        Layers they may be scored on: a GMT file does not say.
    species
        Species of the identifiers: human, mouse or rat.

    Returns
    -------
    tuple of Signature
        Ids are ``gmt.<name>``; every sign is unknown, evidence U, license as the file's own.

    Raises
    ------
    RegistryError
        As by `read_gmt`; if two sets are the same arm of one signature, such as ``X`` and ``X_UP``; or if `species` is
        another.
    """
    arms: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, members in read_gmt(path).items():
        base, arm = _split(name)
        if arms.setdefault(base, {}).setdefault(arm, members) is not members:
            raise RegistryError(f"{path}: {name!r} is one of two sets that are the {arm} arm of {base!r}; rename one.")
    listed = (layers,) if isinstance(layers, str) else tuple(layers)
    return tuple(_signature(base, found, score, listed, species) for base, found in arms.items())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise RegistryError(f"{path} is no text in UTF-8 (byte {error.start + 1}); unpack it or save it so.") from error


def _lines(signature: Signature) -> Iterator[list[str]]:
    label = f"{signature.version} {signature.title}"
    for group in signature.groups:
        listed = (found.feature_id for found in signature.members if found.group == group)
        yield [f"{signature.id}.{group}", label, *listed]
    if signature.groups:
        return
    for arm, suffix in ((UP, "_UP"), (DOWN, "_DN")):
        members = signature.features(arm)
        if members:
            name = signature.id if signature.arms == (UP,) else signature.id + suffix
            yield [name, label, *members]


def _split(name: str) -> tuple[str, str]:
    for suffix, arm in (("_UP", UP), ("_DN", DOWN), ("_DOWN", DOWN)):
        if name.endswith(suffix):
            return name.removesuffix(suffix), arm
    return name, UP


def _signature(
    base: str, arms: dict[str, tuple[str, ...]], score: str, layers: tuple[str, ...], species: str
) -> Signature:
    unknown = dict.fromkeys(layers, "unknown")
    return Signature(
        id="gmt." + "".join(letter if letter.isalnum() else "_" for letter in base),
        version="1.0.0",
        title=base,
        signature_class="control",
        type="two_arm" if len(arms) > 1 else "gene_set",
        score=score,
        species=species,
        feature_namespace=gene_namespace(species),
        layers=layers,
        ex_acute=unknown,
        ex_trained=unknown,
        benefit=unknown,
        timing_class="any",
        evidence="U",
        sign_evidence="U",
        source={"text": "imported from a GMT file"},
        license="as the GMT file",
        members=tuple(
            Member(feature_id=name, arm=arm, source="GMT")
            for arm, names in sorted(arms.items(), reverse=True)
            for name in names
        ),
    )
