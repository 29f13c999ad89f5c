"""What a dry run of a pipeline fills in."""

from typing import Any

import pytest

from app.domain import pipeline
from app.domain.dry_run import dry_run_pipeline
from app.domain.errors import InvalidFields

ALL = "{description}|{branch}|{project}|{choice}|{input}|{instruction}|{round}"


def texts(*raw: dict[str, Any], **given: Any) -> list[str]:
    named = [{"name": f"s{i}", "command": ALL, **each} for i, each in enumerate(raw)]
    return [each.text for each in dry_run_pipeline(pipeline.parse(named), "Do it.", **given)]


CHOOSE, ASK = {"choices": ["minor", "major"]}, {"input": True}


@pytest.mark.parametrize(
    ("raw", "given", "found"),
    [
        ([{}], {"project": "WEB"}, ["Do it.|muster/1-1|WEB|||Do it.|1"]),
        ([{}], {}, ["Do it.|muster/1-1|{project}|||Do it.|1"]),
        ([{"kind": "shell"}], {}, [ALL]),
        ([{"confirm": True}], {"project": "W"}, ["Do it.|muster/1-1|W|||Do it.|1"]),
        (
            [{}, CHOOSE, ASK, {}],
            {"project": "W"},
            [
                "Do it.|muster/1-1|W|||Do it.|1",
                "Do it.|muster/1-1|W|minor||Do it.|1",
                "Do it.|muster/1-1|W|minor|{input}|Do it.|1",
                "Do it.|muster/1-1|W|minor|{input}|Do it.|1",
            ],
        ),
        (
            [CHOOSE, ASK],
            {"project": "W", "answers": {"s0": "major", "s1": "to {branch}"}},
            [
                "Do it.|muster/1-1|W|major||Do it.|1",
                "Do it.|muster/1-1|W|major|to {branch}|Do it.|1",
            ],
        ),
    ],
    ids=[
        "a project's",
        "no project's yet",
        "a script is not touched",
        "a confirmation brings nothing",
        "answers hold from their stage on",
        "answers that are given, not filled in again",
    ],
)
def test_a_stage_is_filled_in_as_its_order_would_be(
    raw: list[dict[str, Any]], given: dict[str, Any], found: list[str]
) -> None:
    assert texts(*raw, **given) == found


def test_a_scripts_variables_are_told_though_nothing_is_pasted_into_it() -> None:
    stages = pipeline.parse([{"name": "a", "command": "true", "kind": "shell"}])
    [stage] = dry_run_pipeline(stages, "Do it.", "WEB")
    assert (stage.variables["description"], stage.variables["project"]) == ("Do it.", "WEB")
    assert set(stage.variables) == set(pipeline.VARIABLES)


def test_an_answer_that_is_not_offered_is_told_of_by_its_stage() -> None:
    with pytest.raises(InvalidFields) as raised:
        texts(CHOOSE, answers={"s0": "huge"})
    assert raised.value.errors == {"answers.s0": ["must be one of: minor, major"]}
