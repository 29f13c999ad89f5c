"""What is told of what an agent says, of its failures and of its end."""

from __future__ import annotations

from muster.worker.agents.runner import blocks
from muster.worker.agents.runner.entries import Update, make_entry

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


def session_started(agent: str, session: str, model: str = "") -> Update:
    shown = blocks.header(agent, model, session)
    return Update(shown, facts={"session": session} if session else None)


def follow_up(title: str) -> Update:
    """What the agent's work is about now, which is somebody's follow-up."""
    return Update(blocks.user_message(title), make_entry("message", title, "", followUp=True))


def message(text: str, **data: Any) -> list[Update]:
    """Nothing for a text that is empty."""
    update = Update(blocks.message(text), make_entry("message", text, text, **data))
    return [update] if text.strip() else []


def thought(text: str, **data: Any) -> list[Update]:
    update = Update(blocks.thought(text), make_entry("thought", text, text, **data))
    return [update] if text.strip() else []


def user_message(text: str) -> list[Update]:
    """What was said to the agent: shown, and no entry."""
    return [Update(blocks.user_message(text))] if text.strip() else []


def question(text: str, choices: list[str]) -> list[Update]:
    """What a person is asked."""
    made = make_entry("question", text, text, choices=choices)
    return [Update(blocks.question(text, choices), made)]


def progress(text: str) -> list[Update]:
    """How far the agent is, by its own word."""
    made = make_entry("message", text, text, progress=True)
    return [Update(blocks.progress(text), made)] if text.strip() else []


def thread_reply(text: str) -> list[Update]:
    """What the agent answers in a review's thread: shown, for the shim has made an entry of it."""
    return [Update(blocks.progress(text))]


def note(text: str) -> list[Update]:
    """What the agent's program says of itself: shown, and no entry."""
    return [Update(blocks.note(text))] if text.strip() else []


def error(text: str, failure: dict[str, Any] | None = None, **data: Any) -> Update:
    """Something went wrong; `failure` is the fact, where it may be why the run fails."""
    made = make_entry("error", text, text, **data, failure=failure and failure["kind"])
    return Update(blocks.error(text), made, {"failure": failure} if failure else None)


def possible_failure(failure: dict[str, Any]) -> Update:
    """Why it may fail, of which the words are shown already."""
    return Update(facts={"failure": failure})


def recovery() -> Update:
    """It went on after what seemed a failure."""
    return Update(facts={"failure": None})


def run_finished(
    usage: list[dict[str, Any]],
    turns: int | None,
    denied: int,
    *,
    is_of_session: bool = False,
    **facts: Any,
) -> Update:
    """The end of a run, and what it took; or what its whole conversation did, also before it."""
    update = usage_update(usage, is_of_session=is_of_session, turns=turns, denied=denied)
    update.facts = {"usage": usage, "denied": denied, **facts}
    if is_of_session:
        update.facts["isOfSession"] = True
    if turns is not None:
        update.facts["turns"] = turns
    return update


def usage_update(
    usage: list[dict[str, Any]],
    *,
    is_of_session: bool = False,
    turns: int | None = None,
    denied: int | None = None,
) -> Update:
    """What was used, where the facts are told by themselves."""
    title = blocks.usage_summary(usage) or "usage unknown"
    if is_of_session:
        title += blocks.SESSION_TOTAL_SUFFIX
    of_it = is_of_session or None
    made = make_entry("usage", title, usage=usage, turns=turns, denied=denied, isOfSession=of_it)
    return Update(blocks.footer(usage, turns, denied, is_of_session=is_of_session), made)
