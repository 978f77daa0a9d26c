"""Where the registry folders are: in a checkout beside the package, in a wheel inside it."""

from __future__ import annotations

from pathlib import Path

from exomics.errors import RegistryError

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = ("signatures", "data_manifests", "workflows")


def registry_folder(name: str) -> Path:
    """Folder of registry documents called `name`.

    Parameters
    ----------
    name
        One of ``signatures``, ``data_manifests``, ``workflows``.

    Returns
    -------
    Path
        ``<checkout>/<name>`` for an editable install, ``exomics/_bundled/<name>`` for a wheel.

    Raises
    ------
    RegistryError
        If `name` is not a registry folder, or the installation lacks it.

    Examples
    --------
    >>> from exomics._resources import registry_folder
    >>> registry_folder("signatures").name
    'signatures'
    """
    if name not in _FOLDERS:
        raise RegistryError(f"no registry folder is called {name!r}; expected one of {', '.join(_FOLDERS)}")
    for candidate in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise RegistryError(f"the folder {name!r} is missing from this installation; install exomics again")
