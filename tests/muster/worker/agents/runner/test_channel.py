import json
import os
import socket
from collections.abc import Iterator

import pytest

from muster.worker.agents.runner.channel import DESCRIPTOR_VARIABLE, MAX_MESSAGE_BYTES, Channel
from muster.worker.agents.runner.entries import make_entry


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    ours, theirs = socket.socketpair()
    channel = Channel(ours.detach())
    yield channel, theirs
    channel.close()
    theirs.close()


def test_what_is_sent_is_one_json_object_a_line(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    theirs.sendall(b'{"ok": 1}\n{"ok": 2}\n')
    assert channel.send("entry", make_entry("message", "one\ntwo")) == 1
    assert channel.send("facts", {"session": "s"}) == 2
    sent = [json.loads(line) for line in theirs.recv(4096).splitlines()]
    assert [*map(list, sent)] == [["entry"], ["facts"]]
    assert sent[1] == {"facts": {"session": "s"}}


def test_what_the_shim_does_not_take_is_not_told_and_the_next_is(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, theirs = ends
    theirs.sendall(b'{"error": "no such kind"}\n{"ok": true}\n')
    assert channel.send("entry", {}) is None
    assert channel.send("facts", {}) == 1


def test_what_comes_unasked_in_one_piece_with_an_answer_is_there_at_once(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, theirs = ends
    theirs.sendall(b'{"ok": 0}\n{"answer": {"number": 0, "choice": "red"}}\n{"ok": 7}\n')
    assert channel.send("ask", {}) == 0
    assert channel.unsolicited == [{"answer": {"number": 0, "choice": "red"}}]
    assert channel.send("facts", {}) == 7


@pytest.mark.parametrize("answer", [b"no json\n", b'{"no": 1}\n', b'{"ok": []}\n', b"[]\n", b"1\n"])
def test_an_answer_that_is_none_breaks_the_channel(
    ends: tuple[Channel, socket.socket], answer: bytes
) -> None:
    channel, theirs = ends
    theirs.sendall(answer)
    assert channel.send("facts", {}) is None
    assert not channel.is_open


def test_a_channel_that_ends_is_none_any_more(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    theirs.close()
    assert channel.send("facts", {}) is None
    assert not channel.is_open
    assert channel.send("facts", {}) is None


def test_the_largest_entry_fits_into_a_message(ends: tuple[Channel, socket.socket]) -> None:
    channel, theirs = ends
    theirs.sendall(b'{"ok": 5}\n')
    worst = make_entry("tool", '"' * 999, '"\n' * MAX_MESSAGE_BYTES, said=['"' * 60] * 999)
    assert channel.send("entry", worst) == 5


def test_a_message_that_is_too_large_is_not_sent(ends: tuple[Channel, socket.socket]) -> None:
    channel, _ = ends
    assert channel.send("facts", {"session": "x" * MAX_MESSAGE_BYTES}) is None
    assert channel.is_open


@pytest.mark.parametrize("number", ["", "x", "-1", "999999", str(1 << 80)])
def test_without_a_channel_nothing_is_sent(number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DESCRIPTOR_VARIABLE, number)
    channel = Channel.from_environment()
    assert channel.send("facts", {}) is None
    assert DESCRIPTOR_VARIABLE not in os.environ


def test_the_agent_does_not_inherit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    ours.set_inheritable(True)
    monkeypatch.setenv(DESCRIPTOR_VARIABLE, str(ours.fileno()))
    assert Channel.from_environment().is_open
    assert not ours.get_inheritable()
    assert DESCRIPTOR_VARIABLE not in os.environ
    ours.close()
    theirs.close()
