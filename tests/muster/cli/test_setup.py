"""The steps of a new server with their commands."""

from typing import Any

import httpx
import pytest

from app.domain.getting_started import SetupState, StepName, StepReason
from muster.cli import setup as command
from tests.muster.cli.shell import SERVER, Shell

pytestmark = pytest.mark.usefixtures("home")


def step(name: str, state: str, detail: str | None, reason: str | None) -> dict[str, Any]:
    return {"step": name, "state": state, "detail": detail, "reason": reason}


def run(*steps: dict[str, Any], arguments: tuple[str, ...] = ()) -> Any:
    answer = {"steps": list(steps), "dismissedAt": None}
    shell = Shell(lambda request: httpx.Response(200, json=answer))
    return shell("--server", SERVER, "setup", *arguments)


def test_each_step_has_its_state_a_sentence_and_a_command() -> None:
    result = run(
        step("machine", "done", "heron: no bwrap", "sandbox_not_full"),
        step("agent", "open", "heron", "agent_not_found"),
        step("project", "done", "APP", "key_set"),
        step("task", "failed", "#7", "task_failed"),
        step("people", "open", None, None),
    )
    rows = [line.rstrip().split("  ")[-1].strip() for line in result.out.splitlines()[1:]]
    assert rows == [
        "machine show heron",
        "agents",
        "APP; a key is set",
        "task show 7",
        "invitation create -p APP",
    ]
    assert "heron is connected, without a full sandbox. no bwrap" in result.out


def test_scripts_get_the_steps_with_their_commands() -> None:
    result = run(
        step("project", "working", "APP: claude", "no_key_known"),
        step("task", "open", None, None),
        arguments=("--json", "step,command"),
    )
    assert result.json == [
        {"step": "project", "command": "project show APP --yaml"},
        {"step": "task", "command": "task create -p APP"},
    ]


def test_a_machines_name_can_be_pasted_into_a_shell() -> None:
    result = run(step("machine", "failed", "a; rm -rf ~", "machine_offline"))
    assert result.out.splitlines()[1].endswith("machine show 'a; rm -rf ~'")


def test_who_must_ask_an_admin_gets_their_names_and_no_command() -> None:
    result = run(step("project", "open", "ada, bo", "ask_admin"))
    assert result.out.splitlines()[1].rstrip().endswith("Ask an admin to add you: ada, bo")


def test_every_reason_has_a_sentence() -> None:
    reasons = {reason for _, reason in command._SENTENCES}
    assert reasons == {*StepReason, SetupState.OPEN, SetupState.DONE}
    assert {name for name, _ in command._SENTENCES} == set(StepName)


@pytest.mark.parametrize(("option", "dismissed"), [("--dismiss", b"true"), ("--undo", b"false")])
def test_admins_dismiss_the_steps_and_show_them_again(option: str, dismissed: bytes) -> None:
    shell = Shell(lambda request: httpx.Response(200, json={"steps": [], "dismissedAt": None}))
    shell("--server", SERVER, "setup", option)
    (request,) = shell.asked
    assert request.method == "PUT"
    assert dismissed in request.content
