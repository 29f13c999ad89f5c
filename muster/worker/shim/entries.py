"""What a stage's command may say of itself, made safe: bounded, of known kinds, and masked.

Standard library only.
"""

import json
from typing import Any, NamedTuple

from muster.worker.masking.masker import Masker
from muster.worker.masking.values import masked

KINDS = "message", "thought", "tool", "edit", "command", "question", "denied", "usage", "error"

_TITLE = 200  # characters
_TEXT = _DATA = 16 << 10  # bytes
_FACTS = 64 << 10
_QUESTION, _REPLY, _CHOICE = 10_000, 10_000, 200  # characters
_CHOICES = 20
_PATIENCE, _LONGEST_PATIENCE = 86_400.0, 7 * 86_400.0  # seconds for an answer


def entry_from(said: Any, masker: Masker) -> dict[str, Any]:
    """An entry of the transcript: kind, title, text, data. What is too long is cut, after it was
    masked, and `data.cut` says so. Raises ValueError for what is no entry."""
    if not isinstance(said, dict) or said.get("kind") not in KINDS:
        raise ValueError("no entry of a known kind")
    title, text, data = said.get("title", ""), said.get("text", ""), said.get("data", {})
    if not (isinstance(title, str) and isinstance(text, str) and isinstance(data, dict)):
        raise ValueError("an entry's title and text are strings, its data is an object")
    is_cut = data.get("cut") is True
    title, text, data = masked(masker, [title, text, data], is_cut=is_cut)
    kept = title[:_TITLE], text.encode()[:_TEXT].decode(errors="ignore")
    if kept != (title, text):
        data["cut"] = True
    if _size(data) > _DATA:
        data = {"cut": True}
    return {"kind": said["kind"], "title": kept[0], "text": kept[1], "data": data}


def with_facts(facts: dict[str, Any], said: Any, masker: Masker) -> dict[str, Any]:
    """The facts, and those that were said now in the place of earlier ones of the same name.

    Raises ValueError for what is no object, or too much.
    """
    if not isinstance(said, dict):
        raise ValueError("facts are an object")
    merged: dict[str, Any] = facts | masked(masker, said)
    if _size(merged) > _FACTS:
        raise ValueError("too many facts")
    return merged


def reply_from(said: Any, threads: list[int], masker: Masker) -> dict[str, Any]:
    """An entry of what is answered in one of these threads of a review; no other entry has
    `reply`. Raises ValueError for what is none, and for another thread."""
    if not isinstance(said, dict):
        raise ValueError("a reply is an object")
    thread, text = said.get("thread"), said.get("text")
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a reply has a text")
    if not isinstance(thread, int) or isinstance(thread, bool) or thread not in threads:
        raise ValueError("there is no such thread that you were told of")
    (text,) = masked(masker, [text])
    if len(text) > _REPLY:
        text = text[: _REPLY - 1] + "…"
    about = {"title": f"Reply in thread {thread}", "text": text, "data": {"reply": thread}}
    return {"kind": "message", **about, "reply": thread}


class Asked(NamedTuple):
    text: str
    choices: list[str]
    timeout: float


def question_from(said: Any, masker: Masker) -> Asked:
    """A question to a person. A day is waited for an answer unless it says otherwise (`timeout`,
    seconds). Raises ValueError for what is none, or offers too much to choose from."""
    if not isinstance(said, dict):
        raise ValueError("a question is an object")
    text, choices = said.get("question"), said.get("choices") or []
    if not isinstance(text, str) or not text.strip():
        raise ValueError("a question has a text")
    if not isinstance(choices, list) or not all(isinstance(each, str) for each in choices):
        raise ValueError("choices are a list of strings")
    timeout = said.get("timeout", _PATIENCE)
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 < timeout <= _LONGEST_PATIENCE:
        raise ValueError("a timeout is a number of seconds, of a week at most")
    text, choices = masked(masker, [text, choices])
    if len(choices) > _CHOICES or not all(0 < len(each) <= _CHOICE for each in choices):
        raise ValueError(f"there are up to {_CHOICES} choices of up to {_CHOICE} characters each")
    if len(text) > _QUESTION:
        text = text[: _QUESTION - 1] + "…"
    return Asked(text, list(dict.fromkeys(choices)), float(timeout))


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
