"""Questions of an agent's tools reach the shim one at a time, and are answered."""

import contextlib
import json
import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.worker.agents.runner import tool_socket
from muster.worker.agents.runner.channel import Channel, RequestRefused
from muster.worker.agents.runner.entries import Update
from muster.worker.agents.runner.tool_requests import ToolRequests
from muster.worker.agents.runner.tool_socket import SOCKET_VARIABLE

TIMEOUT_SECONDS = 10.0


class Shim:
    """The other end of the channel: it accepts every question."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.asked: list[dict[str, Any] | None] = []
        self.refuses = ""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def answer(self, number: int, **answer: str) -> None:
        self._connection.sendall(
            json.dumps({"answer": {"number": number, **answer}}).encode() + b"\n"
        )

    def close(self) -> None:
        self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(TIMEOUT_SECONDS)
        self._connection.close()

    def _listen(self) -> None:
        number = 0
        for line in self._connection.makefile("rb"):
            asked = json.loads(line)["ask"]
            self.asked.append(asked)
            answer: dict[str, Any] = {"ok": number}
            if self.refuses:
                answer = {"error": self.refuses}
            elif asked is not None:
                number += 1
            self._connection.sendall(json.dumps(answer).encode() + b"\n")


class World:
    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.shim = Shim(theirs)
        self.channel = Channel(ours.detach())
        self.told: list[Update] = []
        self.inquiries = ToolRequests(self.channel, self.told.extend)
        self.path = os.environ.get(SOCKET_VARIABLE, "")

    def call(self, message: object) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.path)
        line = message if isinstance(message, bytes) else json.dumps(message).encode()
        connection.sendall(line + b"\n")
        return connection

    def turn(self, seconds: float = 0.0) -> bool:
        """Run one turn of the runner's loop; return whether there was something to do."""
        handles = self.inquiries.file_descriptors()
        ready, _, _ = select.select(handles, [], [], seconds)
        self.inquiries.serve(ready)
        return bool(ready)

    def settle(self) -> None:
        while self.turn(0.1):
            pass

    def answer_to(self, connection: socket.socket) -> dict[str, Any]:
        connection.settimeout(0)
        heard, deadline = b"", time.monotonic() + TIMEOUT_SECONDS
        while not heard.endswith(b"\n"):
            assert time.monotonic() < deadline, "nothing comes"
            self.turn(0.02)
            with contextlib.suppress(BlockingIOError):
                heard += connection.recv(1 << 16)
        connection.close()
        answer = json.loads(heard)
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        self.inquiries.close()
        self.channel.close()
        self.shim.close()


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.delenv(SOCKET_VARIABLE, raising=False)
    world = World()
    yield world
    world.close()
    assert not Path(world.path).parent.exists()


def ask(text: str, *choices: str) -> dict[str, Any]:
    return {"ask": {"question": text, "choices": [*choices]}}


def test_only_the_attempts_own_user_comes_in(world: World) -> None:
    assert Path(world.path).parent.stat().st_mode & 0o777 == 0o700


def test_a_question_is_shown_asked_and_answered(world: World) -> None:
    connection = world.call(ask("Which?", "red", "blue"))
    world.settle()
    assert world.shim.asked == [{"question": "Which?", "choices": ["red", "blue"]}]
    world.shim.answer(5, choice="red")
    world.shim.answer(0, choice="blue")
    assert world.answer_to(connection)["choice"] == "blue"
    question, answer = world.told
    assert question.entry is not None
    assert question.entry["kind"] == "question"
    assert answer.draw is not None
    assert "blue" in answer.draw(80)


def test_one_is_asked_at_a_time_and_in_their_order(world: World) -> None:
    connections = [world.call(ask(text)) for text in "abc"]
    world.settle()
    assert [each and each["question"] for each in world.shim.asked] == ["a"]
    for number, connection in enumerate(connections):
        world.shim.answer(number, input=str(number))
        assert world.answer_to(connection)["input"] == str(number)
    assert [each and each["question"] for each in world.shim.asked] == ["a", "b", "c"]


