from pathlib import Path
from typing import Any

import pytest

from muster.worker.agents.runner.formats.claude import Claude
from tests.muster.worker.agents.runner.parsed_output import parse_events

INIT = {"type": "system", "subtype": "init", "session_id": "s-1", "model": "opus", "tools": []}


def assistant(*blocks: Any, **fields: Any) -> dict[str, Any]:
    message = {"id": "m-1", "model": "opus", "role": "assistant", "content": list(blocks)}
    return {"type": "assistant", "message": message, "parent_tool_use_id": None, **fields}


def text(content: str) -> dict[str, Any]:
    return {"type": "text", "text": content}


def call(tool: str, call_id: str = "c-1", **arguments: Any) -> dict[str, Any]:
    return assistant({"type": "tool_use", "id": call_id, "name": tool, "input": arguments})


def result(
    content: Any, call_id: str = "c-1", *, is_error: bool = False, details: Any = None
) -> dict[str, Any]:
    block = {"type": "tool_result", "tool_use_id": call_id, "content": content}
    return {
        "type": "user",
        "message": {"role": "user", "content": [{**block, "is_error": is_error}]},
        "tool_use_result": details,
    }


def done(**fields: Any) -> dict[str, Any]:
    return {
        "type": "result",
        "subtype": "success",
        "is_error": False,
        "num_turns": 2,
        "result": "",
        "session_id": "s-1",
        "permission_denials": [],
        "modelUsage": {},
        **fields,
    }


def retry(status: int | None, error: str) -> dict[str, Any]:
    return {
        "type": "system",
        "subtype": "api_retry",
        "attempt": 1,
        "max_retries": 10,
        "retry_delay_ms": 2000,
        "error_status": status,
        "error": error,
    }


def test_what_it_says_is_a_message_and_what_it_thinks_a_thought() -> None:
    output = parse_events(
        Claude(),
        INIT,
        assistant({"type": "thinking", "thinking": "Two bugs?", "signature": "x"}),
        assistant(text("There is one.")),
        done(result="There is one."),
    )
    assert output.kinds == ["thought", "message", "usage"]
    assert output.facts["session"] == "s-1"
    assert output.facts["turns"] == 2
    assert output.plain.count("There is one.") == 1
    assert "Two bugs?" in output.plain


def test_a_command_is_one_entry_with_its_output_and_exit_code() -> None:
    output = parse_events(
        Claude(),
        call("Bash", command="ls"),
        result("a\nb", details={"stdout": "a\nb", "stderr": "", "interrupted": False}),
    )
    entry = output.of_kind("command")
    assert (entry["title"], entry["text"]) == ("ls", "a\nb")
    assert entry["data"]["exitCode"] == 0
    assert "$ ls\na\nb\nexit 0\n" in output.plain


def test_a_command_that_fails_says_its_exit_code_in_words() -> None:
    output = parse_events(
        Claude(), call("Bash", command="false"), result("Exit code 3\nno", is_error=True)
    )
    entry = output.of_kind("command")
    assert (entry["data"]["exitCode"], entry["text"]) == (3, "no")


def test_an_output_too_large_for_the_model_is_shown_whole(tmp_path: Path) -> None:
    path = tmp_path / "kept.txt"
    path.write_text("\n".join(map(str, range(20_000))))
    output = parse_events(
        Claude(),
        call("Bash", command="seq 20000"),
        result("<persisted-output>", details={"stdout": "0", "persistedOutputPath": str(path)}),
    )
    assert "\n19999\n" in output.plain
    assert output.of_kind("command")["data"]["cut"] is True


def test_a_background_command_has_no_exit_code() -> None:
    details = {"stdout": "", "stderr": "", "backgroundTaskId": "b-1"}
    output = parse_events(
        Claude(), call("Bash", command="sleep 9"), result("runs", details=details)
    )
    assert "exitCode" not in output.of_kind("command")["data"]


