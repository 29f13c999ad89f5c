"""The tools that an agent is offered, and in which words it hears what came of a call.

Some agents show their model only those tools of a server that a search by words finds: so the
descriptions hold the words by which one looks for them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ASK, PROGRESS, REPLY = "ask_human", "progress", "reply_comment"

MAX_CHOICES, MAX_CHOICE_CHARS = 20, 200  # characters
MAX_QUESTION_CHARS, MAX_PROGRESS_CHARS, MAX_REPLY_CHARS = 10_000, 2_000, 10_000

INSTRUCTIONS = (
    f"A person can be asked with the tool `{ASK}`. Use it where a decision is theirs to make, or "
    "something that you need is missing and cannot be found out; not for what you can decide or "
    f"find out by yourself. `{PROGRESS}` tells them how far you are, and `{REPLY}` answers the "
    "comments of a review that you were told of."
)

TOOLS: list[dict[str, Any]] = [
    {
        "name": ASK,
        "title": "Ask a person",
        "description": (
            "Ask a human a question and wait for the answer. Asks the person (user, developer, "
            "maintainer, owner) who is responsible for this task, when you need a decision, "
            "approval, permission, confirmation, clarification, feedback, input or missing "
            "information. It may take hours until somebody answers; your time limit stands still "
            "meanwhile. The person sees the question alone: give them what they need to decide."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "description": "The question, in full, with what is needed to answer it.",
                    "minLength": 1,
                    "maxLength": MAX_QUESTION_CHARS,
                },
                "choices": {
                    "type": "array",
                    "description": (
                        "The possible answers, of which the person picks one. Without them the "
                        "answer is any text."
                    ),
                    "items": {"type": "string", "minLength": 1, "maxLength": MAX_CHOICE_CHARS},
                    "maxItems": MAX_CHOICES,
                },
            },
            "required": ["question"],
            "additionalProperties": False,
        },
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": True,
        },
    },
    {
        "name": PROGRESS,
        "title": "Tell of progress",
        "description": (
            "Report progress: tell the people who watch this task in a sentence what is done, what "
            "comes next, or what has turned out. A status update; nobody answers it."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "text": {
                    "type": "string",
                    "description": "A sentence or two.",
                    "minLength": 1,
                    "maxLength": MAX_PROGRESS_CHARS,
                }
            },
            "required": ["text"],
            "additionalProperties": False,
        },
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": False,
        },
    },
    {
        "name": REPLY,
        "title": "Reply to a review's comment",
        "description": (
            "Reply to a comment (thread) of a code review that you were told of, by its id: say "
            "what you have changed, or why you have not. One reply a thread is enough. The people "
            "who have reviewed see it there; nobody answers while you run."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "description": "The thread's id.", "minimum": 1},
                "text": {
                    "type": "string",
                    "description": "The reply.",
                    "minLength": 1,
                    "maxLength": MAX_REPLY_CHARS,
                },
            },
            "required": ["id", "text"],
            "additionalProperties": False,
        },
        "annotations": {
            "readOnlyHint": True,
            "destructiveHint": False,
            "idempotentHint": False,
            "openWorldHint": False,
        },
    },
]


class UnknownTool(Exception):
    """There is no tool of that name."""


class BadArguments(Exception):
    """A tool was called with what it does not take; says what."""


class ToolResult(NamedTuple):
    """What the model is told a call has come to."""

    text: str
    is_error: bool = False

    def to_mcp(self) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": self.text}], "isError": self.is_error}


def parse_call(name: object, arguments: object) -> dict[str, Any]:
    """What the narrator is asked for a call. Raises UnknownTool, BadArguments."""
    given = arguments if isinstance(arguments, dict) else {}
    match name:
        case "ask_human":
            text = _text_argument(given, "question", MAX_QUESTION_CHARS)
            return {"ask": {"question": text, "choices": _choices_argument(given.get("choices"))}}
        case "progress":
            return {"progress": _text_argument(given, "text", MAX_PROGRESS_CHARS)}
        case "reply_comment":
            text = _text_argument(given, "text", MAX_REPLY_CHARS)
            return {"reply": {"thread": _thread_argument(given.get("id")), "text": text}}
    raise UnknownTool(f"unknown tool: {name!r:.100}")


def answer_result(answer: dict[str, Any]) -> ToolResult:
    """The narrator's answer in words."""
    match answer:
        case {"choice": str(text)} | {"input": str(text)}:
            return ToolResult(text)
        case {"ok": _}:
            return ToolResult("Told.")
        case {"unsaid": str(why)}:
            return ToolResult(f"It was not posted: {why}.", is_error=True)
        case {"refused": str(why)}:
            return ToolResult(f"Nobody was asked: {why}. {_DECIDE_ALONE_TEXT}", is_error=True)
    return ToolResult(f"Nobody has answered in time. {_DECIDE_ALONE_TEXT}")


def unreachable_result() -> ToolResult:
    return ToolResult(f"Nobody can be asked here. {_DECIDE_ALONE_TEXT}", is_error=True)


_DECIDE_ALONE_TEXT = (
    "Decide by yourself if you can, and say in the end what you have decided and why."
)


def _text_argument(given: dict[str, Any], name: str, longest: int) -> str:
    text = given.get(name)
    if not isinstance(text, str) or not text.strip():
        raise BadArguments(f"`{name}` has to be a text")
    if len(text) > longest:
        raise BadArguments(f"`{name}` may have {longest} characters, and has {len(text)}")
    return text


def _thread_argument(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 < given < 1 << 62:
        raise BadArguments("`id` has to be the id of a thread that you were told of")
    return given


def _choices_argument(given: object) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise BadArguments("`choices` has to be a list of texts")
    if len(given) > MAX_CHOICES or not all(each.strip() for each in given):
        raise BadArguments(f"`choices` may be {MAX_CHOICES}, none of them empty")
    if any(len(each) > MAX_CHOICE_CHARS for each in given):
        raise BadArguments(f"each of `choices` may have {MAX_CHOICE_CHARS} characters")
    return given
