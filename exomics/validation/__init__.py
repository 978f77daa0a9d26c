"""How far a finding can be trusted: agreement with published tables, recovery of truth, associations in cohorts.

`agreement` and `recovery` are modules that hold a verb of their own name: import it from there.
"""

from exomics.validation.association import associate
from exomics.validation.controls import beside_controls
from exomics.validation.pooling import pool

__all__ = ["associate", "beside_controls", "pool"]
