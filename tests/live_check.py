"""Fetch a few public sources over the network and read them: `make live-check`.

A smoke test of addresses, not of numbers: services move, and the manifests that were never verified are the first to
notice. Run by hand where there is a network; continuous integration has none.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence

from exomics.datasets import Loaders, fetch, load, load_table
from exomics.errors import FetchError, UserError
from exomics.registry.manifest import load_manifest

DATASETS = (
    "ref_hallmark_7_0",
    "swinton_mock",
    "ref_hgnc",
    "ref_hallmark_2025_1",
    "ref_canonical_pathways_7_0_rat",
    "motrpac_6mo_heart_protein_training",
    "tcga_absolute_purity",
    "ref_hgnc_complete",
    "ref_mane",
)


def check(dataset: str) -> tuple[str, str]:
    """Fetch and read one dataset: ``ok``, ``unreachable`` or ``broken``, and what was found."""
    manifest = load_manifest(dataset)
    try:
        files = fetch(dataset, progress=False)
    except FetchError as error:
        return "unreachable" if "cannot be fetched" in str(error) else "broken", str(error)
    try:
        data = load(dataset) if manifest.loader in Loaders.names else load_table(dataset)
    except UserError as error:
        return "broken", str(error)
    size = sum(path.stat().st_size for path in files.values())
    kind = "unverified" if manifest.unverified else "verified"
    return "ok", f"{kind}, {size:,} bytes, {data.shape[0]:,} x {data.shape[1]:,}"


def main(datasets: Sequence[str] = DATASETS) -> int:
    """Check each dataset in a cache of its own; 0 if all are well, 1 if one is broken, 2 if none can be reached."""
    found = []
    with tempfile.TemporaryDirectory(prefix="exomics-live-") as cache:
        kept = {name: os.environ.pop(name, None) for name in ("EXOMICS_MIRROR", "EXOMICS_OFFLINE")}
        kept["EXOMICS_CACHE"] = os.environ.get("EXOMICS_CACHE")
        os.environ["EXOMICS_CACHE"] = cache
        try:
            for dataset in datasets:
                status, said = check(dataset)
                found.append(status)
                sys.stdout.write(f"{status:<12} {dataset:<36} {said}\n")
                if status == "unreachable" and len(found) == 1:
                    break
        finally:
            os.environ.pop("EXOMICS_CACHE")
            os.environ.update({name: value for name, value in kept.items() if value is not None})
    if set(found) == {"unreachable"}:
        sys.stdout.write("live-check: no public source can be reached from here; run it where there is a network.\n")
        return 2
    return 0 if set(found) == {"ok"} else 1


if __name__ == "__main__":
    sys.exit(main())
