"""The explicit list of deconvolution methods."""

from __future__ import annotations

from exomics.registry.method import Methods
from exomics.scoring.deconvolution import abis, epic, estimate, lineage, mcp_counter, nu_svr, quantiseq, xcell

Deconvolutions = Methods(
    "deconvolution",
    (mcp_counter.SPEC, lineage.SPEC, quantiseq.SPEC, epic.SPEC, abis.SPEC, nu_svr.SPEC, estimate.SPEC, xcell.SPEC),
)
