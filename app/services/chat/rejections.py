"""Negative answers by a chat command. Rejecting a gate ends the task: it asks first."""

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


def split_denial(kind: GateKind, text: str) -> tuple[str, str | None]:
    """Return the answer to a permission request, and the reason that may follow `deny`."""
    answer, _, reason = text.partition(" ")
    if kind is GateKind.PERMISSION and answer.lower() == "deny":
        return "deny", reason.strip() or None
    return text, None
