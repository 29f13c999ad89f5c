"""The conversation with claude: when it gets messages, and what is known of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.worker.agents.runner import claude_session
from muster.worker.agents.runner.steering import STOP_SECONDS
from tests.muster.worker.agents.runner.steered import ClaudeTalk, entries

INIT = {"type": "system", "subtype": "init", "session_id": "s-1", "model": "m"}
DONE = {"type": "result", "subtype": "success", "is_error": False, "session_id": "s-1"}
STOPPED = {**DONE, "subtype": "error_during_execution", "is_error": True}
FAILED = {**DONE, "is_error": True, "result": "No.", "api_error_status": 401}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(claude_session, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


def test_without_messages_it_is_one_turn() -> None:
    talk = ClaudeTalk()
    assert talk.texts == ["Do A."]
    talk.feed(INIT)
    talk.echo()
    assert entries(talk.updates) == [], "the prompt is no news"
    talk.feed(DONE)
    assert talk.shim.requests[0] == ("idle", {})
    assert talk.process.ended_with == 0


def test_a_message_is_handed_over_at_once_and_received_with_its_repetition() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.write(4)
    assert talk.handed == [4]
    assert talk.texts[-1] == "Message from Ada:\n\nDo B."
    assert talk.receipts == []
    talk.echo()
    assert talk.receipts == [4]
    (entry,) = entries(talk.updates)
    assert entry["data"] == {"author": "Ada", "number": 4}
    talk.echo()
    assert talk.receipts == [4], "once"
    talk.feed(DONE)
    assert talk.process.ended_with == 0


def test_it_is_stored_as_handed_over_before_claude_gets_it() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.shim.refused = {"handed"}
    talk.write(4)
    assert talk.texts == ["Do A."], "it could not be stored"


def test_the_stage_does_not_end_before_an_unread_message_is_read() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.write(4)
    talk.feed(DONE)
    assert talk.process.ended_with is None
    assert talk.shim.of_kind("idle") == []
    talk.feed(INIT)
    talk.echo()
    talk.feed(DONE)
    assert (talk.receipts, talk.process.ended_with) == ([4], 0)


def test_the_stage_does_not_end_while_the_shim_has_a_message() -> None:
    talk = ClaudeTalk()
    talk.shim.waiting = 1
    talk.feed(INIT, DONE)
    assert talk.process.ended_with is None
    talk.shim.waiting = 0
    talk.write(4)
    assert talk.handed == [4]
    talk.feed(INIT)
    talk.echo()
    talk.feed(DONE)
    assert talk.process.ended_with == 0


def test_a_turn_that_does_not_start_is_given_up(clock: Callable[[float], None]) -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.write(4)
    talk.feed(DONE)
    clock(claude_session.START_SECONDS + 1)
    talk.flush()
    assert (talk.receipts, talk.process.ended_with) == ([], 0)


def test_the_first_turn_may_take_long_to_start(clock: Callable[[float], None]) -> None:
    talk = ClaudeTalk()
    clock(10 * claude_session.START_SECONDS)
    talk.flush()
    assert talk.process.ended_with is None


def test_an_urgent_message_stops_the_step_first() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.write(4, "Do B.")
    talk.write(5, "No, C.", "now")
    assert len(talk.controls) == 1
    assert talk.handed == [4]
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    assert talk.handed == [4, 5]
    assert talk.process.ended_with is None
    talk.feed(INIT)
    talk.echo(-1)
    talk.echo(-2)
    talk.feed(DONE)
    assert (talk.receipts, talk.process.ended_with) == ([5, 4], 0)
    assert not any("failure" in (each.facts or {}) for each in talk.updates), "no failure"


def test_an_interrupted_agent_asks_what_to_do() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.interrupt(7)
    talk.write(4)
    assert talk.shim.of_kind("ask") == []
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    question = {"question": "Stopped by Ada. What now?", "choices": [], "interrupt": 7}
    assert talk.shim.of_kind("ask") == [question]
    assert talk.handed == [], "messages wait for the answer"
    talk.answer(input="/clear")
    assert talk.texts[1] == "You were stopped by a person, who writes:\n\n/clear"
    assert talk.handed == [4]
    talk.feed(INIT)
    talk.echo(-1)
    talk.echo(-2)
    talk.feed(DONE)
    assert (talk.receipts, talk.process.ended_with) == ([4], 0)


@pytest.mark.parametrize("refused", [{"ask"}, set()])
def test_it_continues_if_nobody_answers(refused: set[str]) -> None:
    talk = ClaudeTalk()
    talk.shim.refused = refused
    talk.feed(INIT)
    talk.interrupt()
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    if not refused:
        talk.answer()
    assert talk.texts[1] == "You were stopped by a person. Continue with the task."


def test_another_interrupt_replaces_the_question() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.interrupt(1)
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    talk.interrupt(2)
    asked = [each and each["interrupt"] for each in talk.shim.of_kind("ask")]
    assert asked == [1, None, 2], "withdrawn in between"
    talk.answer(input="Do C.")
    assert len(talk.texts) == 2


def test_an_ignored_interrupt_is_reported_and_still_asks_later(
    clock: Callable[[float], None],
) -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.interrupt(7)
    talk.write(4, when="now")
    clock(STOP_SECONDS + 1)
    talk.flush()
    assert talk.shim.of_kind("ignored") == [{"number": 7}]
    assert talk.handed == [4], "it is handed over for the next step"
    assert len(talk.controls) == 1
    talk.echo()
    talk.feed(DONE)
    assert [each["interrupt"] for each in talk.shim.of_kind("ask")] == [7]


def test_a_turn_that_ends_before_the_interrupt_is_not_interrupted() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.interrupt(7)
    talk.feed(DONE)
    assert talk.shim.of_kind("ask") == [], "the interrupt is still on its way"
    talk.respond_to_interrupt()
    assert len(talk.shim.of_kind("ask")) == 1
    talk.answer(input="Do C.")
    talk.feed(INIT)
    talk.echo()
    talk.feed(STOPPED)
    assert talk.process.ended_with == 1, "that is a failure of its own"


def test_an_interrupt_waits_for_the_next_turn_to_start() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT)
    talk.write(4)
    talk.interrupt(7)
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    assert len(talk.controls) == 1, "claude starts a turn with the message by itself"
    talk.feed(INIT)
    assert len(talk.controls) == 2
    talk.echo()
    talk.respond_to_interrupt()
    talk.feed(STOPPED)
    assert (talk.receipts, len(talk.shim.of_kind("ask"))) == ([4], 1)


def test_a_failed_turn_ends_the_stage() -> None:
    talk = ClaudeTalk()
    talk.feed(INIT, FAILED)
    talk.write(4)
    assert (talk.handed, talk.process.ended_with) == ([], 1)


def test_a_resumed_session_repeats_its_history_without_effect() -> None:
    talk = ClaudeTalk()
    old = {"type": "user", "uuid": "x", "isReplay": True, "message": {"content": "Old."}}
    talk.feed(INIT, old)
    assert len(talk.updates) == 1


@settings(deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4), st.text(max_size=200), st.text(max_size=20))
def test_no_text_is_a_frame_of_its_own(texts: list[str], answer: str, author: str) -> None:
    """Whoever writes what: the input has one user frame for each, and our control requests."""
    talk = ClaudeTalk()
    talk.feed(INIT)
    for number, text in enumerate(texts):
        fields = {"number": number, "text": text, "author": author, "when": "next"}
        talk.send({"message": fields})
    talk.send({"interrupt": {"number": 1, "author": author}})
    talk.respond_to_interrupt()
    for at in range(len(texts)):
        talk.echo(at + 1)
    talk.feed(STOPPED)
    talk.answer(input=answer)
    frames = talk.process.frames
    assert [frame["type"] for frame in frames] == [
        "user",
        *("user" for _ in texts),
        "control_request",
        "user",
    ]
    assert [frame["request"] for frame in talk.controls] == [{"subtype": "interrupt"}]
    assert not any(text.startswith(("/", "!", "#")) for text in talk.texts)
    expected = [f"Message from {author}:\n\n{text}" for text in texts]
    assert talk.texts[1:-1] == [_as_utf8(text) for text in expected]


def _as_utf8(text: str) -> str:
    return text.encode(errors="surrogatepass").decode(errors="surrogatepass")
