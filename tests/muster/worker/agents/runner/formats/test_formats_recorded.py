"""The real agents' output, as recorded by `tests/agents/record.py`, is understood."""

import time
from collections import Counter
from pathlib import Path

import pytest

from muster.worker.agents.runner import formats
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.output_parser import TextParser
from tests.muster.worker.agents.runner.parsed_output import ParsedOutput, parse_bytes, parse_events

RECORDED = Path(__file__).parents[5] / "agents" / "recorded"
CALLS = ("command", "edit", "tool", "denied")


def recorded(name: str) -> ParsedOutput:
    spoken = formats.create_format(name.partition("-")[0])
    return parse_bytes(spoken, (RECORDED / f"{name}.jsonl").read_bytes())


def said_aside(name: str) -> list[Update]:
    """Return the updates for an agent's standard error."""
    aside = TextParser(formats.create_format(name.partition("-")[0]))
    data = (RECORDED / f"{name}.log").read_bytes()
    return [*aside.feed(data), *aside.finish()]


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.jsonl")))
def test_each_line_is_understood(name: str) -> None:
    output = recorded(name)
    assert '{"type"' not in output.plain
    calls = [entry["data"]["call"] for entry in output.entries if entry["kind"] in CALLS]
    assert len(calls) == len(set(calls))
    assert "no result" not in output.plain


@pytest.mark.parametrize("agent", formats.JSON_FORMATS)
def test_a_repair_is_read_edited_tested_and_said(agent: str) -> None:
    output = recorded(f"{agent}-repair")
    kinds = Counter(output.kinds)
    assert kinds["edit"] == 1
    assert kinds["command"] + kinds["tool"] == 2  # a file is read by either
    assert kinds["message"] == 3
    assert "$ python3 -m unittest -v\n" in output.plain
    assert "\n-    return number + number + 1\n" in output.plain or agent == "codex"
    assert [(each["inputTokens"], each["outputTokens"]) for each in output.facts["usage"]] == [
        (5050, 180)
    ]
    assert output.facts["session"]
    assert output.facts.get("failure") is None


@pytest.mark.parametrize(
    ("name", "denied"), [("claude-denied", 1), ("opencode-denied", 1), ("codex-denied", 0)]
)
def test_what_was_denied_is_counted(name: str, denied: int) -> None:
    output = recorded(name)
    assert output.facts["denied"] == output.kinds.count("denied") == denied


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("claude-unauthorized", "auth"),
        ("claude-rate-limited", "rate_limit"),
        ("claude-quota", "quota"),
        ("claude-overloaded", "overloaded"),
        ("claude-subscriber-quota", "quota"),
        ("claude-subscriber-rate-limited", "rate_limit"),
        ("codex-unauthorized", "auth"),
        ("codex-rate-limited", "rate_limit"),
        ("codex-quota", "quota"),
        ("codex-overloaded", "overloaded"),
        ("gemini-unauthorized", "auth"),
        ("gemini-rate-limited", "rate_limit"),
        ("gemini-quota", "quota"),
        ("gemini-overloaded", "overloaded"),
        ("opencode-unauthorized", "auth"),
        ("opencode-rate-limited-untold", "rate_limit"),
    ],
)
def test_failures_are_told_apart(name: str, kind: str) -> None:
    assert recorded(name).facts["failure"]["kind"] == kind


@pytest.mark.parametrize("name", ["claude-subscriber-quota", "codex-quota", "gemini-rate-limited"])
def test_the_end_of_a_limit_is_known(name: str) -> None:
    assert recorded(name).facts["failure"]["resetsAt"] > 1_700_000_000


@pytest.mark.parametrize(
    ("name", "kind", "is_told"),
    [
        ("opencode-rate-limited", "rate_limit", True),
        ("opencode-rate-limited-untold", "rate_limit", False),
        ("opencode-overloaded", "overloaded", False),
        ("gemini-rate-limited-untold", "rate_limit", True),
        ("gemini-overloaded", "overloaded", False),
    ],
)
def test_a_limit_that_it_waits_for_is_known_by_its_log(name: str, kind: str, is_told: bool) -> None:
    failures = [each.facts["failure"] for each in said_aside(name) if each.facts]
    assert {failure["kind"] for failure in failures} == {kind}
    assert any(failure["resetsAt"] for failure in failures) is is_told


def test_what_codex_was_denied_is_known_by_its_log() -> None:
    output = ParsedOutput(said_aside("codex-denied"))
    assert output.facts["denied"] == 1
    assert output.of_kind("denied")["text"].startswith("patch rejected: ")


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.log")))
def test_a_log_is_shown_as_it_is(name: str) -> None:
    assert ParsedOutput(said_aside(name)).plain == (RECORDED / f"{name}.log").read_text()


def test_how_long_claude_waits_is_known_where_it_was_told() -> None:
    resets_at, no_reset = (
        parse_events(
            formats.create_format("claude"),
            {
                "type": "system",
                "subtype": "api_retry",
                "attempt": 2,
                "retry_delay_ms": delay,
                "error_status": 429,
            },
        ).facts["failure"]["resetsAt"]
        for delay in (20_000, 1_240.7)
    )
    assert 0 <= time.time() + 20 - resets_at < 10
    assert no_reset is None
