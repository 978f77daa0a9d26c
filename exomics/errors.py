"""Errors a user can act on: each says what was expected, what came, and what to do."""

from __future__ import annotations


class UserError(Exception):
    """Something the user can mend. The command line prints its one line and exits with 2."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class InputError(UserError):
    """A file, table or object is not what the step needs."""


class ScaleError(InputError):
    """The scale of the values is not declared, or is not one the method accepts."""


class DesignError(UserError):
    """A design or a contrast cannot be estimated."""


class RegistryError(UserError):
    """A registry document is malformed, unknown, or altered."""


class FetchError(UserError):
    """A file cannot be had, or is not the file its manifest describes."""


class LayerError(UserError):
    """A signature is scored on a layer it does not list."""


class VerificationError(UserError):
    """A published number is not the number that its inputs give."""


class MissingExtraError(UserError):
    """An optional dependency is needed for this step."""
