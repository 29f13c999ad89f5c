import time
from typing import Any

import pytest

from muster.worker.agents.runner.formats.opencode import OpenCode
from tests.muster.worker.agents.runner.parsed_output import parse_events


def event(kind: str, **part: Any) -> dict[str, Any]:
    return {"type": kind, "sessionID": "ses_1", "part": part}


def tool(name: str, *, call_id: str = "c-1", **state: Any) -> dict[str, Any]:
    return event("tool_use", tool=name, callID=call_id, state={"status": "completed", **state})


def failed(**error: Any) -> dict[str, Any]:
    return {"type": "error", "sessionID": "ses_1", "error": error}


def test_what_it_says_and_thinks() -> None:
    output = parse_events(
        OpenCode(), event("reasoning", text="Hm"), event("text", text="I mend it.")
    )
    assert output.kinds == ["thought", "message", "usage"]
    assert output.facts["session"] == "ses_1"
    assert output.plain.count("opencode · ses_1") == 1


def test_a_command_is_one_entry_with_its_exit_code() -> None:
    ran = tool("bash", input={"command": "ls"}, output="a\n", metadata={"exit": 3})
    output = parse_events(OpenCode(), ran)
    assert output.of_kind("command")["data"]["exitCode"] == 3
    assert "$ ls\na\nexit 3\n" in output.plain


def test_an_edit_is_the_diff_that_it_gives() -> None:
    diff = "Index: a.py\n====\n--- a.py\n+++ a.py\n@@ -1,1 +1,1 @@\n-x\n+y\n"
    output = parse_events(
        OpenCode(), tool("edit", input={"filePath": "a.py"}, metadata={"diff": diff})
    )
    assert output.of_kind("edit")["text"] == "@@ -1,1 +1,1 @@\n-x\n+y"


def test_a_file_that_is_new_and_a_patch_are_edits() -> None:
    patch = "*** Begin Patch\n*** Add File: b.py\n+one\n*** End Patch"
    output = parse_events(
        OpenCode(),
        tool("write", input={"filePath": "a.py", "content": "1\n"}, metadata={"exists": False}),
        tool("apply_patch", call_id="c-2", input={"patchText": patch}),
    )
    first, second = output.entries[0]["data"]["files"], output.entries[1]["data"]["files"]
    assert first == [{"path": "a.py", "change": "add"}]
    assert second == [{"path": "b.py", "change": "add"}]


def test_what_was_rejected_was_denied() -> None:
    message = "The user rejected permission to use this specific tool call."
    output = parse_events(
        OpenCode(), tool("read", status="error", input={"filePath": "/x"}, error=message)
    )
    assert output.kinds == ["denied", "usage"]
    assert output.facts["denied"] == 1


def test_a_call_is_reported_once() -> None:
    output = parse_events(
        OpenCode(), tool("read", input={}, output="1"), tool("read", input={}, output="2")
    )
    assert output.kinds == ["tool", "usage"]


def test_usage_is_the_sum_of_its_steps_and_a_cost_of_nothing_is_not_known() -> None:
    tokens = {"input": 80, "output": 25, "reasoning": 5, "cache": {"read": 20, "write": 0}}
    step = event("step_finish", tokens=tokens, cost=0)
    output = parse_events(OpenCode(), step, step)
    assert output.facts["usage"] == [
        {
            "model": None,
            "inputTokens": 200,
            "cachedTokens": 40,
            "outputTokens": 60,
            "reasoningTokens": 10,
            "cost": None,
        }
    ]
    assert output.facts["turns"] == 2


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "auth"), (429, "rate_limit"), (529, "overloaded"), (500, "unknown")]
)
def test_failures_are_told_apart_by_their_status(status: int, kind: str) -> None:
    output = parse_events(
        OpenCode(), failed(name="APIError", data={"message": "no", "statusCode": status})
    )
    assert output.facts["failure"]["kind"] == kind


def test_a_limit_says_when_it_is_over() -> None:
    headers = {"retry-after": "20"}
    output = parse_events(
        OpenCode(), failed(name="APIError", data={"message": "no", "responseHeaders": headers})
    )
    assert 0 <= time.time() + 20 - output.facts["failure"]["resetsAt"] < 10


def test_an_error_without_details_is_reported_by_its_name() -> None:
    output = parse_events(OpenCode(), failed(name="ProviderAuthError"))
    assert output.facts["failure"]["kind"] == "auth"
    assert "ProviderAuthError" in output.plain
