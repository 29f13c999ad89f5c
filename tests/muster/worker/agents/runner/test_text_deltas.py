"""A text in progress is sent in a few parts per second."""

from typing import Any

import pytest

from muster.worker.agents.runner import text_deltas
from muster.worker.agents.runner.text_deltas import TextDeltas


class FakeChannel:
    def __init__(self) -> None:
        self.parts: list[dict[str, Any]] = []

    def send(self, kind: str, content: dict[str, Any]) -> int:
        assert kind == "delta"
        self.parts.append(content)
        return 1

    @property
    def texts(self) -> list[tuple[str, int, str]]:
        return [(each["kind"], each["offset"], each["text"]) for each in self.parts]


@pytest.fixture
def channel() -> FakeChannel:
    return FakeChannel()


def test_few_parts_are_sent_per_second(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    for number in range(100):
        deltas.add("message", f"{number % 10}", 5.0 + number / 100)
    deltas.flush_due(7.0)
    assert len(channel.parts) <= 11
    assert "".join(text for _, _, text in channel.texts) == "0123456789" * 10
    assert deltas.next_flush_at is None


def test_each_text_starts_at_its_beginning(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    deltas.add("thought", "hm", 1.0)
    deltas.add("message", "one", 2.0)
    deltas.add("message", " two", 3.0)
    deltas.drop("thought")
    deltas.drop("message")
    deltas.add("message", "three", 4.0)
    expected = [("thought", 0, "hm"), ("message", 0, "one"), ("message", 3, " two")]
    assert channel.texts == [*expected, ("message", 0, "three")]


def test_what_its_entry_replaces_is_not_sent(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    deltas.add("message", "one", 1.0)
    deltas.add("message", "two", 1.01)
    assert deltas.next_flush_at == pytest.approx(1.1)
    deltas.drop("message")
    assert deltas.next_flush_at is None


def test_a_long_text_ends_with_its_entry(
    channel: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_deltas, "_MAX_TEXT_CHARS", 10)
    monkeypatch.setattr(text_deltas, "MAX_PART_CHARS", 4)
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    for now in range(9):
        deltas.add("message", "abc", float(now))
    assert "".join(text for _, _, text in channel.texts) == "abcabcabca"
    assert max(len(text) for _, _, text in channel.texts) <= 4


def test_the_output_of_a_flood_is_only_its_latest_part(
    channel: FakeChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_deltas, "_MAX_UNSENT_CHARS", 10)
    monkeypatch.setattr(text_deltas, "MAX_PART_CHARS", 4)
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    deltas.add_output(3, "ab", 1.0)
    deltas.add_output(3, "0123456789abcdef", 1.01)
    for now in range(2, 6):
        deltas.flush_due(float(now))
    expected = [(0, "ab"), (8, "6789"), (12, "abcd"), (16, "ef")]
    assert [(offset, text) for _, offset, text in channel.texts] == expected
    assert {each["entry"] for each in channel.parts} == {3}


def test_missing_output_leaves_a_gap(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    deltas.add_output(3, "one", 1.0)
    deltas.add_output(3, "two", 2.0, is_cut=True)
    deltas.add_output(3, "three", 3.0)
    assert [offset for _, offset, _ in channel.texts] == [0, 4, 7]


def test_all_texts_share_the_rate_and_take_turns(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    for number in range(100):
        now = 5.0 + number / 100
        deltas.add("message", "m", now)
        deltas.add_output(1, "one", now)
        deltas.add_output(2, "two", now)
    assert len(channel.parts) <= 11
    entries = [each["entry"] for each in channel.parts]
    assert entries[1:7] == [None, 1, 2, None, 1, 2]


def test_the_output_of_an_ended_command_is_not_sent(channel: FakeChannel) -> None:
    deltas = TextDeltas(channel)  # type: ignore[arg-type]
    deltas.add_output(1, "one", 1.0)
    deltas.add_output(1, "two", 1.01)
    deltas.drop_output(1)
    assert deltas.next_flush_at is None
