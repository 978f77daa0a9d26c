"""What a scorer declares beyond a `MethodSpec`: the scale its kernel works on, its minimum, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from exomics.errors import RegistryError
from exomics.registry.method import MethodSpec
from exomics.registry.signature import DOWN, Signature

WORKING_SCALES = ("any", "log2", "tpm", "normalized", "declared")
ROWS = ("arms", "members")


@dataclass(frozen=True, kw_only=True)
class CoverageRule:
    """The least that must be measured in a sample for a score to be given.

    Parameters
    ----------
    fraction
        Fraction of the members of each arm.
    small_set
        For an arm of up to this many members one measured member is enough.
    members
        Measured members in all.
    universe
        Measured features in all.
    weight
        Fraction of the summed absolute weight.
    housekeeping
        Measured housekeeping features.
    """

    fraction: float
    small_set: int = 0
    members: int = 1
    universe: int = 0
    weight: float = 0.0
    housekeeping: int = 0


@dataclass(frozen=True, kw_only=True)
class Scorer(MethodSpec):
    """A scorer: ``function(expression, signatures, *, reference=None, ...) -> (n_samples, n_signatures)``.

    Parameters
    ----------
    works_on
        What the runner must hand over: ``log2``, ``tpm`` (linear TPM), ``normalized`` (linear TPM, CPM or normalized
        counts), ``any`` monotone scale, or the values as ``declared``.
    coverage
        The minimum below which a score is not given.
    rows
        ``arms``: the total, and each arm where there are two; ``members``: one row per member, never a total.
    weighted
        Whether the members' weights enter. A signature with negative weights is not applicable to a scorer that leaves
        weights out: the sign of those members would be lost.
    has_frozen_form
        Of a cohort-dependent scorer: whether it can be computed against a frozen reference.
    has_down
        Whether a down arm enters. A signature with one is not applicable to a scorer in which it does not.
    every_feature
        Whether the kernel needs every feature, not the members alone; a method that ranks always does.
    whole_groups
        Whether a group of members, such as a ligand with its receptor complex, is whole or absent.
    wanted_step
        A step of preprocessing, and the flag that a score carries where it was not done.
    """

    works_on: str
    coverage: CoverageRule = field(default_factory=lambda: CoverageRule(fraction=1.0))
    rows: str = "arms"
    weighted: bool = False
    has_frozen_form: bool = False
    has_down: bool = True
    every_feature: bool = False
    whole_groups: bool = False
    wanted_step: tuple[str, str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.works_on not in WORKING_SCALES or self.rows not in ROWS:
            raise RegistryError(f"scorer {self.name!r}: works_on must be one of {WORKING_SCALES}, rows of {ROWS}.")

    @property
    def needs_every_feature(self) -> bool:
        """Whether the kernel must see the whole assay."""
        return self.every_feature or self.works_on == "any"

    def obstacle(self, signature: Signature) -> str:
        """Why `signature` cannot be scored by this method; "" where it can."""
        if signature.features(DOWN) and not self.has_down:
            return f"{signature.id} has a down arm, which does not enter {self.name}: its sign would be lost"
        negative = [member.feature_id for member in signature.members if member.weight < 0]
        if self.weighted or self.rows == "members" or not negative:
            return ""
        return (
            f"{', '.join(negative[:3])} has a negative weight, and {self.name} uses no weights: its sign would be lost"
        )
