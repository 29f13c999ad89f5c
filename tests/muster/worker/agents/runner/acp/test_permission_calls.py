"""An agent's requests for permission: asked people, denied, or asked as a question."""

from typing import Any

import pytest

from tests.muster.worker.agents.runner.acp.test_session import Ask, ask

__all__ = ["ask"]


@pytest.mark.parametrize(
    ("decision", "kind"),
    [
        ({"permission": "allow_once"}, "command"),
        ({"permission": "allow_for_task"}, "command"),
        ({"permission": "deny"}, "denied"),
        ({}, "denied"),
        ({"choice": "Yes"}, "denied"),
    ],
    ids=str,
)
def test_with_approvals_people_are_asked_for_permission(
    ask: Ask, decision: dict[str, Any], kind: str
) -> None:
    run = ask("repair", "edit", approvals="ask", decision=decision)
    (asked,) = run.asked
    wanted = asked["permission"]
    assert (wanted["title"], wanted["arguments"]) == ("cat a.py", "cat a.py")
    assert (wanted["tool"], wanted["suggestion"], wanted["diff"]) == ("execute", None, None)
    assert wanted["folder"].endswith("/workspace")
    calls = [entry["kind"] for entry in run.entries if "call" in entry["data"]]
    assert calls == ["edit", kind], "changing files is within its permissions"


def test_with_approvals_denied_nobody_is_asked(ask: Ask) -> None:
    run = ask("repair", "edit", approvals="deny", choice="Yes")
    assert run.asked == []
    assert [entry["kind"] for entry in run.entries if "call" in entry["data"]] == ["edit", "denied"]
    assert run.status == 0
