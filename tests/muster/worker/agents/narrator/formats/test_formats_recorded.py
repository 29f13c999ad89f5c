"""What the real agents printed, as `tests/agents/record.py` keeps it, is understood."""

from collections import Counter
from pathlib import Path

import pytest

from muster.worker.agents.narrator import formats
from tests.muster.worker.agents.narrator.narrated import Heard, heard_bytes

RECORDED = Path(__file__).parents[5] / "agents" / "recorded"
CALLS = ("command", "edit", "tool", "denied")


def recorded(name: str) -> Heard:
    spoken = formats.of_name(name.partition("-")[0])
    return heard_bytes(spoken, (RECORDED / f"{name}.jsonl").read_bytes())


@pytest.mark.parametrize("name", sorted(path.stem for path in RECORDED.glob("*.jsonl")))
def test_each_line_is_understood(name: str) -> None:
    told = recorded(name)
    assert '{"type"' not in told.plain
    calls = [entry["data"]["call"] for entry in told.entries if entry["kind"] in CALLS]
    assert len(calls) == len(set(calls))
    assert "no result" not in told.plain


@pytest.mark.parametrize("agent", formats.NAMES)
def test_a_repair_is_read_edited_tested_and_said(agent: str) -> None:
    told = recorded(f"{agent}-repair")
    kinds = Counter(told.kinds)
    assert kinds["edit"] == 1
    assert kinds["command"] + kinds["tool"] == 2  # a file is read by either
    assert kinds["message"] == 3
    assert "$ python3 -m unittest -v\n" in told.plain
    assert "\n-    return number + number + 1\n" in told.plain or agent == "codex"
    assert [(each["inputTokens"], each["outputTokens"]) for each in told.facts["usage"]] == [
        (5050, 180)
    ]
    assert told.facts["session"]
    assert told.facts.get("failure") is None


@pytest.mark.parametrize(
    ("name", "denied"), [("claude-denied", 1), ("opencode-denied", 1), ("codex-denied", 0)]
)
def test_what_was_denied_is_counted(name: str, denied: int) -> None:
    told = recorded(name)
    assert told.facts["denied"] == told.kinds.count("denied") == denied


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
