"""Pipelines: what follows what, and which answers a gate takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import pipeline, restart
from app.domain.agent_failure import AgentFailure
from app.domain.errors import InvalidFields
from app.domain.pipeline import (
    Approved,
    Ask,
    Fail,
    Gate,
    GateKind,
    Publish,
    Rejected,
    Run,
    Stage,
    StageOutcome,
)
from app.domain.restart import Restart

# ---- what follows what -------------------------------------------------------------------------

CONFIRM = Gate(GateKind.CONFIRM, "Go?")
CHOOSE = Gate(GateKind.CHOOSE, "Which?", ("a", "b"))
INPUT = Gate(GateKind.INPUT, "What?")
GATES = pytest.mark.parametrize("gate", [CONFIRM, CHOOSE, INPUT], ids=lambda gate: gate.kind)
DONE = StageOutcome("exit", 0)


def _stages(*gates: Gate | None) -> tuple[Stage, ...]:
    return tuple(Stage(f"s{i}", "x", timeout=90, gate=gate) for i, gate in enumerate(gates))


def test_a_stage_without_a_gate_simply_runs():
    assert pipeline.next_step(_stages(None, None), 0) == Run(0)
    assert pipeline.next_step(_stages(None, None), 1) == Run(1)


@GATES
def test_a_gate_is_asked_before_its_stage_and_only_until_it_is_answered(gate: Gate):
    stages = _stages(gate)
    assert pipeline.next_step(stages, 0) == Ask(0, gate)
    assert pipeline.next_step(stages, 0, answered=True) == Run(0)


def test_an_answer_means_nothing_to_a_stage_without_a_gate():
    assert pipeline.next_step(_stages(None), 0, answered=True) == Run(0)


def test_after_the_last_stage_comes_publishing():
    assert pipeline.next_step(_stages(None), 1) == Publish()
    assert pipeline.advance(_stages(CONFIRM), 0, DONE) == Publish()
    assert pipeline.advance(_stages(None), 0, DONE, answered=True) == Publish()


def test_success_leads_to_the_next_stage():
    assert pipeline.advance(_stages(None, None), 0, DONE) == Run(1)


@GATES
def test_success_leads_to_the_next_stage_s_gate(gate: Gate):
    stages = _stages(None, gate)
    assert pipeline.advance(stages, 0, DONE) == Ask(1, gate)
    assert pipeline.advance(stages, 0, DONE, answered=True) == Run(1)


@pytest.mark.parametrize(
    ("outcome", "code", "message"),
    [
        (StageOutcome("exit", 1), "stage_failed", "stage “s0” ended with exit code 1"),
        (StageOutcome("exit", 255), "stage_failed", "stage “s0” ended with exit code 255"),
        (StageOutcome("exit", -1), "stage_failed", "stage “s0” ended with exit code -1"),
        (StageOutcome("signal", 9), "stage_failed", "stage “s0” ended by signal 9"),
        (StageOutcome("signal", 0), "stage_failed", "stage “s0” ended by signal 0"),
        (StageOutcome("timeout"), "stage_timeout", "stage “s0” took longer than 90 s"),
        (StageOutcome("stopped"), "stage_failed", "stage “s0” was stopped"),
        (
            StageOutcome("lease"),
            "stage_failed",
            "stage “s0” was stopped by its machine: no contact with the server for too long",
        ),
    ],
    ids=lambda value: f"{value.how}-{value.code}" if isinstance(value, StageOutcome) else "",
)
@pytest.mark.parametrize("following", [None, CONFIRM], ids=["no-gate-after", "gate-after"])
def test_any_other_end_fails_the_task_in_words(
    outcome: StageOutcome, code: str, message: str, following: Gate | None
):
    assert pipeline.advance(_stages(None, following), 0, outcome) == Fail(code, message)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("auth", "agent_unauthorized"),
        ("rate_limit", "agent_rate_limited"),
        ("quota", "agent_quota"),
        ("overloaded", "agent_overloaded"),
        ("refused", "stage_failed"),
        ("unknown", "stage_failed"),
        ("of a newer machine's", "stage_failed"),
    ],
)
def test_an_agent_that_says_why_it_failed_is_quoted(kind: str, code: str):
    outcome = StageOutcome("exit", 1, AgentFailure(kind, "Not now."))
    failure = Fail(code, "stage “s0” ended with exit code 1: Not now.")
    assert pipeline.advance(_stages(None), 0, outcome) == failure


def test_what_an_agent_says_of_it_is_cut():
    failed = pipeline.advance(
        _stages(None), 0, StageOutcome("exit", 1, AgentFailure("auth", "x" * 9000))
    )
    assert isinstance(failed, Fail)
    assert failed.message.endswith(": " + "x" * 2000)


def test_what_an_agent_says_of_a_stage_that_was_ended_or_is_done_counts_for_nothing():
    why = AgentFailure("auth", "Not now.")
    fail = pipeline.advance(_stages(None), 0, StageOutcome("timeout", failure=why))
    assert fail == Fail("stage_timeout", "stage “s0” took longer than 90 s")
    fail = pipeline.advance(_stages(None), 0, StageOutcome("stopped", failure=why))
    assert fail == Fail("stage_failed", "stage “s0” was stopped")
    assert pipeline.advance(_stages(None), 0, StageOutcome("exit", 0, why)) == Publish()


@pytest.mark.parametrize(
    ("at", "checkpoints", "partial", "start"),
    [
        pytest.param(2, [0], 2, 2, id="in its middle"),
        pytest.param(2, [0, 1], None, 2, id="after the one before it"),
        pytest.param(2, [0], None, 1, id="after an earlier one"),
        pytest.param(2, [], 1, 1, id="in the middle of an earlier one"),
        pytest.param(1, [0], 2, 1, id="not in the middle of a later one"),
        pytest.param(0, [], 0, 0, id="in the middle of the first"),
    ],
)
def test_a_task_goes_on_in_the_middle_of_a_stage_of_which_there_is_a_checkpoint(
    at: int, checkpoints: list[int], partial: int | None, start: int
):
    assert restart.find_restart(at, checkpoints, (), partial).stage_index == start


@given(
    gates=st.lists(st.sampled_from([None, CONFIRM, CHOOSE, INPUT]), min_size=1, max_size=20),
)
def test_a_pipeline_whose_stages_succeed_runs_each_once_asks_each_gate_and_publishes(
    gates: list[Gate | None],
):
    stages, ran, asked = _stages(*gates), [], []
    step = pipeline.next_step(stages, 0)
    while not isinstance(step, Publish):
        if isinstance(step, Ask):
            asked.append(step.gate)
            step = pipeline.next_step(stages, step.stage_index, answered=True)
        else:
            assert isinstance(step, Run)
            ran.append(step.stage_index)
            step = pipeline.advance(stages, step.stage_index, DONE)
    assert ran == list(range(len(gates)))
    assert asked == [gate for gate in gates if gate is not None]


# ---- when an attempt is over ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "checkpoints", "asked", "start", "withdrawn"),
    [
        pytest.param(0, (), (), 0, (), id="nothing was done yet"),
        pytest.param(0, (), (0,), 0, (), id="the first stage's gate is about no work"),
        pytest.param(1, (0,), (1,), 1, (), id="what was asked about is in a checkpoint"),
        pytest.param(1, (), (1,), 0, (1,), id="what was asked about is lost"),
        pytest.param(1, (), (0, 1), 0, (1,), id="only what was asked about work is asked again"),
        pytest.param(2, (0, 1), (1, 2), 2, (), id="all is kept"),
        pytest.param(2, (0,), (1, 2), 1, (2,), id="the first half is kept, and its answer"),
        pytest.param(2, (1,), (1, 2), 2, (), id="a checkpoint holds all that went before"),
        pytest.param(2, (), (1, 2), 0, (1, 2), id="all is lost"),
        pytest.param(2, (5,), (2,), 0, (2,), id="a checkpoint behind it is of no use"),
        pytest.param(3, (2,), (1, 2), 3, (), id="only the push is left"),
        pytest.param(3, (0,), (1, 2), 1, (2,), id="nothing is left to push"),
    ],
)
def test_a_task_goes_on_where_it_can_and_asks_again_about_what_is_lost(
    at: int,
    checkpoints: tuple[int, ...],
    asked: tuple[int, ...],
    start: int,
    withdrawn: tuple[int, ...],
):
    assert restart.find_restart(at, checkpoints, asked) == Restart(start, withdrawn)


@given(
    at=st.integers(0, 5), checkpoints=st.sets(st.integers(0, 5)), asked=st.sets(st.integers(0, 5))
)
def test_a_gate_stands_if_and_only_if_no_stage_before_it_is_done_again(
    at: int, checkpoints: set[int], asked: set[int]
):
    found = restart.find_restart(at, checkpoints, asked)
    done_again = range(found.stage_index, 6)
    for gate in asked:
        assert (gate in found.withdrawn) == any(stage < gate for stage in done_again)


# ---- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "result", "verdict"),
    [
        (GateKind.CONFIRM, "confirm", Approved({})),
        (GateKind.CONFIRM, "Confirm", Approved({})),
        (GateKind.CONFIRM, "CONFIRM", Approved({})),
        (GateKind.CONFIRM, "reject", Rejected()),
        (GateKind.CONFIRM, "REJECT", Rejected()),
        (GateKind.CHOOSE, "small", Approved({"choice": "small"})),
        (GateKind.CHOOSE, "Größe L", Approved({"choice": "Größe L"})),
        (GateKind.CHOOSE, "confirm, or not", Approved({"choice": "confirm, or not"})),
        (GateKind.QUESTION, "small", Approved({"choice": "small"})),
        (GateKind.BUDGET, "small", Approved({"choice": "small"})),
    ],
    ids=lambda value: value[:16] if isinstance(value, str) else "",
)
def test_an_answer_that_the_gate_offers_is_taken(
    kind: GateKind, result: str, verdict: Approved | Rejected
):
    choices = ("small", "Größe L", "confirm, or not")
    assert pipeline.judge_answer(kind, choices, result) == verdict


@pytest.mark.parametrize("kind", [GateKind.INPUT, GateKind.QUESTION])
@pytest.mark.parametrize("text", ["x", " ", "reject", "{branch}\n$(id)", "ü" * 10_000], ids=len)
def test_where_nothing_is_offered_any_text_is_an_answer(kind: GateKind, text: str):
    assert pipeline.judge_answer(kind, (), text) == Approved({"input": text})


@pytest.mark.parametrize(
    ("result", "verdict"), [("continue", Approved({"choice": "continue"})), ("stop", Rejected())]
)
def test_a_budget_is_raised_or_ends_the_task(result: str, verdict: Approved | Rejected):
    assert pipeline.judge_answer(GateKind.BUDGET, ("continue", "stop"), result) == verdict


@pytest.mark.parametrize(
    ("kind", "result", "message"),
    [
        (GateKind.CONFIRM, "", "must be confirm or reject"),
        (GateKind.CONFIRM, "yes", "must be confirm or reject"),
        (GateKind.CONFIRM, " confirm", "must be confirm or reject"),
        (GateKind.CONFIRM, "confirm\n", "must be confirm or reject"),
        (GateKind.CONFIRM, "con\ufb01rm", "must be confirm or reject"),
        (GateKind.CONFIRM, "small", "must be confirm or reject"),
        (GateKind.CHOOSE, "", "must be one of: small, large"),
        (GateKind.CHOOSE, "Small", "must be one of: small, large"),
        (GateKind.CHOOSE, "small ", "must be one of: small, large"),
        (GateKind.CHOOSE, "smal", "must be one of: small, large"),
        (GateKind.CHOOSE, "small, large", "must be one of: small, large"),
        (GateKind.CHOOSE, "confirm", "must be one of: small, large"),
        (GateKind.QUESTION, "smal", "must be one of: small, large"),
        (GateKind.BUDGET, "stop", "must be one of: small, large"),
    ],
    ids=lambda value: ascii(value[:16]) if isinstance(value, str) else "",
)
def test_any_other_answer_is_refused(kind: GateKind, result: str, message: str):
    with pytest.raises(InvalidFields) as refusal:
        pipeline.judge_answer(kind, ("small", "large"), result)
    assert refusal.value.errors == {"result": [message]}


@pytest.mark.parametrize("kind", [GateKind.INPUT, GateKind.QUESTION])
@pytest.mark.parametrize("text", ["", "x" * 10_001], ids=len)
def test_no_text_and_too_long_a_one_is_no_answer(kind: GateKind, text: str):
    with pytest.raises(InvalidFields) as refusal:
        pipeline.judge_answer(kind, (), text)
    assert refusal.value.errors == {"result": ["must have 1 to 10,000 characters"]}


@given(result=st.text())
def test_no_text_but_the_two_words_passes_a_confirm_gate(result: str):
    try:
        pipeline.judge_answer(GateKind.CONFIRM, (), result)
    except InvalidFields:
        assert result.lower() not in ("confirm", "reject")
    else:
        assert result.isascii()
