"""Create the updates for an agent's messages, failures and exit."""

from __future__ import annotations

from muster.worker.agents.runner import blocks
from muster.worker.agents.runner.entries import Update, make_entry

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


_PERMISSION_TEXTS = {
    "allow_once": "Allowed once",
    "allow_for_task": "Allowed for this task",
    "deny": "Denied",
}


def session_started(agent: str, session: str, model: str = "") -> Update:
    shown = blocks.header(agent, model, session)
    return Update(shown, facts={"session": session} if session else None)


def opening(what: dict[str, Any]) -> list[Update]:
    """What the prompt brings that is new: `followUp`, the title of a follow-up, or the `message` of
    a person.
    """
    if "followUp" in what:
        title = what["followUp"]
        return [Update(blocks.user_message(title), make_entry("message", title, followUp=True))]
    return delivered_message(**what["message"])


def message(text: str, **data: Any) -> list[Update]:
    """A message; nothing for an empty text."""
    update = Update(blocks.message(text), make_entry("message", text, text, **data))
    return [update] if text.strip() else []


def delivered_message(text: str, author: str, number: int) -> list[Update]:
    """A person's message that the agent has read."""
    made = make_entry("message", text, text, author=author, number=number)
    return [Update(blocks.user_message(f"{author}: {text}" if author else text), made)]


def thought(text: str, **data: Any) -> list[Update]:
    update = Update(blocks.thought(text), make_entry("thought", text, text, **data))
    return [update] if text.strip() else []


def user_message(text: str) -> list[Update]:
    """The message to the agent: shown, without an entry."""
    return [Update(blocks.user_message(text))] if text.strip() else []


def question(text: str, choices: list[str]) -> list[Update]:
    """A question to people."""
    made = make_entry("question", text, text, choices=choices)
    return [Update(blocks.question(text, choices), made)]


def permission_answer(answer: dict[str, Any]) -> list[Update]:
    """What people have decided about a permission request: shown, without an entry."""
    shown = _PERMISSION_TEXTS.get(str(answer.get("permission")), "Denied: nobody has answered")
    comment = answer.get("comment")
    return user_message(f"{shown}: {comment}" if isinstance(comment, str) and comment else shown)


def progress(text: str) -> list[Update]:
    """The agent's progress report."""
    made = make_entry("message", text, text, progress=True)
    return [Update(blocks.progress(text), made)] if text.strip() else []


def thread_reply(text: str) -> list[Update]:
    """The agent's reply in a review thread: shown, and the shim has created its entry."""
    return [Update(blocks.progress(text))]


def note(text: str) -> list[Update]:
    """A note of the agent's program about itself: shown, without an entry."""
    return [Update(blocks.note(text))] if text.strip() else []


def error(text: str, failure: dict[str, Any] | None = None, **data: Any) -> Update:
    """An error; `failure` is the fact, if the run may fail because of it."""
    made = make_entry("error", text, text, **data, failure=failure and failure["kind"])
    return Update(blocks.error(text), made, {"failure": failure} if failure else None)


def possible_failure(failure: dict[str, Any]) -> Update:
    """A possible reason for a failure, whose text is already shown."""
    return Update(facts={"failure": failure})


def recovery() -> Update:
    """The run continued after an apparent failure."""
    return Update(facts={"failure": None})


def run_finished(
    usage: list[dict[str, Any]],
    turns: int | None,
    denied: int,
    *,
    is_of_session: bool = False,
    **facts: Any,
) -> Update:
    """The end of a run, and its usage; or that of the whole session, including earlier runs."""
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
    """The usage, if the facts are published separately."""
    title = blocks.usage_summary(usage) or "usage unknown"
    if is_of_session:
        title += blocks.SESSION_TOTAL_SUFFIX
    of_it = is_of_session or None
    made = make_entry("usage", title, usage=usage, turns=turns, denied=denied, isOfSession=of_it)
    return Update(blocks.footer(usage, turns, denied, is_of_session=is_of_session), made)
