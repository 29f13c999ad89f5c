"""From a task to its gate, a review, a second round and a pushed branch: on the machine with the
agent's session, and on another one without it."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.server_cli.local.machines import LocalMachine
from demo import interpreter
from tests.flows import reviewed_agent
from tests.flows.reviewed_agent import ADDED, FILE, LINES
from tests.flows.running_stack import FollowedTask, RunningStack, wait_for
from tests.flows.test_another_machine import drain
from tests.flows.test_life_of_a_task import git, shell
from tests.muster.worker.repositories import as_root

LAST = len(LINES)
MOVED, CHANGED = (5, 20), 10  # lines of the first round
INSTRUCTION = "Nearly; but two lines above, and ten in letters."


def install(running: RunningStack) -> None:
    program = running.agents / "claude.new"
    text = Path(reviewed_agent.__file__).read_text()
    program.write_text(f"#!{interpreter.find()} -S\n{text}")
    program.chmod(0o755)
    program.rename(running.agents / "claude")


def agents_of(running: RunningStack, machine_id: str) -> bool:
    machine = running.api.get(f"/api/web/machines/{machine_id}")
    known = {each["agentType"]: each["healthy"] for each in machine["capabilities"]}
    return machine["status"] == "online" and known.get("claude", False)


def another_machine(running: RunningStack) -> str:
    """Start another machine with the same agents; return its ID."""
    machine = LocalMachine(running.stack, running.machine.directory, 3)
    machine.enroll(running.api)
    shown = [str(machine.directory), str(running.agents)]
    path = running.stack.env["PATH"]
    machine.start(f"{running.agents}:{path}", shown)

    def found() -> str:
        machines = running.api.get("/api/web/machines")["items"]
        ids = [str(each["id"]) for each in machines if each["name"] == machine.name]
        return ids[0] if ids and agents_of(running, ids[0]) else ""

    return wait_for(found, "another machine")


def once(task: FollowedTask, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
    """Send a request twice under one key, and check that both responses are the same."""
    api = task.running.api
    headers = {"Authorization": f"Bearer {api.token}", "Idempotency-Key": key}
    url = f"{api.url}{task.path}/{path}"
    answers = [httpx.post(url, json=body, headers=headers, timeout=30) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].json() == answers[1].json()
    assert answers[1].headers["Idempotency-Replayed"] == "true"
    return dict(answers[0].json())


def at_its_gate(running: RunningStack, key: str) -> FollowedTask:
    """Create a task in a new project, and wait until its agent has written and asks to continue."""
    install(running)
    [first] = [m for m in running.api.get("/api/web/machines", status="online")["items"]
               if m["name"] == running.machine.name]  # fmt: skip
    wait_for(lambda: agents_of(running, first["id"]), "agent")
    running.project(
        key,
        {"name": "write", "command": "{description}"},
        shell("sign", "true", confirm=True),
        agentType="claude",
    )
    task = running.task(key, "Write.")
    task.wait_for_status("suspended")
    return task


def review(task: FollowedTask, verdict: str) -> dict[str, Any]:
    """Comment on two lines that will move, and on one that will change."""
    diff = task.running.api.get(f"{task.path}/diff")
    assert [(file["path"], file["insertions"]) for file in diff["files"]] == [(FILE, LAST)]
    assert task.running.api.get(f"{task.path}/pending-confirm")["diff"]["filesChanged"] == 1
    comments = [
        {"path": FILE, "side": "new", "line": line, "body": f"about line {line}"}
        for line in (*MOVED, CHANGED)
    ]
    body = {"verdict": verdict, "body": INSTRUCTION, "comments": comments}
    made = once(task, "reviews", body, f"review-{task.id}")
    assert made["review"]["comments"] == len(comments)
    return made


def follow_up(task: FollowedTask, review_id: int) -> None:
    body = {"instruction": INSTRUCTION, "reviewId": review_id}
    made = once(task, "follow-ups", body, f"follow-{task.id}")
    assert (made["state"], made["round"]) == ("started", 2)


def see_the_second_round(task: FollowedTask) -> None:
    """Check the round's diff, which has only new changes, and that comments follow their lines."""
    api = task.running.api
    task.wait_for(lambda: task.now()["round"] == 2, "second round")
    task.wait_for_status("suspended")
    [file] = api.get(f"{task.path}/diff", round=2)["files"]
    assert (file["path"], file["status"]) == (FILE, "modified")
    assert (file["insertions"], file["deletions"]) == (len(ADDED) + 1, 1)
    shown = [line for hunk in file["hunks"] for line in hunk["lines"]]
    assert not any(line["text"] == "line 20" for line in shown)
    whole = api.get(f"{task.path}/diff")["files"]
    assert [each["insertions"] for each in whole] == [LAST + len(ADDED)]
    threads = {each["original"]["line"]: each for each in api.get(f"{task.path}/comments")["items"]}
    for line in MOVED:
        position = threads[line]["position"]
        assert (position["line"], position["outdated"]) == (line + len(ADDED), False)
    assert threads[CHANGED]["position"]["outdated"]
    for thread in threads.values():
        first, answer = thread["comments"]
        assert first["author"]["name"] == "admin"
        assert (answer["author"], answer["attempt"]) == (None, 2)
        assert answer["body"] == f"Done, in thread {thread['id']}."
    assert task.now()["round"] == 2
    assert len(api.get(f"{task.path}/follow-ups")["items"]) == 1


def approve(task: FollowedTask) -> None:
    made = once(task, "reviews", {"verdict": "approve", "body": "Good."}, f"approve-{task.id}")
    assert made["answered"]
    done = task.wait_for_status("completed")
    at = git(task.running, "rev-parse", f"muster/{task.id}")
    assert at == done["result"]["commit"]
    text = git(task.running, "show", f"muster/{task.id}:{FILE}")
    assert text.splitlines()[: len(ADDED)] == [line.strip() for line in ADDED]


def words_of(task: FollowedTask, attempt: int) -> str:
    entries = task.running.api.get(f"{task.path}/transcript", attempt=attempt)["items"]
    return "\n".join(entry["text"] for entry in entries)


@as_root
def test_a_reviewed_task_continues_in_its_session_and_is_approved_and_pushed(
    running: RunningStack,
) -> None:
    task = at_its_gate(running, "REVIEWED")
    made = review(task, "request_changes")
    assert (made["answered"], made["followUp"] is None) == (False, False)
    see_the_second_round(task)
    assert f"went on: {task.id}-1" in words_of(task, 2)
    approve(task)


@as_root
def test_a_reviewed_task_continues_from_its_checkpoint_if_its_machine_is_gone(
    running: RunningStack, request: pytest.FixtureRequest
) -> None:
    task = at_its_gate(running, "GONE")
    first, made = task.now()["machineId"], review(task, "comment")
    second = another_machine(running)
    # It stays, drained, during later tests: no part of a stack may end by itself.
    request.addfinalizer(lambda: drain(running, second))
    drain(running, first)
    request.addfinalizer(lambda: running.api.post(f"/api/web/machines/{first}/undrain", {}))
    follow_up(task, made["review"]["id"])
    see_the_second_round(task)
    assert task.now()["machineId"] == second
    assert f"began anew: {task.id}-2" in words_of(task, 2)
    approve(task)
