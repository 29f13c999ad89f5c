"""`task show` and `task why` print an open question and the command that answers it."""

from datetime import UTC, datetime

import httpx
import pytest

from muster.cli.output import Item
from muster.cli.task import show, waits
from tests.muster.cli.shell import SERVER, Shell

NOW = datetime(2030, 1, 31, 12, tzinfo=UTC)
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


@pytest.mark.usefixtures("home")
def test_it_shows_who_answered_how_and_with_what_comment() -> None:
    answer = {
        "kind": "confirm",
        "result": "reject",
        "comment": "Not\x1b[1m this.\n",
        "answeredBy": {"id": 3, "name": "ada"},
        "answeredAt": "2030-01-31T11:58:00.000Z",
    }
    task = {"id": 7, "status": "cancelled", "lastAnswer": answer}
    result = Shell(lambda _: httpx.Response(200, json=task))(
        "--server", SERVER, "task", "show", "7"
    )
    line = next(line for line in result.out.splitlines() if line.startswith("last answer"))
    assert line.split()[2:4] == ["ada:", "reject,"]
    assert line.rstrip().endswith(" ago (Not this.)")


def test_what_keeps_a_machine_comes_with_its_own_word() -> None:
    full = {"reason": "capability_degraded", "detail": "its disk\ntakes nothing"}
    assert facts_of(full) == "agent unhealthy: its disk"
    assert facts_of({"reason": "offline", "detail": None}) == "offline"


def facts_of(block: Item) -> str:
    [(machine, text)] = waits.block_facts([{"machineId": "m1", **block}], NOW)
    assert machine == "m1"  # as of an older server, which sends no names
    return text


CPU = {"kind": "cpu_percent", "value": 93.0, "limit": 85.0, "setting": "maxLoadPercent"}
SLOTS = {"kind": "slots", "value": 2.0, "limit": 2.0, "setting": None}
SINCE = {"since": "2030-01-31T11:48:00Z"}


@pytest.mark.parametrize(
    ("block", "text"),
    [
        (
            {"reason": "overloaded", "measure": CPU, **SINCE},
            "overloaded: CPU at 93%, limit 85% (setting maxLoadPercent), for 12m",
        ),
        ({"reason": "no_free_slot", "measure": SLOTS}, "no free slot: 2 of 2 in use"),
        ({"reason": "offline", **SINCE}, "offline: last seen 12m ago"),
        (
            {"reason": "label_mismatch", "required": "gpu=yes", "actual": "gpu=no"},
            "labels don't match: requires gpu=yes, has gpu=no",
        ),
    ],
)
def test_what_keeps_a_machine_comes_with_its_numbers(block: Item, text: str) -> None:
    assert facts_of(block) == text


@pytest.mark.usefixtures("home")
def test_why_says_whether_another_machine_can_take_a_lost_machines_task() -> None:
    lost = {
        "id": 7,
        "status": "suspended",
        "suspendReason": "machine_lost",
        "waitingFor": {"reason": "machine", "nextAction": "requeue", "at": None},
        "relocation": {
            "at": None,
            "machineCount": 2,
            "blockedBy": [{"machineId": "m1", "machineName": "heron", "reason": "draining"}],
        },
    }
    result = Shell(lambda _: httpx.Response(200, json=lost))("--server", SERVER, "task", "why", "7")
    lines = [" ".join(line.split()) for line in result.out.splitlines()]
    assert lines == [
        "status waiting (machine_lost)",
        "waiting for its machine to reconnect; else it returns to the queue",
        "elsewhere 2 other machines can take it now",
        "",
        "heron draining",
    ]


@pytest.mark.parametrize(
    ("task", "state"),
    [
        ({"status": "running"}, "running"),
        ({"status": "suspended", "suspendReason": "gate"}, "needs you"),
        ({"status": "suspended", "suspendReason": "quota"}, "waiting"),
        ({"status": "suspended", "suspendReason": "machine_lost"}, "waiting"),
        ({"status": "suspended", "suspendReason": "machine_lost", "gate": GATE}, "needs you"),
        ({"status": "queued", "waitingFor": {"reason": "gate"}}, "needs you"),
        ({"status": "queued", "waitingFor": {"reason": "quota"}}, "queued"),
    ],
)
def test_a_state_says_who_acts_next(task: Item, state: str) -> None:
    assert show.shown_state(task) == state
