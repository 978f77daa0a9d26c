"""How hemolysis is told of samples and features, and which miRNAs red cells release."""

from __future__ import annotations

from typing import Final

# obs
DELTA_CQ: Final = "hemolysis_delta_cq"
LOG2_RATIO: Final = "hemolysis_log2_ratio"
GRADE: Final = "hemolysis"  # ok, caution, fail, or "" where it cannot be said

# var
SENSITIVE: Final = "hemolysis_sensitive"

RAISED: Final = (
    "miR-451a", "miR-16-5p", "miR-92a-3p", "miR-17-5p", "miR-21-5p", "miR-106a-5p", "miR-486-5p",
    "miR-451", "miR-16", "miR-92a", "miR-17", "miR-21", "miR-106a",
)  # fmt: skip
"""miRNAs that red cells release."""
