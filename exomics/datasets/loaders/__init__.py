"""The loaders: one `MethodSpec` each, standing under its function. ``Tables`` return a frame, ``Loaders`` a container."""

from exomics.datasets.loaders.motrpac import MOTRPAC
from exomics.registry.method import Methods

Loaders = Methods("loader", (MOTRPAC,))
Tables = Methods("loader", ())

__all__ = ["Loaders", "Tables"]
