"""Signatures of the registry by class, layer, tissue and timing."""

from __future__ import annotations

import argparse
from pathlib import Path

from exomics.cli._step import require_suffix
from exomics.errors import InputError, RegistryError
from exomics.registry.gmt import to_gmt
from exomics.registry.signature import Signature
from exomics.registry.signature_files import all_signatures

_FILTERS = ("signature_class", "layer", "tissue", "timing")


def add_filters(parser: argparse.ArgumentParser) -> None:
    """Declare the options that choose among signatures, and the one that exports them."""
    parser.add_argument("--class", dest="signature_class", metavar="CLASS", help="signatures of this class")
    parser.add_argument("--layer", help="signatures that list this layer, such as tumor_rna")
    parser.add_argument("--tissue", help="signatures that list a layer of this specimen, such as muscle")
    parser.add_argument("--timing", metavar="CLASS", help="signatures of this timing class, such as '>=48 h rest'")
    parser.add_argument("--gmt", type=Path, metavar="FILE", help="write the members of the chosen signatures (.gmt)")


def chosen_signatures(arguments: argparse.Namespace) -> tuple[Signature, ...]:
    """The shipped signatures that pass every filter given.

    Raises
    ------
    RegistryError
        If none does; the message lists the words that exist.
    """
    asked = {name: getattr(arguments, name) for name in _FILTERS if getattr(arguments, name)}
    found = all_signatures()
    for name, word in asked.items():
        known = sorted({value for signature in found for value in _values(signature, name)})
        found = tuple(signature for signature in found if word in _values(signature, name))
        if not found:
            option = "class" if name == "signature_class" else name
            raise RegistryError(f"no signature has --{option} {word!r}; there are {', '.join(known)}.")
    return found


def require_signatures(arguments: argparse.Namespace) -> None:
    """Refuse a filter where something else is listed."""
    given = [name for name in (*_FILTERS, "gmt") if getattr(arguments, name)]
    if given and arguments.what != "signatures":
        option = "class" if given[0] == "signature_class" else given[0]
        raise InputError(f"--{option} chooses among signatures; got exomics catalog {arguments.what}.")


def export(arguments: argparse.Namespace) -> None:
    """Write the chosen signatures as GMT, if asked."""
    if arguments.gmt:
        require_suffix(arguments.gmt, ".gmt")
        names = set(arguments.names)
        chosen = [one for one in chosen_signatures(arguments) if not names or one.id in names]
        if not any(one.members for one in chosen):
            raise RegistryError(f"none of {len(chosen)} signatures has members to write; choose others.")
        to_gmt(chosen, arguments.gmt)


def _values(signature: Signature, name: str) -> tuple[str, ...]:
    if name == "tissue":
        return tuple(layer.rpartition("_")[0] for layer in signature.layers)
    if name == "layer":
        return signature.layers
    return (signature.signature_class,) if name == "signature_class" else (signature.timing_class,)
