"""Gene-set collections of the registry, and the reference ``ID@version`` by which a signature names one set."""

from __future__ import annotations

from functools import cache

from exomics._resources import registry_folder
from exomics.errors import RegistryError
from exomics.registry.document import Document, document_paths, read_document


def gene_set(reference: str) -> tuple[str, ...]:
    """Members of one shipped gene set, in the order of its document.

    Parameters
    ----------
    reference
        ``ID@version``; the version is that of the collection and is required, so that a set never changes in silence.

    Returns
    -------
    tuple of str
        Feature identifiers.

    Raises
    ------
    RegistryError
        If no shipped collection of that version holds the set.

    Examples
    --------
    >>> len(gene_set("HALLMARK_OXIDATIVE_PHOSPHORYLATION@7.0"))
    200
    """
    name, _, version = reference.partition("@")
    for collection in gene_set_collections():
        if collection.version == version and name in _sets_of(collection.id):
            return _sets_of(collection.id)[name]
    known = ", ".join(f"{collection.id}@{collection.version}" for collection in gene_set_collections())
    raise RegistryError(f"no shipped collection holds the gene set {reference!r}; collections: {known or 'none'}.")


@cache
def gene_set_collections() -> tuple[Document, ...]:
    """Every collection shipped under ``signatures/gene_sets``."""
    folder = registry_folder("signatures")
    schema = folder / "schemas" / "gene_sets.schema.yaml"
    return tuple(read_document(path, schema) for path in document_paths(folder / "gene_sets"))


def sets_of(collection: str) -> dict[str, tuple[str, ...]]:
    """Every set of one shipped collection, by name.

    Parameters
    ----------
    collection
        Its id, or ``id@version``, which refuses any other version.

    Examples
    --------
    >>> len(sets_of("hallmark")), len(sets_of("mcpcounter@1.0"))
    (50, 10)
    """
    name, _, version = collection.partition("@")
    known = {found.id: found.version for found in gene_set_collections()}
    if version and known.get(name) != version:
        shown = ", ".join(f"{found}@{known[found]}" for found in known)
        raise RegistryError(f"no shipped collection is {collection!r}; there are {shown}.")
    return dict(_sets_of(name))


@cache
def _sets_of(collection_id: str) -> dict[str, tuple[str, ...]]:
    for collection in gene_set_collections():
        if collection.id == collection_id:
            members: dict[str, list[str]] = {}
            for row in collection.rows:
                members.setdefault(row["gene_set"], []).append(row["feature_id"])
            if len(members) != collection.head["n_sets"]:
                raise RegistryError(
                    f"{collection.path} declares {collection.head['n_sets']} sets; its body holds {len(members)}."
                )
            return {name: tuple(genes) for name, genes in members.items()}
    raise RegistryError(f"no shipped collection is called {collection_id!r}.")
