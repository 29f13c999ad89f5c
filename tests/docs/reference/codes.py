"""The sections on codes: of problems, fields and failures, why tasks wait, events, sockets."""

from collections import defaultdict
from typing import Any

from app.domain.field_errors import BY_TEMPLATE, placeholders
from app.domain.fleet_counters import MACHINE_CODES
from app.domain.scheduling import Reason
from app.domain.task import EventType, FailureCode
from app.errors import CODES
from muster.protocol import frames, terminal
from tests.docs.reference.field_types import Schema
from tests.docs.reference.markdown import (
    format_code,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import TEXTS, format_intro

PROBLEM = "application/problem+json"
NO_WEBSOCKET = {1002: "PROTOCOL_ERROR", 1007: "INVALID_DATA"}  # app/terminals/websocket.py


def render_problems(components: Schema) -> str:
    """Each status and code of the document's problems, and a method that a path doesn't have."""
    texts: dict[tuple[int, str], str] = {(405, CODES[405]): "The path doesn't have that method."}
    for response in components["responses"].values():
        for code, example in response["content"][PROBLEM]["examples"].items():
            texts.setdefault((example["value"]["status"], code), example["value"]["detail"])
    rows = [(str(status), f"`{code}`", text) for (status, code), text in sorted(texts.items())]
    return format_table(("status", "code", "text"), rows)


def render_field_errors() -> str:
    messages: dict[str, list[str]] = defaultdict(list)
    params: dict[str, list[str]] = {}
    for error in BY_TEMPLATE.values():
        messages[error.code].append(_format_message(error.template))
        params[error.code] = placeholders(error.template)
    rows = [
        (f"`{code}`", format_code(params[code]), " · ".join(dict.fromkeys(texts)))
        for code, texts in sorted(messages.items())
    ]
    return join_blocks(
        format_intro("field_errors"), format_table(("code", "params", "messages"), rows)
    )


def _format_message(template: str) -> str:
    """The template as people read it: formats and doubled braces are of the program."""
    names = placeholders(template)
    return template.format(**{name: _Placeholder(name) for name in names})


class _Placeholder(str):
    """A value's place in a message."""

    def __new__(cls, name: str) -> "_Placeholder":
        return super().__new__(cls, f"{{{name}}}")

    def __format__(self, spec: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def render_failures() -> str:
    found = {str(code): ["server"] for code in FailureCode}
    for code in MACHINE_CODES:
        found.setdefault(code, []).append("machine")
    rows = [
        (f"`{code}`", " ".join(who), TEXTS["failures"][code]) for code, who in sorted(found.items())
    ]
    return join_blocks(format_intro("failures"), format_table(("code", "set by", "cause"), rows))


def render_waits(schemas: dict[str, Any]) -> str:
    """Why machines can't take a task, what a task waits for, and what happens next."""
    blocked = [(f"`{reason}`", TEXTS["wait_rules"][reason]) for reason in Reason]
    wait = schemas["Wait"]["properties"]
    waits = [(f"`{word}`", TEXTS["waiting_for"][word]) for word in _words(wait["reason"])]
    actions = [(f"`{word}`", TEXTS["next_actions"][word]) for word in _words(wait["nextAction"])]
    return join_blocks(
        format_intro("wait_rules"),
        format_table(("reason", "the machine"), blocked),
        format_intro("waiting_for"),
        format_table(("reason", "the task waits for"), waits),
        format_table(("nextAction", "what happens"), actions),
    )


def _words(schema: Schema) -> list[str]:
    return [word for word in schema["enum"] if word is not None]


def render_events() -> str:
    events = TEXTS["events"]
    rows = [(f"`{kind}`", events[kind]["when"], events[kind]["data"]) for kind in EventType]
    return format_table(("type", "when", "`data`"), rows)


def render_close_codes() -> str:
    viewers = _constants(terminal.CloseCode) | NO_WEBSOCKET
    channel = _constants(frames.CloseCode)
    rows = [
        (str(code), _read_name(viewers.get(code)), _read_name(channel.get(code)))
        for code in sorted(viewers | channel)
    ]
    return join_blocks(
        format_intro("close_codes"), format_table(("code", "terminals", "control channel"), rows)
    )


def _read_name(constant: str | None) -> str:
    return (constant or "").replace("_", " ").lower()


def _constants(kind: type) -> dict[int, str]:
    return {value: name for name, value in vars(kind).items() if name.isupper()}