def test_an_edit_is_a_diff() -> None:
    hunk = {"oldStart": 1, "oldLines": 2, "newStart": 1, "newLines": 2}
    patch = [{**hunk, "lines": [" def add(a, b):", "-    return a - b", "+    return a + b"]}]
    output = parse_events(
        Claude(),
        call("Edit", file_path="add.py", old_string="-", new_string="+"),
        result("ok", details={"structuredPatch": patch}),
    )
    entry = output.of_kind("edit")
    assert entry["data"]["files"] == [{"path": "add.py", "change": "update"}]
    assert entry["text"].splitlines()[0] == "@@ -1,2 +1,2 @@"
    assert "\x1b[31m-    return a - b\x1b[0m\n\x1b[32m+    return a + b\x1b[0m" in output.text


def test_a_path_below_the_workspace_is_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    output = parse_events(Claude(), call("Edit", file_path=f"{tmp_path}/a/b.py"), result("ok"))
    assert output.of_kind("edit")["title"] == "a/b.py"
    assert (
        parse_events(Claude(), call("Edit", file_path="/b.py")).of_kind("edit")["title"] == "/b.py"
    )


def test_a_file_that_is_new_is_an_edit_of_all_its_lines() -> None:
    output = parse_events(
        Claude(),
        call("Write", file_path="n.txt", content="one\ntwo\n"),
        result("ok", details={"type": "create", "structuredPatch": []}),
    )
    entry = output.of_kind("edit")
    assert entry["data"]["files"][0]["change"] == "add"
    assert entry["text"] == "+one\n+two"


def test_another_tool_is_one_line_with_its_arguments_shortened() -> None:
    output = parse_events(Claude(), call("Grep", pattern="x" * 500, path="."), result("a.py"))
    line = output.plain.splitlines()[0]
    assert line.startswith("● Grep pattern: xxx")
    assert len(line) <= 80
    assert output.of_kind("tool")["data"]["arguments"]["pattern"] == "x" * 500


def test_what_does_not_fit_in_an_entry_is_shown_in_full() -> None:
    lines = [f"{number} of many" for number in range(3000)]
    output = parse_events(Claude(), call("Grep", pattern="x"), result("\n".join(lines)))
    assert output.of_kind("tool")["data"]["cut"] is True
    assert [line.strip() for line in output.plain.splitlines()[1:]] == lines


def test_a_call_without_a_result_says_so_at_the_end() -> None:
    output = parse_events(Claude(), call("Bash", command="sleep 9"))
    assert output.of_kind("command")["data"]["unfinished"] is True
    assert "no result" in output.plain


def test_a_second_result_of_a_call_is_passed_on() -> None:
    output = parse_events(Claude(), call("Read", file_path="a"), result("1"), result("again"))
    assert output.kinds == ["tool"]
    assert '"again"' in output.plain


@pytest.mark.parametrize(
    "words",
    [
        "This command requires approval",
        "Claude requested permissions to write to a.py, but you haven't granted it yet.",
        "Permission to use Bash with command x has been denied.",
    ],
)
def test_what_was_denied_is_the_one_entry_of_its_call(words: str) -> None:
    denials = [{"tool_name": "Bash", "tool_use_id": "c-1", "tool_input": {}}]
    output = parse_events(
        Claude(),
        call("Bash", command="make"),
        result(words, is_error=True),
        done(permission_denials=denials),
    )
    assert output.kinds == ["denied", "usage"]
    assert output.of_kind("denied")["data"]["call"] == "c-1"
    assert output.facts["denied"] == 1
    assert "1 denied" in output.plain


def test_output_that_speaks_of_approval_was_not_denied() -> None:
    output = parse_events(
        Claude(),
        call("Bash", command="make"),
        result("Exit code 1\nthis requires approval", is_error=True),
    )
    assert output.kinds == ["command"]


