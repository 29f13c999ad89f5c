"""What an agent has used so far is read from the file that it keeps, whatever that is."""

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from muster.worker.agents.runner import updates, usage_file
from muster.worker.agents.runner.entries import Told
from muster.worker.agents.runner.usage_file import INTERVAL, LONGEST, MOST, Ledger

RECORDED = Path(__file__).parents[4] / "agents" / "recorded" / "kept"
SESSION = "00000000-0000-4000-8000-000000000001"
PLACES = {
    "codex": f".codex/sessions/2026/11/26/rollout-2026-11-26T18-49-47-{SESSION}.jsonl",
    "gemini": f".gemini/tmp/workspace/chats/session-2026-11-26T18-49-{SESSION[:8]}.jsonl",
}
Kept = Callable[[str], Path]
each = pytest.mark.parametrize("agent", PLACES)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Kept:
    """The path of the file that an agent keeps, which is not there yet; its directory is."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("CODEX_HOME", raising=False)

    def of(agent: str) -> Path:
        path = tmp_path / PLACES[agent]
        path.parent.mkdir(parents=True)
        return path

    return of


def opened(agent: str, session: str = SESSION) -> Ledger:
    found = usage_file.of_name(agent)
    found.heard(updates.opening(agent, session), 0)
    return found


def facts(told: list[Told]) -> dict[str, Any]:
    [one] = told
    assert one.facts is not None
    return one.facts


def counted(tokens: int) -> bytes:
    """A line of codex's."""
    info = {"total_token_usage": {"input_tokens": tokens, "output_tokens": 5}}
    payload = {"type": "token_count", "info": info}
    return json.dumps({"type": "event_msg", "payload": payload}).encode() + b"\n"


def tokens(told: list[Told]) -> int:
    return int(facts(told)["usage"][0]["inputTokens"])


@each
def test_what_the_real_one_has_kept_is_what_it_used(agent: str, kept: Kept) -> None:
    shutil.copy(RECORDED / f"{agent}-repair.jsonl", kept(agent))
    told = facts(opened(agent).look(INTERVAL))
    model = "gemini-2.5-pro" if agent == "gemini" else None
    assert told["usage"] == [
        {
            "model": model,
            "inputTokens": 5050,
            "cachedTokens": 3600,
            "outputTokens": 180,
            "reasoningTokens": 10,
            "cost": None,
        }
    ]
    assert told.get("isOfSession") is (True if agent == "codex" else None)


def test_of_a_thread_that_was_gone_on_with_codex_keeps_the_sum(kept: Kept) -> None:
    shutil.copy(RECORDED / "codex-resumed.jsonl", kept("codex"))
    assert tokens(opened("codex").look(INTERVAL)) == 2000


@each
def test_it_is_told_as_it_grows_and_once(agent: str, kept: Kept) -> None:
    """As it is written: half a line is none yet."""
    path, file = kept(agent), opened(agent)
    assert file.look(INTERVAL) == [], "no file"
    data = (RECORDED / f"{agent}-repair.jsonl").read_bytes()
    half = data.index(b'"output', data.index(b'"total_token_usage"' if agent == "codex" else b"{"))
    path.write_bytes(data[:half])
    assert file.look(2 * INTERVAL) == []
    path.write_bytes(data[: data.index(b"\n", half) + 1])
    assert tokens(file.look(3 * INTERVAL)) == 1000
    path.write_bytes(data)
    assert file.look(3.5 * INTERVAL) == [], "not so soon"
    assert tokens(file.look(4 * INTERVAL)) == 5050
    assert file.look(5 * INTERVAL) == []


def test_codex_has_a_home_of_its_own(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept("codex").write_bytes(counted(7))
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / "elsewhere"))
    assert opened("codex").look(INTERVAL) == []
    monkeypatch.setenv("CODEX_HOME", str(tmp_path / ".codex"))
    assert tokens(opened("codex").look(INTERVAL)) == 7


def test_the_file_is_that_of_the_session(kept: Kept) -> None:
    kept("codex").write_bytes(counted(7))
    assert opened("codex", "00000000-0000-4000-8000-000000000002").look(INTERVAL) == []


