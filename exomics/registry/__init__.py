"""Documents of the registry (signatures, manifests, recipes) and the declaration of methods."""

from exomics.registry.document import Document, read_document
from exomics.registry.method import Methods, MethodSpec

__all__ = ["Document", "MethodSpec", "Methods", "read_document"]
