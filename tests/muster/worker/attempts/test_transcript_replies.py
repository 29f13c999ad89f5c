"""An agent's replies in review threads reach the server once, whatever dies in between."""

from typing import cast

import msgspec
import pytest

from muster.protocol.frames import StageFinished, ThreadReplied, Transcript
from muster.worker.attempts.transcript import TranscriptReporter
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.attempts.test_transcript import Speak, numbered, speak
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "speak", "worker"]

REPLY = 'assert "ok" in ask({"reply": {"thread": 5, "text": "Done."}})\n'


def replied(worker: WorkerHome) -> list[tuple[int, int, str]]:
    replies = cast(list[ThreadReplied], worker.server.bodies(ThreadReplied))
    return [(reply.number, reply.thread, reply.text) for reply in replies]


def test_a_reply_is_reported_with_its_thread_and_is_in_the_transcript(
    worker: WorkerHome, speak: Speak
) -> None:
    worker.start()
    speak(REPLY + 'ask({"reply": {"thread": 6, "text": "Why?"}})', threads=[5, 6])
    worker.server.wait_for_report(StageFinished)
    assert replied(worker) == [(0, 5, "Done."), (1, 6, "Why?")]
    assert [text for *_, text in numbered(worker)] == ["Done.", "Why?"]
    bodies = worker.server.bodies()
    order = [type(body) for body in bodies if isinstance(body, ThreadReplied | StageFinished)]
    assert order == [ThreadReplied, ThreadReplied, StageFinished]


def test_what_is_no_reply_in_a_thread_of_its_own_is_refused(
    worker: WorkerHome, speak: Speak
) -> None:
    worker.start()
    speak(
        """
replies = [
    {"thread": 7, "text": "x"},
    {"thread": True, "text": "x"},
    {"thread": "5", "text": "x"},
    {"thread": 5, "text": "  "},
    {"thread": 5},
    5,
]
assert [reply for reply in replies if "error" not in ask({"reply": reply})] == []
""",
        threads=[5],
    )
    end = worker.server.wait_for_report(StageFinished)
    assert (end.how, end.code) == ("exit", 0)
    assert replied(worker) == []


def test_an_entry_that_claims_to_be_a_reply_is_none(worker: WorkerHome, speak: Speak) -> None:
    worker.start()
    entry = {"kind": "message", "text": "x", "data": {"reply": 5}, "reply": 5}
    speak(f'ask({{"entry": {entry!r}}})', threads=[5])
    worker.server.wait_for_report(StageFinished)
    assert replied(worker) == []


def test_a_daemon_that_dies_between_the_reply_and_its_entry_does_not_tell_it_again(
    worker: WorkerHome, speak: Speak, monkeypatch: pytest.MonkeyPatch
) -> None:
    say, failed = TranscriptReporter._report_batch, []

    def dies(self: TranscriptReporter, batch: Transcript, replies: list[ThreadReplied]) -> None:
        if replies and not failed:
            failed.append(True)
            say(self, msgspec.structs.replace(batch, entries=[]), replies)
            raise OSError("killed")
        say(self, batch, replies)

    monkeypatch.setattr(TranscriptReporter, "_report_batch", dies)
    worker.start()
    speak(REPLY, threads=[5])
    worker.server.wait_for_report(StageFinished)
    assert failed
    assert replied(worker) == [(0, 5, "Done.")]
    assert [text for *_, text in numbered(worker)] == ["Done."]


def test_so_many_replies_and_no_more(worker: WorkerHome, speak: Speak) -> None:
    worker.start()
    act = """
answers = [ask({"reply": {"thread": 5, "text": "x"}}) for _ in range(101)]
assert all("ok" in answer for answer in answers[:100])
assert "too many" in answers[100]["error"]
"""
    speak(act, threads=[5])
    end = worker.server.wait_for_report(StageFinished)
    assert (end.how, end.code) == ("exit", 0)
    assert len(replied(worker)) == 100
