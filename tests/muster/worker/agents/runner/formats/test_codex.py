from typing import Any

import pytest

from muster.worker.agents.runner.formats.codex import Codex
from tests.muster.worker.agents.runner.parsed_output import parse_events

STARTED = {"type": "thread.started", "thread_id": "t-1"}


def item(kind: str, name: str = "i-1", event: str = "completed", **fields: Any) -> dict[str, Any]:
    return {"type": f"item.{event}", "item": {"id": name, "type": kind, **fields}}


def command(event: str = "completed", **fields: Any) -> dict[str, Any]:
    defaults = {"command": "/usr/bin/bash -lc 'make test'", "aggregated_output": "ok\n"}
    return item("command_execution", event=event, **{**defaults, "exit_code": 0, **fields})


def test_what_it_says_thinks_and_lists() -> None:
    todo = [{"text": "mend", "completed": True}, {"text": "test", "completed": False}]
    output = parse_events(
        Codex(),
        STARTED,
        {"type": "turn.started"},
        item("reasoning", "i-0", text="Hm"),
        item("agent_message", "i-1", text="I mend it."),
        item("todo_list", "i-2", "started", items=todo[:1]),
        item("todo_list", "i-2", "updated", items=todo),
        item("todo_list", "i-2", items=todo),
    )
    assert output.kinds == ["thought", "message", "tool"]
    assert output.facts["session"] == "t-1"
    assert output.plain.count("[ ] test") == 2  # when it was changed, and in the end


def test_a_command_is_one_entry_without_the_shell_around_it() -> None:
    output = parse_events(
        Codex(), command("started", exit_code=None, status="in_progress"), command(exit_code=2)
    )
    entry = output.of_kind("command")
    assert (entry["title"], entry["text"]) == ("make test", "ok\n")
    assert entry["data"]["exitCode"] == 2
    assert "$ make test\nok\nexit 2\n" in output.plain


def test_a_command_that_is_no_shells_stays_as_it_is() -> None:
    output = parse_events(Codex(), command(command="it's"))
    assert output.of_kind("command")["title"] == "it's"


def test_what_was_declined_was_denied() -> None:
    output = parse_events(
        Codex(),
        command(status="declined", exit_code=None),
        {"type": "turn.completed", "usage": {}},
    )
    assert output.kinds == ["denied", "usage"]
    assert output.facts["denied"] == 1


def test_a_command_without_an_end_says_so() -> None:
    output = parse_events(Codex(), command("started", exit_code=None, status="in_progress"))
    assert output.of_kind("command")["data"]["unfinished"] is True


def test_a_change_of_files_is_one_edit_with_its_diff() -> None:
    files = {"a.py": ["one\ntwo\n", "one\n2\n"], "b.py": ["new\n"]}
    changes = [{"path": "a.py", "kind": "update"}, {"path": "b.py", "kind": "add"}]
    output = parse_events(
        Codex(lambda path: files[path].pop(0)),
        item("file_change", event="started", changes=changes, status="in_progress"),
        item("file_change", changes=changes, status="completed"),
    )
    entry = output.of_kind("edit")
    assert [each["change"] for each in entry["data"]["files"]] == ["update", "add"]
    assert "-two\n+2\n" in entry["text"]
    assert "+++ b.py\n+new" in entry["text"]


def test_a_change_that_failed_is_a_failed_edit() -> None:
    changes = [{"path": "a.py", "kind": "update"}]
    output = parse_events(Codex(), item("file_change", changes=changes, status="failed"))
    assert output.of_kind("edit")["data"]["failed"] is True


def test_a_tool_of_a_server_is_one_entry() -> None:
    call = {"server": "files", "tool": "list", "arguments": {"path": "."}}
    content = {"content": [{"type": "text", "text": "a.py"}, {"type": "image"}]}
    output = parse_events(
        Codex(),
        item("mcp_tool_call", event="started", **call, status="in_progress"),
        item("mcp_tool_call", **call, result=content, error=None, status="completed"),
    )
    entry = output.of_kind("tool")
    assert (entry["title"], entry["text"]) == ("files.list .", "a.py\n(image)")


def test_usage_is_of_the_thread_and_names_no_model() -> None:
    usage = {
        "input_tokens": 1200,
        "cached_input_tokens": 200,
        "output_tokens": 345,
        "reasoning_output_tokens": 45,
    }
    output = parse_events(Codex(), {"type": "turn.completed", "usage": usage})
    assert output.facts["usage"] == [
        {
            "model": None,
            "inputTokens": 1200,
            "cachedTokens": 200,
            "outputTokens": 345,
            "reasoningTokens": 45,
            "cost": None,
        }
    ]
    assert (output.facts["isOfSession"], output.facts["turns"]) == (True, 1)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("unexpected status 401 Unauthorized: no such key, url: http://m/v1/responses", "auth"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "rate_limit"),
        ("unexpected status 529 <unknown status code>: Overloaded", "overloaded"),
        ("You\u2019ve hit your usage limit, or try again at 4:22 PM.", "quota"),
        ("stream disconnected before completion: builder error", "unknown"),
    ],
)
def test_failures_are_told_apart(message: str, kind: str) -> None:
    output = parse_events(
        Codex(),
        {"type": "error", "message": message},
        {"type": "turn.failed", "error": {"message": message}},
    )
    assert output.kinds == ["error"]
    assert output.facts["failure"]["kind"] == kind


def test_a_failure_is_none_when_it_went_on() -> None:
    lost = {"type": "error", "message": "Reconnecting... 1/5"}
    output = parse_events(Codex(), lost, {"type": "turn.completed", "usage": {}})
    assert output.facts["failure"] is None


def test_what_is_unknown_is_passed_on() -> None:
    output = parse_events(Codex(), item("dream", text="sheep"), {"type": "turn.dreamt"})
    assert '"sheep"' in output.text
    assert '"turn.dreamt"' in output.text
    assert output.entries == []
