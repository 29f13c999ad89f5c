"""The exit status for a task's state."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from muster.cli import errors
from muster.cli.task.follow import exit_status_for
from tests.muster.cli.shell import SERVER, Shell


@pytest.mark.parametrize(
    ("task", "status"),
    [
        ({"status": "completed"}, errors.DONE),
        ({"status": "failed"}, errors.FAILED),
        ({"status": "cancelled"}, errors.FAILED),
        ({"status": "queued", "waitingFor": {"reason": "slot"}}, None),
        ({"status": "queued", "waitingFor": {"reason": "gate"}}, errors.WAITING),
        ({"status": "suspended", "suspendReason": "gate"}, errors.WAITING),
        ({"status": "suspended", "suspendReason": "question"}, errors.WAITING),
        ({"status": "suspended", "suspendReason": "budget"}, errors.WAITING),
        ({"status": "suspended", "suspendReason": "quota"}, None),
        ({"status": "suspended", "suspendReason": "machine_lost"}, None),
        ({"status": "running", "waitingFor": None}, None),
        ({"status": "a state of a newer server"}, None),
    ],
)
def test_what_a_state_means(task: dict[str, Any], status: int | None) -> None:
    assert exit_status_for(task) == status


def shell_with_stream(*, before: list[str], after: list[str]) -> Shell:
    """A task whose stream sends `hello` after these events, and then those."""
    types = before + after
    lines = [
        {"id": at, "type": kind, "message": f"{kind} it is", "createdAt": None}
        for at, kind in enumerate(types, 1)
    ]
    states = iter([{"id": 7, "status": "running"}, {"id": 7, "status": "completed"}])

    def answer(request: httpx.Request) -> httpx.Response:
        import json

        path = request.url.path
        if path.endswith("/stream"):
            hello = f'event: hello\nid: 1:\ndata: {{"events": {len(before)}}}\n\n'
            new = f"event: events\nid: 2:\ndata: {json.dumps(lines[len(before) :])}\n\n"
            return httpx.Response(200, text=hello + new)
        if path.endswith("/events"):
            behind = int(request.url.params["offset"])
            return httpx.Response(200, json={"items": lines[behind:], "total": len(lines)})
        return httpx.Response(200, json=next(states))

    return Shell(answer)


@pytest.mark.usefixtures("home")
def test_each_event_is_shown_once_those_before_the_stream_and_behind_it_too() -> None:
    shell = shell_with_stream(before=["created", "log", "assigned"], after=["started", "completed"])
    result = shell("--server", SERVER, "task", "watch", "7")
    assert result.status == 0
    event_types = [line.split()[0] for line in result.out.splitlines()]
    assert event_types == ["created", "assigned", "started", "completed"]
    assert result.err.startswith("Task 7 completed.")


@pytest.mark.usefixtures("home")
def test_a_quiet_agent_is_reported_once_with_what_runs() -> None:
    since = (datetime.now(UTC) - timedelta(minutes=6)).isoformat()
    activity = {"kind": "command", "title": "sleep 600", "startedAt": since, "quietSince": since}
    states: list[dict[str, Any]] = [
        {"status": "running"},
        {"status": "running", "activity": None},
        {"status": "running", "activity": activity},
        {"status": "running", "activity": activity},
        {"status": "completed"},
    ]

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/stream"):
            done = 'event: events\nid: 2:\ndata: [{"id": 2, "type": "completed"}]\n\n'
            hello = 'event: hello\nid: 1:\ndata: {"events": 0}\n\n'
            return httpx.Response(200, text=hello + ": beat\n\n" * 3 + done)
        if path.endswith("/events"):
            return httpx.Response(200, json={"items": [], "total": 0})
        return httpx.Response(200, json={"id": 7, **states.pop(0)})

    result = Shell(answer)("--server", SERVER, "task", "watch", "7")
    quiet = [line for line in result.out.splitlines() if "quiet" in line]
    assert [line.split("quiet")[1].strip() for line in quiet] == [
        "sleep 600, 6m; nothing reported for 6m"
    ]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(
    ("verb", "field"), [("events", "id"), ("logs", "number"), ("transcript", "number")]
)
def test_what_is_followed_as_json_is_said_when_the_task_has_ended(verb: str, field: str) -> None:
    """A JSON array is printed only when it's complete."""
    states = ["running", "completed"]

    def answer(request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/stream"):
            done = 'event: events\nid: 2:\ndata: [{"id": 2, "type": "completed"}]\n\n'
            return httpx.Response(200, text=f"event: hello\nid: 1:\ndata: {{}}\n\n{done}")
        if path.endswith(verb):
            there = 1 if states else 2
            return httpx.Response(200, json={"items": [{field: 1}, {field: 2}][:there]})
        return httpx.Response(200, json={"id": 7, "status": states.pop(0)})

    shell = Shell(answer)
    result = shell("--server", SERVER, "task", verb, "7", "--follow", "--json", field)
    assert (result.status, result.json) == (0, [{field: 1}, {field: 2}])


@pytest.mark.usefixtures("home")
def test_the_code_of_a_failure_does_not_speak_to_the_terminal() -> None:
    bell = "\x1b]52;c;eA==\x07"
    failure = {"code": f"no{bell}\npush", "message": f"It did{bell} not go."}
    task = {"id": 7, "status": "failed", "failure": failure}

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return httpx.Response(200, json={"items": [], "total": 0})
        if request.url.path.endswith("/stream"):
            return httpx.Response(200, text='event: hello\nid: 1:\ndata: {"events": 0}\n\n')
        return httpx.Response(200, json=task)

    result = Shell(answer)("--server", SERVER, "task", "watch", "7", is_terminal=True)
    assert "It did not go. (no push)" in result.err
    assert "\x1b]" not in result.err + result.out
