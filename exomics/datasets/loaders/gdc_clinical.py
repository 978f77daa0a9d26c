"""GDC clinical and exposure tables: one row per case, whatever a case's several treatments say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from anndata import AnnData

from exomics.datasets.loaders._assemble import only_file
from exomics.datasets.loaders._gdc import gdc_cases, gdc_declared
from exomics.datasets.loaders._sample_options import SAMPLE_OPTIONS
from exomics.datasets.loaders.measurements import sheet_to_anndata
from exomics.registry.manifest import Manifest
from exomics.registry.method import MethodSpec
from exomics.schema import keys

_OPTIONS: Final[Mapping[str, Any]] = {"scale": None, **SAMPLE_OPTIONS}
_OUTCOMES: Final = (keys.OVERALL_SURVIVAL_TIME, keys.OVERALL_SURVIVAL_EVENT)


def load_gdc_clinical(files: Mapping[str, Path], manifest: Manifest) -> AnnData:
    """The cases of a clinical table, with their exposures.

    Parameters
    ----------
    files
        Role ``clinical`` (``clinical.tsv``); optional ``exposure`` (``exposure.tsv``).
    manifest
        Options: ``scale`` (default linear values) and the sample options.

    Returns
    -------
    AnnData
        Cases x numeric columns (ages, packs a year), missing as NaN; text in ``obs``, with overall survival in months.
        Where a case has several rows, one per treatment, distinct values are joined by ``; ``.
        ``uns["exomics"]["report"]`` counts columns without value, which are dropped, and names those joined.

    Raises
    ------
    InputError
        If there is no column of cases, or no column holds numbers.

    Notes
    -----
    ``--``, ``'--`` and ``not reported`` are missing. Of columns of one name (``state``) the second and later are
    numbered. Overall survival is ``days_to_death`` of the dead and ``days_to_last_follow_up`` of the living, over
    30.4375.

    Examples
    --------
    >>> import tempfile
    >>> from exomics.datasets import load_files
    >>> text = ("submitter_id\\tproject_id\\tage_at_index\\tvital_status\\tdays_to_death\\ttreatment_type\\n"
    ...         "TCGA-1\\tTCGA-LUSC\\t70\\tDead\\t487\\tRadiation\\nTCGA-1\\tTCGA-LUSC\\t70\\tDead\\t487\\tDrug\\n")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "clinical.tsv"
    ...     written = path.write_text(text)
    ...     cases = load_files("gdc_clinical", {"clinical": path})
    >>> cases.shape[0], cases.obs["treatment_type"].tolist(), cases.obs["os_time_months"].tolist()
    (1, ['Radiation; Drug'], [16.0])
    """
    options = {**_OPTIONS, **manifest.options}
    path = only_file(files, "clinical")
    cases, report = gdc_cases(path)
    found = {"clinical": report}
    if "exposure" in files:
        exposed, found["exposure"] = gdc_cases(files["exposure"])
        found["exposure"]["cases_absent"] = sorted(set(cases.index) - set(exposed.index))
        cases = cases.join(exposed[[name for name in exposed if name not in cases]])
    declared = gdc_declared(options)
    not_measured = [name for name in (*_OUTCOMES, keys.STUDY_ID) if name in cases]
    settings = {**declared, "id": "case_id", "not_measured": not_measured}
    return sheet_to_anndata(cases.reset_index(), settings, manifest, where=str(path), report=found)


GDC_CLINICAL = MethodSpec(
    name="gdc_clinical",
    kind="loader",
    title="GDC clinical and exposure tables",
    function=load_gdc_clinical,
    species=("human",),
    parameters=_OPTIONS,
)
