"""Publication: signature packages that anyone can recompute, and reports."""

from exomics.publish.package import publish
from exomics.publish.verify import Check, verify

__all__ = ["Check", "publish", "verify"]
