"""study.yaml: complete, checked, and honest about what is not reported."""

from __future__ import annotations

import pytest

from exomics.errors import InputError
from exomics.registry.document import parse_yaml
from exomics.schema.study import check_study, completeness, template, template_text
from exomics.schema.study_fields import FIELDS


def test_the_template_is_a_valid_study_that_reports_nothing() -> None:
    study = parse_yaml(template_text(species="rat"), "template")
    check_study(study)
    assert study["study"]["species"] == "rat"
    foreign = [field for field in FIELDS if field.group == "patient"]
    assert completeness(study) == pytest.approx(1 / (len(FIELDS) - len(foreign)))
    assert set(study["patient"].values()) == {"not_applicable"}
    assert set(template(["sex"], species="human")["host"].values()) == {"not_applicable"}  # not per_sample
    assert {value for found in template().values() for value in found.values()} == {"not_reported"}


def test_every_fault_is_listed_at_once() -> None:
    study = template()
    study["fitt"]["type"] = "juggling"
    study["fitt"]["program_weeks"] = "eight"
    study["fitt"]["shoes"] = "red"
    del study["host"]["sex"]
    with pytest.raises(InputError) as caught:
        check_study(study)
    message = str(caught.value)
    for part in (
        "no such field: fitt.shoes", "missing, write not_reported: host.sex;", "fitt.type must be one of",
        "fitt.program_weeks must be a number in weeks",
    ):  # fmt: skip
        assert part in message


def test_a_misspelled_field_is_recognized_and_many_are_counted() -> None:
    study = template()
    study["fitt"]["programme_weeks"] = study["fitt"].pop("program_weeks")
    with pytest.raises(InputError) as caught:
        check_study(study)
    assert str(caught.value) == (
        "study.yaml: no such field: fitt.programme_weeks (did you mean fitt.program_weeks?); "
        "missing, write not_reported: fitt.program_weeks."
    )
    with pytest.raises(InputError, match=rf"study\.design, .* and {len(FIELDS) - 7} more\.$"):
        check_study({"study": {"title": "alone"}})


def test_not_applicable_fields_do_not_count_against_completeness() -> None:
    study = template(species="human")
    study["host"] = dict.fromkeys(study["host"], "not_applicable")
    reported = completeness(study)
    assert reported == pytest.approx(1 / (len(FIELDS) - len(study["host"])))


@pytest.mark.parametrize("broken", [[], {"study": "rat"}, {"study": None}])
def test_a_document_without_groups_is_refused(broken: object) -> None:
    with pytest.raises(InputError, match="groups of fields"):
        check_study(broken)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [True, -1, float("nan"), float("inf"), "8"])
def test_an_amount_is_a_number_and_not_less_than_none(value: object) -> None:
    study = template()
    study["fitt"]["program_weeks"] = value
    with pytest.raises(InputError, match="must be a number"):
        check_study(study)


@pytest.mark.parametrize(
    "title", ["null", "yes", "1e5", "2024-03-01", "a: b # c", 'it\'s "new"', "ß\\n", "- x", "{x}", "*x"]
)
def test_any_title_stays_text(title: str) -> None:
    study = parse_yaml(template_text(species="human", title=title), "template")
    assert study["study"]["title"] == title
    check_study(study)