def test_usage_is_known_during_the_run_and_exact_at_the_end() -> None:
    used = {"input_tokens": 10, "cache_read_input_tokens": 5, "output_tokens": 1}
    message = assistant(text("Hm"))
    message["message"]["usage"] = used
    again = assistant(text("So"))
    again["message"]["usage"] = used
    assert parse_events(Claude(), message, again).facts["usage"] == [
        {
            "model": "opus",
            "inputTokens": 15,
            "cachedTokens": 5,
            "outputTokens": 1,
            "reasoningTokens": None,
            "cost": None,
        }
    ]
    again["message"]["usage"] = {**used, "output_tokens": 4}
    assert parse_events(Claude(), message, again).facts["usage"][0]["outputTokens"] == 4
    of_model = {
        "inputTokens": 10,
        "cacheReadInputTokens": 5,
        "cacheCreationInputTokens": 2,
        "outputTokens": 7,
        "costUSD": 0.25,
    }
    output = parse_events(Claude(), message, again, done(modelUsage={"opus-5": of_model}))
    [usage] = output.facts["usage"]
    assert (usage["model"], usage["inputTokens"], usage["outputTokens"]) == ("opus-5", 17, 7)
    assert output.of_kind("usage")["data"]["usage"] == [usage]
    assert "tokens 17 in (5 cached), 7 out · $0.2500" in output.plain


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, "authentication_failed", "auth"),
        (429, "rate_limit", "rate_limit"),
        (529, "overloaded", "overloaded"),
        (None, "unknown", "unknown"),
    ],
)
def test_a_failure_is_known_from_the_first_try_on(
    status: int | None, error: str, kind: str
) -> None:
    assert parse_events(Claude(), retry(status, error)).facts["failure"]["kind"] == kind


def test_a_failure_is_none_when_it_went_on() -> None:
    output = parse_events(Claude(), retry(529, "overloaded"), assistant(text("Hello")))
    assert output.facts["failure"] is None


def test_what_the_retries_said_better_than_the_end_remains() -> None:
    failed = assistant(text("API Error: Repeated 529"), error="server_error")
    output = parse_events(
        Claude(),
        retry(529, "overloaded"),
        failed,
        done(is_error=True, result="API Error: Repeated 529", api_error_status=None),
    )
    assert output.facts["failure"]["kind"] == "overloaded"
    assert output.plain.count("Repeated 529") == 1


def test_a_spent_subscription_says_when_it_is_over() -> None:
    info = {"status": "rejected", "resetsAt": 1_800_000_000, "rateLimitType": "five_hour"}
    output = parse_events(
        Claude(),
        {"type": "rate_limit_event", "rate_limit_info": info},
        assistant(text("Limit reached"), error="rate_limit"),
        done(is_error=True, result="Limit reached", api_error_status=429),
    )
    failure = output.facts["failure"]
    assert (failure["kind"], failure["resetsAt"]) == ("quota", 1_800_000_000)


def test_an_interrupted_message_is_reported_as_far_as_it_was_streamed() -> None:
    delta = {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Half a "}}
    output = parse_events(Claude(), {"type": "stream_event", "event": delta})
    assert output.of_kind("message")["text"] == "Half a "
    whole = parse_events(
        Claude(), {"type": "stream_event", "event": delta}, assistant(text("Whole"))
    )
    assert [entry["text"] for entry in whole.entries] == ["Whole"]


def test_what_moves_a_display_is_not_shown_and_what_is_unknown_is() -> None:
    assert parse_events(Claude(), {"type": "system", "subtype": "thinking_tokens"}).text == ""
    assert (
        '"subtype": "brand_new"'
        in parse_events(Claude(), {"type": "system", "subtype": "brand_new"}).text
    )
    assert (
        '"a whole new block"'
        in parse_events(Claude(), assistant({"type": "a whole new block"})).text
    )


def test_what_a_part_of_it_does_names_the_call_that_it_is_part_of() -> None:
    output = parse_events(Claude(), assistant(text("Found it"), parent_tool_use_id="c-9"))
    assert output.of_kind("message")["data"]["parent"] == "c-9"
