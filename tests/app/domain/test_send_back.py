"""Sending a failed check back: when it happens, and what its agent gets."""

from typing import Any

import pytest

from app.domain import pipeline, send_back
from app.domain.errors import InvalidFields
from app.domain.pipeline import Fail, SendBack, StageOutcome

DEVELOP = {"name": "develop", "command": "x"}
TEST = {"name": "test", "command": "make test", "kind": "shell"}
BACK = {"to": "develop", "times": 2}
STAGES = pipeline.parse([DEVELOP, {**TEST, "onFailure": BACK}])
WORK, OTHER = {"commit": "c1", "tree": "t1"}, {"commit": "c2", "tree": "t2"}
FAILED = StageOutcome("exit", 1)
NO_AGENT = "not_an_earlier_agent"


def turn(work: Any = WORK, **more: Any) -> dict[str, Any]:
    return {"stageIndex": 1, "to": 0, "work": work, "checkpoint": None, **more}


def step_after(
    turns: list[dict[str, Any]], work: Any, outcome: StageOutcome = FAILED, can_repeat: bool = True
) -> pipeline.Step:
    step = pipeline.advance(STAGES, 1, outcome)
    return send_back.after_failure(step, STAGES, 1, outcome, turns, work, can_repeat=can_repeat)


@pytest.mark.parametrize(
    ("turns", "work", "number"),
    [
        ([], WORK, 1),
        ([turn()], OTHER, 2),
        ([turn(None)], WORK, 2),
        ([turn({})], WORK, 2),
        ([turn({"commit": "c1"})], {"commit": "c2"}, 2),
        ([{**turn(), "stageIndex": 5}, turn()], OTHER, 2),
    ],
    ids=["first", "changed", "unknown", "first work", "no trees", "another check's"],
)
def test_a_failed_check_goes_back(turns: list[dict[str, Any]], work: Any, number: int) -> None:
    assert step_after(turns, work) == SendBack(0, 1, 1, number, 2)


@pytest.mark.parametrize(
    ("turns", "work"),
    [
        ([turn(), turn(OTHER)], {"commit": "c3", "tree": "t3"}),
        ([turn()], WORK),
        ([turn()], {"commit": "c9", "tree": "t1"}),
        ([turn({})], {}),
        ([turn({"commit": "c1"})], WORK),
    ],
    ids=["as often as allowed", "unchanged", "another commit of its tree", "no work", "its commit"],
)
def test_a_loop_ends(turns: list[dict[str, Any]], work: Any) -> None:
    assert isinstance(step_after(turns, work), Fail)


@pytest.mark.parametrize("how", ["signal", "timeout", "stopped", "lease"])
def test_other_ends_are_no_failed_check(how: Any) -> None:
    assert isinstance(step_after([], WORK, StageOutcome(how, 1)), Fail)


def test_machines_that_run_no_stage_again_get_none() -> None:
    assert isinstance(step_after([], WORK, can_repeat=False), Fail)
    assert step_after([], WORK, StageOutcome("exit", 0)) == pipeline.Publish()


@pytest.mark.parametrize(
    ("stages", "code"),
    [
        ([DEVELOP, {**DEVELOP, "name": "b", "onFailure": BACK}], "on_failure_of_agent"),
        ([{**TEST, "onFailure": BACK}, DEVELOP], NO_AGENT),
        ([TEST, {**TEST, "name": "b", "onFailure": {"to": "test", "times": 1}}], NO_AGENT),
        ([DEVELOP, {**TEST, "onFailure": {**BACK, "to": "test"}}], NO_AGENT),
        ([DEVELOP, {**TEST, "onFailure": {**BACK, "to": "nobody"}}], NO_AGENT),
    ],
)
def test_a_rule_names_an_agents_stage_before_a_shell_stage(
    stages: list[dict[str, Any]], code: str
) -> None:
    with pytest.raises(InvalidFields) as raised:
        pipeline.parse(stages)
    [errors] = raised.value.errors.values()
    assert [error.code for error in errors] == [code]


def test_the_output_is_plain_text_of_limited_length() -> None:
    assert send_back.end_of_output(b"\x1b[31mred\x1b[0m\r\n50%\r100%\r\nend\r\n\r\n") == (
        "red\n100%\nend"
    )
    assert send_back.end_of_output(b"".join(b"%d\n" % n for n in range(300))).startswith("100\n")
    long = "é".encode() * 50_000
    assert len(send_back.end_of_output(long).encode()) <= send_back.MAX_OUTPUT_BYTES
    assert set(send_back.end_of_output(long)) == {"é"}


def test_a_round_that_ends_in_a_turn_keeps_the_work_before_it() -> None:
    begun = turn(checkpoint={"stageIndex": 0, "ref": "r0", "commit": "c1"})
    before = {"-1": {"ref": "r"}}
    assert send_back.restore_checkpoint([begun], before) == {
        **before,
        "0": {"ref": "r0", "commit": "c1"},
    }
    later = {"0": {"ref": "r1"}}
    assert send_back.restore_checkpoint([begun], later) == later


@pytest.mark.parametrize(
    ("kinds", "index", "start"),
    [("as", 1, 0), ("aas", 2, 1), ("asas", 3, 2), ("ss", 1, None), ("a", 0, None), ("sa", 1, None)],
)
def test_people_send_back_to_the_last_agent_before_the_check(
    kinds: str, index: int, start: int | None
) -> None:
    stages = [{"kind": "agent" if kind == "a" else "shell"} for kind in kinds]
    failure = {"code": "stage_failed", "stageIndex": index}
    assert send_back.find_start(stages, failure) == start
    assert send_back.find_start(stages, {**failure, "code": "stage_timeout"}) is None
    assert send_back.find_start(stages, None) is None
