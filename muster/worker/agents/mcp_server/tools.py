"""The tools for the agent, and the texts of their results.

Some agents show their model only tools that it finds by searching, so the descriptions include
likely search words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

ASK, PROGRESS, REPLY = "ask_human", "progress", "reply_comment"

MAX_CHOICES, MAX_CHOICE_CHARS = 20, 200  # characters
MAX_QUESTION_CHARS, MAX_PROGRESS_CHARS, MAX_REPLY_CHARS = 10_000, 2_000, 10_000

INSTRUCTIONS = (
    f"You can ask a person with the tool `{ASK}`. Use it when a person must decide, or when you "
    "need information that you cannot find; not for what you can decide or find out yourself. "
    f"Report your progress with `{PROGRESS}`, and answer the review comments that you were given "
    f"with `{REPLY}`."
)

TOOLS: list[dict[str, Any]] = [
    {
        "name": ASK,
        "title": "Ask a person",
        "description": (
            "Ask a human a question and wait for the answer. Asks the person (user, developer, "
            "maintainer, owner) who is responsible for this task, when you need a decision, "
            "approval, permission, confirmation, clarification, feedback, input or missing "
            "information. An answer may take hours; your time limit is paused meanwhile. The "
            "person sees only the question: include what they need to decide."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "description": "The full question, with the information needed to answer it.",
                    "minLength": 1,
                    "maxLength": MAX_QUESTION_CHARS,
                },
                "choices": {
                    "type": "array",
                    "description": (
                        "The possible answers, of which the person picks one. Without them, the "
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
        "title": "Report progress",
        "description": (
            "Report progress: in a sentence, tell the people who watch this task what is done, "
            "what comes next, or what you found out. A status update that gets no answer."
        ),
        "inputSchema": {
            "type": "object",
            "properties": {
                "text": {
                    "type": "string",
                    "description": "One or two sentences.",
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
        "title": "Reply to a review comment",
        "description": (
            "Reply to a comment (thread) of a code review that you were given, by its id: say "
            "what you changed, or why you didn't. One reply per thread is enough. The reviewers "
            "see it there; no one answers while you run."
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
    """There is no tool with that name."""


class BadArguments(Exception):
    """A tool was called with invalid arguments; the message says which."""


class ToolResult(NamedTuple):
    """The result of a call, as the model sees it."""

    text: str
    is_error: bool = False

    def to_mcp(self) -> dict[str, Any]:
        return {"content": [{"type": "text", "text": self.text}], "isError": self.is_error}


def parse_call(name: object, arguments: object) -> dict[str, Any]:
    """Return the runner's request for a call. Raises UnknownTool, BadArguments."""
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
    """Return the runner's answer as text."""
    match answer:
        case {"choice": str(text)} | {"input": str(text)}:
            return ToolResult(text)
        case {"ok": _}:
            return ToolResult("Sent.")
        case {"unsaid": str(why)}:
            return ToolResult(f"Not posted: {why}.", is_error=True)
        case {"refused": str(why)}:
            return ToolResult(f"No one was asked: {why}. {_DECIDE_ALONE_TEXT}", is_error=True)
    return ToolResult(f"No one answered in time. {_DECIDE_ALONE_TEXT}")


def unreachable_result() -> ToolResult:
    return ToolResult(f"You can't ask anyone here. {_DECIDE_ALONE_TEXT}", is_error=True)


_DECIDE_ALONE_TEXT = "Decide yourself if you can, and state at the end what you decided and why."


def _text_argument(given: dict[str, Any], name: str, longest: int) -> str:
    text = given.get(name)
    if not isinstance(text, str) or not text.strip():
        raise BadArguments(f"`{name}` must be text")
    if len(text) > longest:
        raise BadArguments(f"`{name}` can have at most {longest} characters, but has {len(text)}")
    return text


def _thread_argument(given: object) -> int:
    if not isinstance(given, int) or isinstance(given, bool) or not 0 < given < 1 << 62:
        raise BadArguments("`id` must be the id of a thread you were given")
    return given


def _choices_argument(given: object) -> list[str]:
    if given is None:
        return []
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise BadArguments("`choices` must be a list of strings")
    if len(given) > MAX_CHOICES or not all(each.strip() for each in given):
        raise BadArguments(f"`choices` can have at most {MAX_CHOICES} items, none of them empty")
    if any(len(each) > MAX_CHOICE_CHARS for each in given):
        raise BadArguments(f"each of `choices` can have at most {MAX_CHOICE_CHARS} characters")
    return given
