"""An agent's usage so far is read from its session file, whatever that contains."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muster.worker.agents.runner import updates, usage_file
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.usage_file import (
    MAX_LINE_BYTES,
    MAX_READ_BYTES,
    POLL_INTERVAL_SECONDS,
    UsageFile,
)

RECORDED = Path(__file__).parents[4] / "agents" / "recorded" / "kept"
SESSION = "00000000-0000-4000-8000-000000000001"
PLACES = {
    "codex": f".codex/sessions/2026/11/26/rollout-2026-11-26T18-49-47-{SESSION}.jsonl",
    "gemini": f".gemini/tmp/workspace/chats/session-2026-11-26T18-49-{SESSION[:8]}.jsonl",
}
UsageFilePath = Callable[[str], Path]
each = pytest.mark.parametrize("agent", PLACES)


@pytest.fixture
def usage_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UsageFilePath:
    """The path of an agent's session file, which doesn't exist yet; its directory does."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CODEX_HOME", raising=False)

    def make_usage_path(agent: str) -> Path:
        path = tmp_path / PLACES[agent]
        path.parent.mkdir(parents=True)
        return path

    return make_usage_path


def open_usage_file(agent: str, session: str = SESSION) -> UsageFile:
    found = usage_file.create_usage_file(agent)
    found.observe(updates.session_started(agent, session), 0)
    return found


def facts(update_list: list[Update]) -> dict[str, Any]:
    [one] = update_list
    assert one.facts is not None
    return one.facts


def counted(tokens: int) -> bytes:
    """A line of codex's."""
    info = {"total_token_usage": {"input_tokens": tokens, "output_tokens": 5}}
    payload = {"type": "token_count", "info": info}
    return json.dumps({"type": "event_msg", "payload": payload}).encode() + b"\n"


def tokens(update_list: list[Update]) -> int:
    return int(facts(update_list)["usage"][0]["inputTokens"])


@each
def test_what_the_real_one_has_kept_is_what_it_used(agent: str, usage_path: UsageFilePath) -> None:
    shutil.copy(RECORDED / f"{agent}-repair.jsonl", usage_path(agent))
    usage_facts = facts(open_usage_file(agent).poll(POLL_INTERVAL_SECONDS))
    model = "gemini-2.5-pro" if agent == "gemini" else None
    assert usage_facts["usage"] == [
        {
            "model": model,
            "inputTokens": 5050,
            "cachedTokens": 3600,
            "outputTokens": 180,
            "reasoningTokens": 10,
            "cost": None,
        }
    ]
    assert usage_facts.get("isOfSession") is (True if agent == "codex" else None)


def test_of_a_thread_that_was_gone_on_with_codex_keeps_the_sum(usage_path: UsageFilePath) -> None:
    shutil.copy(RECORDED / "codex-resumed.jsonl", usage_path("codex"))
    assert tokens(open_usage_file("codex").poll(POLL_INTERVAL_SECONDS)) == 2000


@each
def test_usage_is_reported_as_it_grows_and_once(agent: str, usage_path: UsageFilePath) -> None:
    """As it is written: half a line is none yet."""
    path, file = usage_path(agent), open_usage_file(agent)
    assert file.poll(POLL_INTERVAL_SECONDS) == [], "no file"
    data = (RECORDED / f"{agent}-repair.jsonl").read_bytes()
    half = data.index(b'"output', data.index(b'"total_token_usage"' if agent == "codex" else b"{"))
    path.write_bytes(data[:half])
    assert file.poll(2 * POLL_INTERVAL_SECONDS) == []
    path.write_bytes(data[: data.index(b"\n", half) + 1])
    assert tokens(file.poll(3 * POLL_INTERVAL_SECONDS)) == 1000
    path.write_bytes(data)
    assert file.poll(3.5 * POLL_INTERVAL_SECONDS) == [], "not so soon"
    assert tokens(file.poll(4 * POLL_INTERVAL_SECONDS)) == 5050
    assert file.poll(5 * POLL_INTERVAL_SECONDS) == []


def test_codex_has_a_home_of_its_own(
    usage_path: UsageFilePath, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage_path("codex").write_bytes(counted(7))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "elsewhere"))
    assert open_usage_file("codex").poll(POLL_INTERVAL_SECONDS) == []
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / ".codex"))
    assert tokens(open_usage_file("codex").poll(POLL_INTERVAL_SECONDS)) == 7


def test_the_file_is_that_of_the_session(usage_path: UsageFilePath) -> None:
    usage_path("codex").write_bytes(counted(7))
    assert (
        open_usage_file("codex", "00000000-0000-4000-8000-000000000002").poll(POLL_INTERVAL_SECONDS)
        == []
    )


def test_what_the_agent_tells_itself_is_right(usage_path: UsageFilePath) -> None:
    usage_path("codex").write_bytes(counted(7))
    file = open_usage_file("codex")
    file.observe(Update(facts={"usage": [{"model": None, "inputTokens": 9}]}), 1)
    assert (file.next_poll_at, file.poll(POLL_INTERVAL_SECONDS), file.final_updates()) == (
        None,
        [],
        [],
    )


