"""Permission requests: what agents want to do, and the answers that hold for a whole task.

A request is stored as the API has it: {tool, title, arguments, folder, diff|null, suggestion|null}.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from app.domain import field_errors
from app.domain.errors import InvalidFields
from app.domain.sanitize import make_printable

MAX_PER_STAGE = 200
"""Maximum permission requests in one stage, per round. Beyond it, the task fails."""
MAX_RULES = 200
"""Maximum actions that a task allows without asking; the oldest ones are asked again."""
MAX_TEXT = 16_384
"""Maximum characters of a request's arguments, and of its diff."""
MAX_ALLOWED_TOOLS = 64
_MAX_TOOL, _MAX_TITLE, _MAX_FOLDER = 100, 200, 4_096
_MAX_SUGGESTION = 199  # a longer one may be truncated, and then allow more than it seems to

_SUGGESTION = re.compile(r"[A-Za-z][A-Za-z0-9_-]*(?:\([^()\n]+\))?")
"""A tool, perhaps with a pattern. Anything else could be more than one rule on a command line."""

Request = Mapping[str, Any]


class PermissionResult(StrEnum):
    """The answers to a permission request."""

    ALLOW_ONCE = "allow_once"
    ALLOW_FOR_TASK = "allow_for_task"
    DENY = "deny"


def build_request(
    *, tool: str, title: str, arguments: str, folder: str, diff: str | None, suggestion: str | None
) -> dict[str, Any]:
    """Return the request as it's stored, from a machine's report."""
    return {
        "tool": _clean(tool, _MAX_TOOL),
        "title": _clean(title, _MAX_TITLE),
        "arguments": _clean(arguments, MAX_TEXT),
        "folder": _clean(folder, _MAX_FOLDER),
        "diff": None if diff is None else _clean(diff, MAX_TEXT),
        "suggestion": suggestion if is_valid_suggestion(suggestion) else None,
    }


def is_valid_suggestion(suggestion: str | None) -> bool:
    """Whether it's one rule that people can read, so that they can decide about it."""
    return (
        suggestion is not None
        and len(suggestion) <= _MAX_SUGGESTION
        and _SUGGESTION.fullmatch(suggestion) is not None
        and make_printable(suggestion) == suggestion
    )


def prompt_text(request: Request) -> str:
    """Return the request as a question on one line, without the arguments."""
    return make_printable(f"The agent wants to do this ({request['tool']}): {request['title']}")


def task_rule(request: Request) -> dict[str, str] | None:
    """Return the rule for *Allow for this task*: what the agent suggests, else exactly the same
    action. None if the action isn't known exactly, because it was truncated.
    """
    if request["suggestion"] is not None:
        return {"tool": request["tool"], "suggestion": request["suggestion"]}
    limits = {"arguments": MAX_TEXT, "diff": MAX_TEXT, "title": _MAX_TITLE, "folder": _MAX_FOLDER}
    texts = {name: request[name] or "" for name in limits}
    # Machines mark what they truncate, too.
    if any(len(text) >= limits[name] or text.endswith("…") for name, text in texts.items()):
        return None
    exact = [request[name] for name in ("tool", "title", "arguments", "folder", "diff")]
    digest = hashlib.sha256(json.dumps(exact).encode(errors="surrogatepass")).hexdigest()
    return {"tool": request["tool"], "action": digest}


def is_allowed(request: Request, rules: Iterable[Mapping[str, str]]) -> bool:
    """Whether people have allowed this for the whole task."""
    rule = task_rule(request)
    return rule is not None and rule in rules


def add_rule(rules: Sequence[dict[str, str]], request: Request) -> list[dict[str, str]]:
    """Return the task's rules with the request's."""
    rule = task_rule(request)
    if rule is None or rule in rules:
        return list(rules)
    return [*rules, rule][-MAX_RULES:]


def add_allowed_tool(options: Mapping[str, Any] | None, suggestion: str) -> dict[str, Any]:
    """Return a project's agent options with the agent's suggestion. Raises InvalidFields."""
    tools = list((options or {}).get("allowedTools") or [])
    if suggestion in tools:
        return dict(options or {})
    if len(tools) >= MAX_ALLOWED_TOOLS:
        error = field_errors.TOO_MANY_TOOLS(max=MAX_ALLOWED_TOOLS)
        raise InvalidFields({"always": [error]})
    return {**(options or {}), "allowedTools": [*tools, suggestion]}


def _clean(text: str, most: int) -> str:
    return text.replace("\0", "�")[:most]
