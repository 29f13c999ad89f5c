"""Server-Sent Events: a stream's lines as events, and a stream that goes on after a cut."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple


class Event(NamedTuple):
    """What a stream says: its name, its data as JSON has it, and the id to come back with."""

    name: str
    data: Any
    id: str


def events(lines: Iterable[str]) -> Iterator[Event]:
    """The events that these lines say. Half a one at the end is none; comments are left out."""
    name, data, last = "message", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Event(name, _json("\n".join(data)), last)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id":
                last = value


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