def test_an_agent_that_exits_without_usage_is_reported_at_its_end(
    usage_path: UsageFilePath,
) -> None:
    path, file = usage_path("codex"), open_usage_file("codex")
    path.write_bytes(counted(7))
    file.poll(POLL_INTERVAL_SECONDS)
    path.write_bytes(counted(7) + counted(8))
    facts_update, entry_update = file.final_updates()
    assert tokens([facts_update]) == 8
    assert entry_update.entry is not None
    assert (entry_update.entry["kind"], entry_update.entry["data"]["isOfSession"]) == (
        "usage",
        True,
    )


def test_an_agent_with_unknown_usage_is_still_reported(
    usage_path: UsageFilePath,
) -> None:
    usage_path("codex").write_bytes(counted(7))
    file = open_usage_file("codex")
    assert tokens(file.poll(POLL_INTERVAL_SECONDS)) == 7
    file.observe(updates.run_finished([], None, 0), 1)
    assert tokens(file.final_updates()[:1]) == 7


def requested(tokens: int, at: float | None = None, **more: object) -> str:
    """A line of aider's."""
    properties = {"prompt_tokens": tokens, "completion_tokens": 5, "cost": 0, **more}
    moment = int(time.time() if at is None else at)
    return json.dumps({"event": "message_send", "properties": properties, "time": moment}) + "\n"


def test_of_aider_it_is_the_sum_of_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = usage_file.create_usage_file("aider")
    assert file.poll(0) == []
    path = tmp_path / ".aider.requests.jsonl"
    path.write_text(requested(7, at=time.time() - 60) + requested(1000) + '{"event": "exit"}\n')
    usage_facts = facts(file.poll(POLL_INTERVAL_SECONDS))
    [used] = usage_facts["usage"]
    assert (used["inputTokens"], used["outputTokens"], used["cost"]) == (1000, 5, None)
    assert "isOfSession" not in usage_facts
    with path.open("a") as more:
        more.write(requested(200, cost=0.25) + requested(30, cost=0.5))
    [used] = facts(file.poll(2 * POLL_INTERVAL_SECONDS))["usage"]
    assert (used["inputTokens"], used["outputTokens"], used["cost"]) == (1230, 15, 0.75)


def test_others_are_not_looked_for(usage_path: UsageFilePath) -> None:
    assert open_usage_file("claude").next_poll_at is None
    assert open_usage_file("claude").final_updates() == []


HOSTILE = [
    b"\n\n{}\n[]\n\xff\xfe\n",
    b'{"token_count"\n',
    b'"token_count"\n["token_count"]\n',
    b'{"type": "event_msg", "payload": {"type": "token_count", "info": null}}\n',
    b'{"type": "event_msg", "payload": {"type": "token_count", "info": [1]}}\n',
    b'{"type": "event_msg", "payload": "token_count"}\n',
    b'{"type": "token_count", "payload": ' + b"[" * 100_000 + b"\n",
    b'{"tokens": {"input": "x"}, "type": "gemini", "id": 7}\n',
    b'{"tokens": [], "type": "gemini", "id": "7", "model": {}}\n',
    b'"token_count"' * (MAX_LINE_BYTES // 8) + b"\n",
]


@each
@pytest.mark.parametrize("data", HOSTILE)
def test_what_is_none_of_its_lines_is_passed_over(
    agent: str, data: bytes, usage_path: UsageFilePath
) -> None:
    path = usage_path(agent)
    path.write_bytes(data)
    file = open_usage_file(agent)
    assert file.poll(POLL_INTERVAL_SECONDS) == []
    path.write_bytes(data + (RECORDED / f"{agent}-repair.jsonl").read_bytes())
    assert tokens(file.poll(2 * POLL_INTERVAL_SECONDS)) == 5050


def test_figures_that_are_none_are_not_known(usage_path: UsageFilePath) -> None:
    usage_path("codex").write_bytes(counted(7).replace(b"7", b"-7"))
    assert (
        facts(open_usage_file("codex").poll(POLL_INTERVAL_SECONDS))["usage"][0]["inputTokens"]
        is None
    )


def test_a_long_file_is_read_bit_by_bit_and_told_of_when_all_is(usage_path: UsageFilePath) -> None:
    path = usage_path("codex")
    path.write_bytes(counted(7) + b"x" * 2 * MAX_READ_BYTES + b"\n" + counted(8))
    file = open_usage_file("codex")
    assert [file.poll(POLL_INTERVAL_SECONDS), file.poll(2 * POLL_INTERVAL_SECONDS)] == [[], []]
    assert tokens(file.poll(3 * POLL_INTERVAL_SECONDS)) == 8


@pytest.mark.parametrize("kind", ["pipe", "link", "directory"])
def test_what_is_no_file_is_not_waited_for(
    kind: str, usage_path: UsageFilePath, tmp_path: Path
) -> None:
    path = usage_path("codex")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            (tmp_path / "other").write_bytes(counted(7))
            path.symlink_to(tmp_path / "other")
        case _:
            path.mkdir()
    file = open_usage_file("codex")
    assert file.poll(POLL_INTERVAL_SECONDS) == []
    assert file.final_updates() == []
