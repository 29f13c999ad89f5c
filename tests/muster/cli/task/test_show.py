"""`task show` and `task why` print an open question and the command that answers it."""

import httpx
import pytest

from muster.cli.task import show
from tests.muster.cli.shell import SERVER, Shell

ASKS = {"id": 7, "status": "suspended", "suspendReason": "gate", "waitingFor": {"reason": "gate"}}
GATE = {"taskId": 7, "kind": "choose", "prompt": "Which?", "choices": ["red", "b\x1b[1mue\n"]}


def shell(gate: httpx.Response) -> Shell:
    def answer(request: httpx.Request) -> httpx.Response:
        asked = request.url.path.endswith("/pending-confirm")
        return gate if asked else httpx.Response(200, json=ASKS)

    return Shell(answer)


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("verb", ["show", "why"])
def test_it_says_what_is_asked_and_how_it_is_answered(verb: str) -> None:
    result = shell(httpx.Response(200, json=GATE))("--server", SERVER, "task", verb, "7")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines[lines.index("waiting for an answer") :][:5] == [
        "waiting for an answer",
        "question Which?",
        "choices red",
        "bue",
        "answer muster task choose 7 CHOICE",
    ]


@pytest.mark.usefixtures("home")
def test_one_that_was_answered_meanwhile_says_no_question() -> None:
    gone = {"code": "nothing_pending", "detail": "It asks nothing."}
    result = shell(httpx.Response(404, json=gone))("--server", SERVER, "task", "why", "7")
    assert result.status == 0
    assert "question" not in result.out


def test_what_keeps_a_machine_comes_with_its_own_word() -> None:
    full = {"reason": "capability_degraded", "detail": "its disk\ntakes nothing"}
    assert show._block_text(full) == "agent unhealthy: its disk"
    assert show._block_text({"reason": "offline", "detail": None}) == "offline"
