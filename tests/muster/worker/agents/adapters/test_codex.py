import json
from typing import Any

import pytest

from muster.protocol.frames import AgentOptions
from muster.worker.agents import headless
from muster.worker.agents.adapters.adapter import AgentInvocation
from muster.worker.agents.adapters.codex import CODEX, thread_request

OPTIONS = AgentOptions(model="large", permissions="run", arguments=["-c", "a=1"])


def asked(**more: Any) -> AgentInvocation:
    given: dict[str, Any] = {"is_structured": True, "takes_messages": True, "options": OPTIONS}
    return AgentInvocation("Do it.", **{**given, **more})


def test_with_messages_it_runs_as_an_app_server() -> None:
    assert CODEX.argv(asked()) == ["codex", "app-server", "-c", "a=1"]
    alone = CODEX.argv(asked(takes_messages=False))
    assert alone[:3] == ["codex", "exec", "--json"]
    assert alone[-2:] == ["--", "Do it."]


def test_its_key_is_kept_in_memory() -> None:
    argv = CODEX.argv(asked(variables=frozenset({"CODEX_API_KEY", "HOME"})))
    assert argv[2:4] == ["-c", "cli_auth_credentials_store=ephemeral"]


def test_the_request_has_its_settings() -> None:
    request = json.loads(thread_request(CODEX, asked(session_id="t-1")))
    assert request == {
        "text": "Do it.",
        "session": "t-1",
        "model": "large",
        "sandbox": "danger-full-access",
        "approvals": "never",
    }
    elsewhere = json.loads(thread_request(CODEX, asked(is_contained=False)))
    assert elsewhere["sandbox"] == "workspace-write"
    asking = asked(options=AgentOptions(permissions="edit", approvals="ask"))
    assert json.loads(thread_request(CODEX, asking))["approvals"] == "untrusted"


@pytest.mark.parametrize(
    ("arguments", "is_possible"),
    [
        ([], True),
        (["-c", "a=1", "--config=b=2", "--enable", "x"], True),
        (["--profile", "fast"], False),
        (["-c"], False),
        (["-c", "a=1", "--search"], False),
    ],
)
def test_other_arguments_than_the_app_servers_take_no_messages(
    arguments: list[str], is_possible: bool
) -> None:
    options = AgentOptions(arguments=arguments)
    assert headless.accepts_messages(CODEX, asked(options=options)) is is_possible
