"""An action is one entry from its start to its end, whatever the shim understands."""

from typing import Any

import pytest

from muster.worker.agents.runner.channel import RequestRefused
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.running_entries import DRAW_DELAY_SECONDS, RunningEntries
from muster.worker.agents.runner.tool_calls import ToolCall


class FakeChannel:
    """Answers like a shim; `is_old`: of a release without running entries."""

    def __init__(self, *, is_old: bool = False) -> None:
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.is_old = is_old
        self.refused: set[str] = set()

    def exchange(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        if kind in self.refused:
            raise RequestRefused("no")
        self.sent.append((kind, content))
        return {"ok": 0} if self.is_old else {"ok": 0, "number": len(self.sent) - 1}

    def send(self, kind: str, content: dict[str, Any]) -> int | None:
        try:
            return int(self.exchange(kind, content)["ok"])
        except RequestRefused:
            return None

    @property
    def states(self) -> list[tuple[str, str | None, int | None]]:
        return [(kind, each.get("state"), each.get("number")) for kind, each in self.sent]


def make_call(call_id: str = "a", command: str = "make") -> ToolCall:
    return ToolCall(call_id, "Bash", {}, command=command)


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


def test_a_call_is_completed_under_its_number(channel: FakeChannel) -> None:
    entries = RunningEntries(channel)  # type: ignore[arg-type]
    one, two = make_call("a"), make_call("b")
    for update in (one.to_started_update(), two.to_started_update(), one.to_started_update()):
        entries.send(update, 0.0)
    one.output, one.exit_code = "no", 2
    entries.send(one.to_update(), 1.0)
    entries.send(Update(entry={"kind": "message"}), 1.0)
    assert channel.states == [
        ("entry", "running", None),
        ("entry", "running", None),
        ("update", "failed", 0),
        ("entry", None, None),
    ]
    assert channel.sent[0][1]["text"] == ""


def test_a_changed_call_is_sent_again_while_it_runs(channel: FakeChannel) -> None:
    entries = RunningEntries(channel)  # type: ignore[arg-type]
    entries.send(make_call(command="").to_started_update(), 0.0)
    entries.send(make_call(command="make").to_started_update(), 0.0)
    assert channel.states == [("entry", "running", None), ("update", "running", 0)]


def test_an_earlier_shim_gets_complete_entries(channel: FakeChannel) -> None:
    channel.is_old = True
    entries = RunningEntries(channel)  # type: ignore[arg-type]
    for call in (make_call("a"), make_call("b")):
        entries.send(call.to_started_update(), 0.0)
        entries.send(call.to_update(), 0.0)
    states = [state for _, state, _ in channel.states]
    assert states == ["running", "done", "done"]


def test_no_result_is_lost_if_the_shim_refuses_an_update(channel: FakeChannel) -> None:
    entries = RunningEntries(channel)  # type: ignore[arg-type]
    entries.send(make_call().to_started_update(), 0.0)
    channel.refused = {"update"}
    entries.send(make_call().to_update(), 0.0)
    assert channel.states == [("entry", "running", None), ("entry", "done", None)]


def test_the_terminal_names_what_takes_long_once(channel: FakeChannel) -> None:
    entries = RunningEntries(channel)  # type: ignore[arg-type]
    slow, fast = make_call("a", "sleep 600"), make_call("b")
    assert entries.draws_at is None
    for call in (slow, fast):
        entries.send(call.to_started_update(), 5.0)
    entries.send(fast.to_update(), 5.5)
    assert entries.draws_at == 5.0 + DRAW_DELAY_SECONDS
    assert entries.pop_undrawn(5.9) == []
    [draw] = entries.pop_undrawn(6.0)
    assert "sleep 600" in draw(80)
    entries.send(slow.to_started_update(), 7.0)
    assert (entries.draws_at, entries.pop_undrawn(9.0)) == (None, [])
