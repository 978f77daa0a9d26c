"""The words by which signatures are named: an id, a class, ``all``, one gene, or a file."""

from __future__ import annotations

from exomics.errors import RegistryError
from exomics.registry.gmt import from_gmt
from exomics.registry.signature import Member, Signature, gene_namespace, read_signature
from exomics.registry.signature_files import all_signatures, load_signature
from exomics.schema.vocabulary import SPECIMENS
from exomics.scoring.methods import NO_SCORERS

_GENE = "gene:"


def select_signatures(word: str, *, layer: str = "", species: str = "human") -> tuple[Signature, ...]:
    """Signatures that `word` names.

    Parameters
    ----------
    word
        Id of a shipped signature; ``all`` or a class of the registry (then only those that score samples and list
        `layer`, if it is given); ``gene:SYMBOL`` for one gene; the path of a ``.yaml`` or ``.gmt`` file.
    layer
        Layer in which they will be scored.
    species
        Whose genes ``gene:`` and a ``.gmt`` file name: human, mouse or rat.

    Returns
    -------
    tuple of Signature
        At least one.

    Raises
    ------
    RegistryError
        If `word` names none, or names genes of another species.

    Examples
    --------
    >>> [found.id for found in select_signatures("gene:CXCL9")]
    ['gene.CXCL9']
    """
    if word.startswith(_GENE):
        return (one_gene(word.removeprefix(_GENE), species),)
    if word.endswith((".yaml", ".yml")):
        return (read_signature(word),)
    if word.endswith(".gmt"):
        return from_gmt(word, score="rank_updown", layers=(layer,) if layer else ("tumor_rna",), species=species)
    of_class = all_signatures(None if word == "all" else word)
    if not of_class:
        return (load_signature(word),)
    scored = tuple(found for found in of_class if found.score not in NO_SCORERS)
    fitting = tuple(found for found in scored if not layer or layer in found.layers)
    if not fitting:
        raise RegistryError(f"no signature of {word!r} lists the layer {layer}; name signatures one by one.")
    return fitting


def one_gene(symbol: str, species: str = "human") -> Signature:
    """One gene as a signature: its log2 expression, on any RNA layer.

    Raises
    ------
    RegistryError
        If the symbol is empty, or the species is not human, mouse or rat.
    """
    symbol = symbol.strip()
    if not symbol:
        raise RegistryError("gene: needs a symbol, such as gene:CXCL9.")
    layers = tuple(f"{specimen}_rna" for specimen in SPECIMENS if specimen != "unknown")
    unknown = dict.fromkeys(layers, "unknown")
    return Signature(
        id=f"gene.{symbol}",
        version="1.0.0",
        title=f"{symbol}, one gene",
        signature_class="control",
        type="gene_set",
        score="mean_log2",
        species=species,
        feature_namespace=gene_namespace(species),
        layers=layers,
        ex_acute=unknown,
        ex_trained=unknown,
        benefit=unknown,
        timing_class="any",
        evidence="D",
        sign_evidence="U",
        source={"text": "one gene, as measured"},
        license="BSD-3-Clause",
        members=(Member(feature_id=symbol, evidence="D", source="as measured"),),
    )
