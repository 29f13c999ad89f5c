"""Answers go only to the question that was shown."""

import json
from typing import Any

import httpx
import pytest

from muster.cli.errors import BadUsage
from muster.cli.task.answers import match_choice
from tests.muster.cli.shell import SERVER, CommandResult, Shell

GATE = {"taskId": 7, "stageIndex": 1, "number": 0, "round": 2, "kind": "confirm", "choices": []}


@pytest.mark.parametrize(
    ("answer", "meant"), [("red", "red"), ("2", "blue"), ("BLU", "blue"), ("10", "10")]
)
def test_a_choice_is_a_word_its_beginning_or_its_place(answer: str, meant: str) -> None:
    assert match_choice(["red", "blue", "black", "10"], answer) == meant


@pytest.mark.parametrize("answer", ["b", "green", "0", "5", ""])
def test_what_is_no_choice_or_several_is_refused(answer: str) -> None:
    with pytest.raises(BadUsage, match="isn't one of the choices"):
        match_choice(["red", "blue", "black"], answer)


def asked(
    gate: dict[str, Any] | None,
    *arguments: str,
    input_text: str = "",
    is_terminal: bool = False,
    drafts: tuple[bool, ...] = (),
) -> tuple[CommandResult, Any]:
    """Run a command; return its result and the request's body."""
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("pending-confirm"):
            problem = {"code": "nothing_pending", "detail": "Nothing."}
            return httpx.Response(200 if gate else 404, json=gate or problem)
        if request.url.path.endswith("comments"):
            comments = [{"draft": is_draft} for is_draft in drafts]
            return httpx.Response(200, json={"items": [{"comments": comments}]})
        sent.append(json.loads(request.read()))
        return httpx.Response(200, json={"id": 7, "status": "assigned"})

    command = ("--server", SERVER, "task", *arguments)
    result = Shell(answer)(*command, input_text=input_text, is_terminal=is_terminal)
    return result, sent[0] if sent else None


PLACE = {"stageIndex": 1, "number": 0, "round": 2}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("more", "arguments", "result"),
    [
        ({}, ["confirm", "7"], "confirm"),
        ({}, ["confirm", "7", "--reject"], "reject"),
        ({"kind": "budget"}, ["confirm", "7"], "continue"),
        ({"kind": "budget"}, ["confirm", "7", "--reject"], "stop"),
        ({"kind": "choose", "choices": ["red", "blue"]}, ["choose", "7", "bl"], "blue"),
        ({"kind": "branch", "choices": ["keep", "overwrite"]}, ["choose", "7", "1"], "keep"),
        ({"kind": "input"}, ["input", "7", "so"], "so"),
        ({"kind": "question"}, ["input", "7", "-"], "typed"),
    ],
)
def test_an_answer_names_its_question(
    more: dict[str, Any], arguments: list[str], result: str
) -> None:
    command_result, sent = asked({**GATE, **more}, *arguments, input_text="typed\n")
    assert command_result.status == 0, command_result.err
    assert sent == {**PLACE, "result": result}


REJECTED = {"confirm": "Reject #7 and end the task?", "budget": "Stop task #7?"}


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("kind", REJECTED)
@pytest.mark.parametrize(
    ("flags", "input_text", "is_sent"),
    [((), "n\n", False), ((), "y\n", True), (("--yes",), "", True)],
)
def test_at_a_terminal_an_answer_that_ends_the_task_is_asked_for(
    kind: str, flags: tuple[str, ...], input_text: str, is_sent: bool
) -> None:
    command = ("confirm", "7", "--reject", *flags)
    result, sent = asked({**GATE, "kind": kind}, *command, input_text=input_text, is_terminal=True)
    assert (sent is not None) is is_sent, result.err
    assert (REJECTED[kind] in result.err) is (not flags)
    assert ("ends as cancelled" in result.err) is (not flags)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("drafts", "flags", "input_text", "is_sent"),
    [
        ((True, False, True), (), "n\n", False),
        ((True, False, True), (), "y\n", True),
        ((True, False, True), ("--yes",), "", True),
        ((False,), (), "", True),
    ],
)
def test_at_a_terminal_an_approval_asks_about_comments_that_nobody_would_see(
    drafts: tuple[bool, ...], flags: tuple[str, ...], input_text: str, is_sent: bool
) -> None:
    command = ("confirm", "7", *flags)
    result, sent = asked(GATE, *command, input_text=input_text, is_terminal=True, drafts=drafts)
    assert (sent is not None) is is_sent, result.err
    assert ("2 draft comments that nobody will see" in result.err) is bool(input_text)
    assert ("muster task review 7 --approve" in result.err) is bool(input_text)


@pytest.mark.usefixtures("home")
def test_a_choice_that_ends_the_task_is_asked_for_too() -> None:
    gate = {**GATE, "kind": "checkpoint", "choices": ["resume", "end"]}
    for choice, is_sent in (("resume", True), ("end", False)):
        command = ("choose", "7", choice)
        result, sent = asked(gate, *command, input_text="n\n", is_terminal=True)
        assert (sent is not None) is is_sent, result.err


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("more", "arguments", "advice"),
    [
        ({}, ["choose", "7", "x"], "muster task confirm 7"),
        ({"kind": "input"}, ["confirm", "7"], "muster task input 7 TEXT"),
        ({"kind": "choose", "choices": ["a"]}, ["input", "7", "x"], "muster task choose 7 CHOICE"),
    ],
)
def test_another_question_than_meant_is_not_answered(
    more: dict[str, Any], arguments: list[str], advice: str
) -> None:
    result, sent = asked({**GATE, **more}, *arguments)
    assert (result.status, sent) == (2, None)
    assert advice in result.err


@pytest.mark.usefixtures("home")
def test_where_nothing_is_asked_it_is_said() -> None:
    result, sent = asked(None, "confirm", "7")
    assert (result.status, sent) == (1, None)
    assert "Task 7 has no open question." in result.err


@pytest.mark.usefixtures("home")
def test_more_of_a_budget_is_said_figure_by_figure() -> None:
    _, sent = asked({**GATE, "kind": "budget"}, "confirm", "7", "--more-minutes", "5")
    assert sent == {**PLACE, "result": "continue", "budget": {"minutes": 5.0}}
