from typing import Any

import pytest

from muster.worker.agents.runner.formats.gemini import Gemini
from tests.muster.worker.agents.runner.parsed_output import parse_events

INIT = {"type": "init", "session_id": "g-1", "model": "pro"}


def piece(text: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": text, "delta": True}


def call(tool: str, call_id: str = "c-1", **parameters: Any) -> dict[str, Any]:
    return {"type": "tool_use", "tool_name": tool, "tool_id": call_id, "parameters": parameters}


def result(status: str = "success", call_id: str = "c-1", **fields: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_id": call_id, "status": status, **fields}


def test_the_pieces_of_a_message_are_one_message_before_what_follows() -> None:
    output = parse_events(
        Gemini(), INIT, piece("I will "), piece("look."), call("read_file", file_path="a"), result()
    )
    assert output.kinds == ["message", "tool"]
    assert output.of_kind("message")["text"] == "I will look."
    assert output.facts["session"] == "g-1"


def test_the_last_message_is_reported_at_the_end() -> None:
    assert parse_events(Gemini(), piece("Half")).of_kind("message")["text"] == "Half"


def test_what_is_said_to_it_is_shown() -> None:
    output = parse_events(Gemini(), {"type": "message", "role": "user", "content": "Mend it"})
    assert output.plain == "> Mend it\n"
    assert output.entries == []


def test_a_command_is_one_entry_with_all_that_it_printed() -> None:
    output = parse_events(Gemini(), call("run_shell_command", command="ls"), result(output="a\nb"))
    assert output.of_kind("command")["text"] == "a\nb"
    assert "$ ls\na\nb\n" in output.plain


def test_replacing_and_writing_are_edits() -> None:
    output = parse_events(
        Gemini(),
        call("replace", "c-1", file_path="a.py", old_string="x\ny", new_string="x\nz"),
        call("write_file", "c-2", file_path="b.py", content="one\n"),
        result(call_id="c-1"),
        result(call_id="c-2"),
    )
    assert [entry["text"] for entry in output.entries] == ["-y\n+z", "+one"]


def test_what_a_policy_forbids_was_denied() -> None:
    error = {"type": "policy_violation", "message": "not here"}
    output = parse_events(
        Gemini(),
        call("web_fetch", prompt="x"),
        result("error", output="", error=error),
        {"type": "result", "status": "success", "stats": {}},
    )
    assert output.kinds == ["denied", "usage"]
    assert output.of_kind("denied")["text"] == "not here"
    assert output.facts["denied"] == 1


def test_usage_is_by_model_and_what_was_thought_is_in_the_total_alone() -> None:
    stats = {"total_tokens": 540, "input_tokens": 400, "output_tokens": 120, "cached": 80}
    output = parse_events(
        Gemini(), {"type": "result", "status": "success", "stats": {"models": {"pro": stats}}}
    )
    assert output.facts["usage"] == [
        {
            "model": "pro",
            "inputTokens": 400,
            "cachedTokens": 80,
            "outputTokens": 140,
            "reasoningTokens": 20,
            "cost": None,
        }
    ]


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ('[API Error: {"error":{"code":400,"details":[{"reason":"API_KEY_INVALID"}]}}]', "auth"),
        ('[API Error: {"error":{"code":503,"status":"UNAVAILABLE"}}]', "overloaded"),
        ("[API Error: exceeded your rate limit.\nSuggested retry after 3600s.]", "rate_limit"),
        ("no idea", "unknown"),
    ],
)
def test_failures_are_told_apart(message: str, kind: str) -> None:
    error = {"type": "unknown", "message": message}
    output = parse_events(Gemini(), {"type": "result", "status": "error", "error": error})
    assert output.facts["failure"]["kind"] == kind