def test_who_hangs_up_asks_no_more(world: World) -> None:
    first, waiting, last = (world.call(ask(text)) for text in "abc")
    world.settle()
    waiting.close()
    world.settle()
    first.close()
    world.settle()
    assert [each and each["question"] for each in world.shim.asked] == ["a", None, "c"]
    world.shim.answer(1, input="yes")
    assert world.answer_to(last)["input"] == "yes"


def test_a_refusal_of_the_shim_is_reported_and_the_next_question_asked(world: World) -> None:
    world.shim.refuses = "too many questions"
    assert world.answer_to(world.call(ask("a"))) == {"refused": "too many questions"}
    assert world.told == []
    world.shim.refuses = ""
    connection = world.call(ask("b"))
    world.settle()
    world.shim.answer(0, input="yes")
    assert world.answer_to(connection)["input"] == "yes"


def test_a_channel_that_breaks_leaves_nobody_waiting(world: World) -> None:
    first, second = world.call(ask("a")), world.call(ask("b"))
    world.settle()
    world.channel.close()
    for connection in (first, second):
        assert "refused" in world.answer_to(connection)


def test_an_answer_may_come_between_other_reports(world: World) -> None:
    connection = world.call(ask("a"))
    world.settle()
    world.shim.answer(0, input="early")
    assert world.channel.send("ask", None) is not None  # its own answer is behind that one
    assert world.answer_to(connection)["input"] == "early"


def test_progress_is_published(world: World) -> None:
    assert world.answer_to(world.call({"progress": "half of it"})) == {"ok": True}
    (update,) = world.told
    assert update.entry is not None
    assert (update.entry["text"], update.entry["data"]) == ("half of it", {"progress": True})


def test_where_there_is_no_channel_nobody_is_to_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(SOCKET_VARIABLE, "/another/one")
    inquiries = ToolRequests(Channel(None), list)
    assert inquiries.file_descriptors() == []
    assert SOCKET_VARIABLE not in os.environ
    inquiries.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
SAID = st.fixed_dictionaries(
    {},
    optional={
        "ask": JSON | st.fixed_dictionaries({}, optional={"question": JSON, "choices": JSON}),
        "progress": JSON,
    },
)


@given(
    st.lists(
        SAID.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40), max_size=4
    )
)
def test_whatever_calls_it_is_answered_or_asked(calls: list[bytes]) -> None:
    world = World()
    world.shim.refuses = "not now"
    try:
        for call in calls:
            assert world.answer_to(world.call(call)).keys() <= {"ok", "refused"}
        assert all(
            question and isinstance(question["question"], str) for question in world.shim.asked
        )
    finally:
        world.close()


def test_where_no_socket_can_be_nothing_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SOCKET_VARIABLE, raising=False)
    monkeypatch.setattr(tool_socket, "_BASE_DIRECTORY", str(tmp_path / "none"))
    removed: list[str] = []
    monkeypatch.setattr(os, "unlink", removed.append)
    monkeypatch.setattr(os, "rmdir", removed.append)
    world = World()
    assert (world.path, world.inquiries.file_descriptors()) == ("", [world.channel.fileno()])
    world.close()
    assert removed == []


def test_a_reply_goes_to_the_shim_and_its_refusal_back() -> None:
    class Shimlike:
        is_open = True

        def __init__(self) -> None:
            self.told: list[tuple[str, Any]] = []

        def request(self, kind: str, content: Any) -> int:
            self.told.append((kind, content))
            if content["thread"] != 5:
                raise RequestRefused("there is no such thread")
            return 0

    shown: list[Update] = []
    channel: Any = Shimlike()
    inquiries = ToolRequests(channel, shown.extend)
    try:
        assert inquiries._reply(5, "Done.") is None
        assert inquiries._reply(6, "Done.") == "there is no such thread"
    finally:
        inquiries.close()
    assert channel.told == [
        ("reply", {"thread": 5, "text": "Done."}),
        ("reply", {"thread": 6, "text": "Done."}),
    ]
