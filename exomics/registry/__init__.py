"""Documents of the registry (signatures, manifests, recipes) and the declaration of methods."""

from exomics.registry.derivation_rule import DerivationRule, load_derivation_rule
from exomics.registry.document import Document, read_document
from exomics.registry.gene_sets import gene_set
from exomics.registry.gmt import from_gmt, read_gmt, to_gmt
from exomics.registry.method import Methods, MethodSpec
from exomics.registry.signature import Member, Signature, read_signature
from exomics.registry.signature_files import all_signatures, load_signature, write_signature

__all__ = [
    "DerivationRule",
    "Document",
    "Member",
    "MethodSpec",
    "Methods",
    "Signature",
    "all_signatures",
    "from_gmt",
    "gene_set",
    "load_derivation_rule",
    "load_signature",
    "read_document",
    "read_gmt",
    "read_signature",
    "to_gmt",
    "write_signature",
]
