"""Make the messages of a stage's command safe: bounded, of known kinds, and masked.

Standard library only.
"""

import json
from typing import Any, NamedTuple

from muster.worker.masking.masker import Masker
from muster.worker.masking.values import mask_value
from muster.worker.shim.permission_requests import parse_permission

KINDS = "message", "thought", "tool", "edit", "command", "question", "denied", "usage", "error"

STATES = "running", "done", "failed", "denied", "stopped"

_MAX_TITLE_CHARS = 200  # characters
_MAX_TEXT_BYTES = _MAX_DATA_BYTES = 16 << 10  # bytes
_MAX_FACTS_BYTES = 64 << 10
_MAX_QUESTION_CHARS, _MAX_REPLY_CHARS, _MAX_CHOICE_CHARS = 10_000, 10_000, 200  # characters
_MAX_CHOICES = 20
_ANSWER_TIMEOUT_SECONDS, _MAX_ANSWER_TIMEOUT_SECONDS = (
    86_400.0,
    7 * 86_400.0,
)  # seconds for an answer


def parse_entry(raw_entry: Any, masker: Masker) -> dict[str, Any]:
    """Return an entry of the transcript: kind, title, text, data, and its state if it has one. Long
    values are truncated after masking, and `data.cut` marks that. Raises ValueError for an invalid
    entry."""
    if not isinstance(raw_entry, dict) or raw_entry.get("kind") not in KINDS:
        raise ValueError("the entry's kind is unknown")
    state = raw_entry.get("state")
    if state not in (None, *STATES):
        raise ValueError("the entry's state is unknown")
    title, text, data = (
        raw_entry.get("title", ""),
        raw_entry.get("text", ""),
        raw_entry.get("data", {}),
    )
    if not (isinstance(title, str) and isinstance(text, str) and isinstance(data, dict)):
        raise ValueError("an entry's title and text must be strings, its data an object")
    is_cut = data.get("cut") is True
    title, text, data = mask_value(masker, [title, text, data], is_cut=is_cut)
    truncated = title[:_MAX_TITLE_CHARS], text.encode()[:_MAX_TEXT_BYTES].decode(errors="ignore")
    if truncated != (title, text):
        data["cut"] = True
    if _json_bytes(data) > _MAX_DATA_BYTES:
        data = {"cut": True}
    entry = {"kind": raw_entry["kind"], "title": truncated[0], "text": truncated[1], "data": data}
    return entry if state is None else {**entry, "state": state}


def merge_facts(facts: dict[str, Any], new_facts: Any, masker: Masker) -> dict[str, Any]:
    """Return the facts with the new ones in place of earlier ones of the same name.

    Raises ValueError if they aren't an object, or are too many.
    """
    if not isinstance(new_facts, dict):
        raise ValueError("facts must be an object")
    merged: dict[str, Any] = facts | mask_value(masker, new_facts)
    if _json_bytes(merged) > _MAX_FACTS_BYTES:
        raise ValueError("too many facts")
    return merged


def parse_reply(reply: Any, threads: list[int], masker: Masker) -> dict[str, Any]:
    """Return an entry for a reply in one of these review threads; no other entry has `reply`.
    Raises ValueError for an invalid reply, and for another thread."""
    if not isinstance(reply, dict):
        raise ValueError("a reply must be an object")
    thread, text = reply.get("thread"), reply.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a reply needs a text")
    if not isinstance(thread, int) or isinstance(thread, bool) or thread not in threads:
        raise ValueError("you were given no such thread")
    (text,) = mask_value(masker, [text])
    if len(text) > _MAX_REPLY_CHARS:
        text = text[: _MAX_REPLY_CHARS - 1] + "…"
    about = {"title": f"Reply in thread {thread}", "text": text, "data": {"reply": thread}}
    return {"kind": "message", **about, "reply": thread}


class QuestionRequest(NamedTuple):
    text: str
    choices: list[str]
    timeout: float
    interrupt: int | None = None
    permission: dict[str, Any] | None = None


def parse_question(request: Any, masker: Masker) -> QuestionRequest:
    """Return a question to a person. It waits a day for an answer by default (`timeout`, seconds).
    A permission request needs no text. Raises ValueError for an invalid question, and for too many
    choices."""
    if not isinstance(request, dict):
        raise ValueError("a question must be an object")
    permission = request.get("permission")
    if permission is not None:
        permission = parse_permission(permission, masker)
        request = {**request, "question": permission["title"], "choices": []}
    text, choices = request.get("question"), request.get("choices") or []
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a question needs a text")
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        raise ValueError("choices must be a list of strings")
    timeout = request.get("timeout", _ANSWER_TIMEOUT_SECONDS)
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout <= _MAX_ANSWER_TIMEOUT_SECONDS:
        raise ValueError("a timeout must be a number of seconds, at most a week")
    text, choices = mask_value(masker, [text, choices])
    if len(choices) > _MAX_CHOICES or not all(
        0 < len(each) <= _MAX_CHOICE_CHARS for each in choices
    ):
        raise ValueError(
            f"a question can have up to {_MAX_CHOICES} choices of up to "
            f"{_MAX_CHOICE_CHARS} characters each"
        )
    if len(text) > _MAX_QUESTION_CHARS:
        text = text[: _MAX_QUESTION_CHARS - 1] + "…"
    interrupt = request.get("interrupt")
    if interrupt is not None and (not isinstance(interrupt, int) or isinstance(interrupt, bool)):
        raise ValueError("an interrupt must be a number")
    return QuestionRequest(
        text, list(dict.fromkeys(choices)), float(timeout), interrupt, permission
    )


def _json_bytes(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