def test_what_the_agent_tells_itself_is_right(kept: Kept) -> None:
    kept("codex").write_bytes(counted(7))
    file = opened("codex")
    file.heard(Told(facts={"usage": [{"model": None, "inputTokens": 9}]}), 1)
    assert (file.due, file.look(INTERVAL), file.last()) == (None, [], [])


def test_one_that_ends_without_a_word_of_it_is_told_of_at_its_end(kept: Kept) -> None:
    path, file = kept("codex"), opened("codex")
    path.write_bytes(counted(7))
    file.look(INTERVAL)
    path.write_bytes(counted(7) + counted(8))
    told, shown = file.last()
    assert tokens([told]) == 8
    assert shown.entry is not None
    assert (shown.entry["kind"], shown.entry["data"]["isOfSession"]) == ("usage", True)


def test_one_that_says_that_it_does_not_know_is_told_of_all_the_same(kept: Kept) -> None:
    kept("codex").write_bytes(counted(7))
    file = opened("codex")
    assert tokens(file.look(INTERVAL)) == 7
    file.heard(updates.ending([], None, 0), 1)
    assert tokens(file.last()[:1]) == 7


def requested(tokens: int, at: float | None = None, **more: object) -> str:
    """A line of aider's."""
    said = {"prompt_tokens": tokens, "completion_tokens": 5, "cost": 0, **more}
    moment = int(time.time() if at is None else at)
    return json.dumps({"event": "message_send", "properties": said, "time": moment}) + "\n"


def test_of_aider_it_is_the_sum_of_this_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = usage_file.of_name("aider")
    assert file.look(0) == []
    path = tmp_path / ".aider.requests.jsonl"
    path.write_text(requested(7, at=time.time() - 60) + requested(1000) + '{"event": "exit"}\n')
    told = facts(file.look(INTERVAL))
    [used] = told["usage"]
    assert (used["inputTokens"], used["outputTokens"], used["cost"]) == (1000, 5, None)
    assert "isOfSession" not in told
    with path.open("a") as more:
        more.write(requested(200, cost=0.25) + requested(30, cost=0.5))
    [used] = facts(file.look(2 * INTERVAL))["usage"]
    assert (used["inputTokens"], used["outputTokens"], used["cost"]) == (1230, 15, 0.75)


def test_others_are_not_looked_for(kept: Kept) -> None:
    assert opened("claude").due is None
    assert opened("claude").last() == []


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
    b'"token_count"' * (LONGEST // 8) + b"\n",
]


@each
@pytest.mark.parametrize("data", HOSTILE)
def test_what_is_none_of_its_lines_is_passed_over(agent: str, data: bytes, kept: Kept) -> None:
    path = kept(agent)
    path.write_bytes(data)
    file = opened(agent)
    assert file.look(INTERVAL) == []
    path.write_bytes(data + (RECORDED / f"{agent}-repair.jsonl").read_bytes())
    assert tokens(file.look(2 * INTERVAL)) == 5050


def test_figures_that_are_none_are_not_known(kept: Kept) -> None:
    kept("codex").write_bytes(counted(7).replace(b"7", b"-7"))
    assert facts(opened("codex").look(INTERVAL))["usage"][0]["inputTokens"] is None


def test_a_long_file_is_read_bit_by_bit_and_told_of_when_all_is(kept: Kept) -> None:
    path = kept("codex")
    path.write_bytes(counted(7) + b"x" * 2 * MOST + b"\n" + counted(8))
    file = opened("codex")
    assert [file.look(INTERVAL), file.look(2 * INTERVAL)] == [[], []]
    assert tokens(file.look(3 * INTERVAL)) == 8


@pytest.mark.parametrize("kind", ["pipe", "link", "directory"])
def test_what_is_no_file_is_not_waited_for(kind: str, kept: Kept, tmp_path: Path) -> None:
    path = kept("codex")
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "link":
            (tmp_path / "other").write_bytes(counted(7))
            path.symlink_to(tmp_path / "other")
        case _:
            path.mkdir()
    file = opened("codex")
    assert file.look(INTERVAL) == []
    assert file.last() == []
