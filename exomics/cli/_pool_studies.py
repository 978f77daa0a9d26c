"""The half of ``exomics pool`` that pools differential tables."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import pandas as pd

from exomics.cli._step import input_path, role_path
from exomics.cli._write import save_table
from exomics.differential import Study, combine_studies, pool_studies, study_moderators
from exomics.errors import InputError
from exomics.harmonize import OrthologTable, load_orthologs
from exomics.registry.document import parse_yaml
from exomics.results import PooledTable, read_differential
from exomics.schema.study import check_study
from exomics.stats.combine_p_values import Combination

_ONLY_STUDIES = ("contrast", "by", "from_species", "study", "moderator", "moderators", "formula", "name")


def add_study_options(parser: argparse.ArgumentParser) -> None:
    """Declare what only differential tables take."""
    add = parser.add_argument
    add("--contrast", action="append", default=[], metavar="[STUDY=]NAME", help="of all studies, or of one; repeatable")
    add("--name", help="contrast of the result (default: pooled)")
    add("--by", choices=("feature_id", "feature_name"), help="what makes features the same (default: feature_id)")
    add("--from-species", action="append", default=[], metavar="STUDY=SPECIES", help="rat or mouse; repeatable")
    add("--orthologs", default="ref_orthologs_babelgene", metavar="DATASET", help="ortholog table")
    add("--min-support", type=int, default=3, help="databases that must agree on a pair")
    add("--study", action="append", type=role_path, default=[], metavar="STUDY=FILE", help="its study.yaml; repeatable")
    add("--moderator", action="append", default=[], metavar="GROUP.FIELD", help="a field of study.yaml; repeatable")
    add("--moderators", type=input_path, metavar="FILE", help="TSV with the column study, and one per moderator")
    add("--formula", help="how the moderators enter (default: all of them)")


def require_no_study_options(arguments: argparse.Namespace) -> None:
    """Raise if associations are given an option of differential tables."""
    given = [name for name in _ONLY_STUDIES if getattr(arguments, name)]
    if given:
        raise InputError(f"--{given[0].replace('_', '-')} goes with differential tables; these hold associations.")


def pool_tables(arguments: argparse.Namespace) -> None:
    """Pool differential tables, write, and say what was found."""
    paths = dict(arguments.tables)
    if len(paths) < len(arguments.tables):
        raise InputError("two tables have one study name; name them as STUDY=TABLE.tsv.")
    contrasts, species = _per_study(arguments.contrast, paths, "--contrast"), _species(arguments, paths)
    absent = [study for study in paths if study not in contrasts]
    if absent:
        raise InputError(f"name the contrast to pool, --contrast NAME or --contrast {absent[0]}=NAME.")
    orthologs = {one: _orthologs(one, arguments) for one in sorted(set(species.values()))}
    studies = {
        name: Study(
            table=read_differential(path), contrast=contrasts[name], orthologs=orthologs.get(species.get(name, ""))
        )
        for name, path in paths.items()
    }
    moderators = _moderators(arguments, paths)
    pooled = _combined(arguments, studies, moderators)
    others = [path for _, path in arguments.study] + ([arguments.moderators] if arguments.moderators else [])
    save_table(pooled, arguments.output, arguments, [*paths.values(), *others])
    _say(pooled, arguments.output)


def _combined(
    arguments: argparse.Namespace, studies: Mapping[str, Study], moderators: pd.DataFrame | None
) -> PooledTable:
    shared: dict[str, Any] = {"name": arguments.name or "pooled", "by": arguments.by or ""}
    if arguments.method not in get_args(Combination):
        return pool_studies(
            studies,
            moderators=moderators,
            formula=arguments.formula or "",
            method=arguments.method,
            inference=arguments.inference or "hartung_knapp",
            **shared,
        )
    if moderators is not None or arguments.inference:
        raise InputError(f"{arguments.method} combines p-values; moderators and --inference go with effects.")
    return combine_studies(studies, method=arguments.method, **shared)


def _per_study(given: Sequence[str], studies: Mapping[str, Path], option: str) -> dict[str, str]:
    """``NAME`` for all studies, ``STUDY=NAME`` for one; a name may hold an equals sign itself."""
    shared = ""
    own: dict[str, str] = {}
    for text in given:
        study, separator, name = text.partition("=")
        if separator and study in studies:
            own[study] = name
        elif shared:
            raise InputError(f"{option} {text}: there is no study {study!r}; the studies: {', '.join(studies)}.")
        else:
            shared = text
    return {**(dict.fromkeys(studies, shared) if shared else {}), **own}


def _species(arguments: argparse.Namespace, studies: Mapping[str, Path]) -> dict[str, str]:
    found = {}
    for text in arguments.from_species:
        study, _, species = text.partition("=")
        if study not in studies or species not in ("rat", "mouse"):
            raise InputError(f"--from-species is STUDY=rat or STUDY=mouse of {', '.join(studies)}; got {text!r}.")
        found[study] = species
    return found


def _orthologs(species: str, arguments: argparse.Namespace) -> OrthologTable:
    return load_orthologs(species, dataset=arguments.orthologs, min_support=arguments.min_support)


def _moderators(arguments: argparse.Namespace, studies: Mapping[str, Path]) -> pd.DataFrame | None:
    if arguments.moderators:
        table = pd.read_csv(arguments.moderators, sep="\t", dtype={"study": str})
        if "study" not in table.columns or arguments.moderator:
            raise InputError("--moderators is a TSV with the column study; it takes the place of --moderator.")
        return table.set_index("study")
    if not arguments.moderator:
        return None
    documents = {study: parse_yaml(path.read_text(encoding="utf-8"), str(path)) for study, path in arguments.study}
    absent = [study for study in studies if study not in documents]
    if absent:
        raise InputError(f"--moderator reads the study.yaml of each study; give --study {absent[0]}=FILE.")
    for study, path in arguments.study:
        check_study(documents[study], str(path))
    return study_moderators({study: documents[study] for study in studies}, arguments.moderator)


def _say(table: PooledTable, output: Path) -> None:
    for contrast, rows in table.frame.groupby("contrast", sort=False):
        tested = rows[rows["p_value"].notna()]
        found = int((tested["adj_p_value"] < 0.05).sum())
        spread = rows["i_squared"].dropna()
        words = f"; median I2 {spread.median():.2f}" if len(spread) else ""
        print(f"{contrast}: {found} of {len(tested)} features (adjusted p < 0.05){words}")
    for note in table.provenance.notes[: 1 + len(table.provenance.parameters["contrasts"])]:
        print(f"note: {note}")
    print(f"{output}: {len(table.frame)} rows")
