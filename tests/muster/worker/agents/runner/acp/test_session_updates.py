"""A session's updates, one by one."""

from typing import Any

from muster.worker.agents.runner.acp.session_updates import SessionUpdates
from muster.worker.agents.runner.acp.tools import new_output

LONG = "".join(f"line {number}\n" for number in range(100))


class Call:
    """A command's updates."""

    def __init__(self) -> None:
        self._session = SessionUpdates()

    def send(self, status: str, *texts: str, kind: str = "execute") -> list[tuple[str, bool]]:
        """Return the output that is passed on, and whether some before it is missing."""
        content = [{"type": "content", "content": {"type": "text", "text": text}} for text in texts]
        update: dict[str, Any] = {
            "sessionUpdate": "tool_call_update",
            "toolCallId": "c-1",
            "kind": kind,
            "title": "make",
            "status": status,
            "content": content,
        }
        sent = self._session.feed(update) or []
        return [(each.delta[1], each.is_cut) for each in sent if each.delta]


def test_a_running_command_s_output_is_passed_on_once() -> None:
    call = Call()
    assert call.send("in_progress") == []
    assert call.send("in_progress", "one\n") == [("one\n", False)]
    assert call.send("in_progress", "one\n") == []
    assert call.send("in_progress", "one\ntwo\n") == [("two\n", False)]
    assert call.send("completed", "one\ntwo\nthree\n") == []


def test_what_another_tool_shows_is_no_output() -> None:
    assert Call().send("in_progress", "one\n", kind="fetch") == []


def test_an_output_without_its_start_is_continued() -> None:
    assert new_output(LONG, LONG[50:] + "more") == ("more", False)
    assert new_output(LONG, "…\n" + LONG[200:] + "more") == ("more", False)


def test_an_output_that_does_not_continue_the_last_one_has_a_gap() -> None:
    assert new_output(LONG, "others") == ("others", True)
