"""Negative answers by a chat command. Rejecting a gate ends the task: it asks first."""

from collections.abc import Sequence

from app.chat.messages import REJECT_EFFECT, reject_title
from app.domain.errors import Conflict
from app.domain.pipeline import GateKind

_CONFIRMED = "reject and end"


def confirmed_result(task_id: int, kind: GateKind, text: str) -> str:
    """Return the answer that the text gives. Raises Conflict, with what to write instead, for a
    rejection that isn't confirmed.
    """
    if kind is not GateKind.CONFIRM:
        return text
    if text.lower() == "reject":
        question = f"{reject_title(task_id)} {REJECT_EFFECT}"
        raise Conflict(f"{question}\nTo reject it, write: confirm #{task_id} {_CONFIRMED}")
    return "reject" if text.lower() == _CONFIRMED else text


def split_reason(kind: GateKind, choices: Sequence[str], text: str) -> tuple[str, str | None]:
    """Return the answer, as the gate offers it, and the reason that may follow a permission
    request's `deny`.
    """
    answer, _, reason = text.partition(" ")
    if kind is GateKind.PERMISSION and answer.lower() == "deny":
        return "deny", reason.strip() or None
    return next((choice for choice in choices if choice.lower() == text.lower()), text), None
