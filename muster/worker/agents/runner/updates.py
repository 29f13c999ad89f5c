"""What is told of what an agent says, of its failures and of its end."""

from __future__ import annotations

from muster.worker.agents.runner import blocks
from muster.worker.agents.runner.entries import Told, entry

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from typing import Any


def opening(agent: str, session: str, model: str = "") -> Told:
    shown = blocks.opening(agent, model, session)
    return Told(shown, facts={"session": session} if session else None)


def followed_up(title: str) -> Told:
    """What the agent's work is about now, which is somebody's follow-up."""
    return Told(blocks.heard(title), entry("message", title, "", followUp=True))


def message(text: str, **data: Any) -> list[Told]:
    """Nothing for a text that is empty."""
    said = Told(blocks.message(text), entry("message", text, text, **data))
    return [said] if text.strip() else []


def thought(text: str, **data: Any) -> list[Told]:
    said = Told(blocks.thought(text), entry("thought", text, text, **data))
    return [said] if text.strip() else []


def heard(text: str) -> list[Told]:
    """What was said to the agent: shown, and no entry."""
    return [Told(blocks.heard(text))] if text.strip() else []


def question(text: str, choices: list[str]) -> list[Told]:
    """What a person is asked."""
    made = entry("question", text, text, choices=choices)
    return [Told(blocks.question(text, choices), made)]


def progress(text: str) -> list[Told]:
    """How far the agent is, by its own word."""
    made = entry("message", text, text, progress=True)
    return [Told(blocks.progress(text), made)] if text.strip() else []


def replied(text: str) -> list[Told]:
    """What the agent answers in a review's thread: shown, for the shim has made an entry of it."""
    return [Told(blocks.progress(text))]


def note(text: str) -> list[Told]:
    """What the agent's program says of itself: shown, and no entry."""
    return [Told(blocks.note(text))] if text.strip() else []


def error(text: str, failure: dict[str, Any] | None = None, **data: Any) -> Told:
    """Something went wrong; `failure` is the fact, where it may be why the run fails."""
    made = entry("error", text, text, **data, failure=failure and failure["kind"])
    return Told(blocks.error(text), made, {"failure": failure} if failure else None)


def failing(failure: dict[str, Any]) -> Told:
    """Why it may fail, of which the words are shown already."""
    return Told(facts={"failure": failure})


def recovered() -> Told:
    """It went on after what seemed a failure."""
    return Told(facts={"failure": None})


def ending(
    usage: list[dict[str, Any]],
    turns: int | None,
    denied: int,
    *,
    is_of_session: bool = False,
    **facts: Any,
) -> Told:
    """The end of a run, and what it took; or what its whole conversation did, also before it."""
    told = spent(usage, is_of_session=is_of_session, turns=turns, denied=denied)
    told.facts = {"usage": usage, "denied": denied, **facts}
    if is_of_session:
        told.facts["isOfSession"] = True
    if turns is not None:
        told.facts["turns"] = turns
    return told


def spent(
    usage: list[dict[str, Any]],
    *,
    is_of_session: bool = False,
    turns: int | None = None,
    denied: int | None = None,
) -> Told:
    """What was used, where the facts are told by themselves."""
    title = blocks.spent(usage) or "usage unknown"
    if is_of_session:
        title += blocks.OF_SESSION
    of_it = is_of_session or None
    made = entry("usage", title, usage=usage, turns=turns, denied=denied, isOfSession=of_it)
    return Told(blocks.closing(usage, turns, denied, is_of_session=is_of_session), made)
