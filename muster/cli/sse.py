"""Server-Sent Events: a stream's bytes as lines, and its lines as events."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from muster.cli.errors import CliError


class Event(NamedTuple):
    """What a stream says: its name, its data as JSON has it, and the id to come back with."""

    name: str
    data: Any
    id: str


HEARTBEAT = Event("beat", None, "")


def split_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """The whole lines of a stream. They end where Server-Sent Events have them end: texts within
    may have what Unicode, and `str.splitlines`, take for the end of a line.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """The events that these lines say. Half a one at the end is none. A comment is `BEAT`: the
    server has nothing to say, and is there.

    Raises Trouble where the data is no JSON, which it would be again if it were asked for again.
    """
    name, data, last = "message", list[str](), ""
    for line in lines:
        if not line:
            if data:
                yield Event(name, _parse_json("\n".join(data)), last)
            name, data = "message", []
            continue
        if line.startswith(":"):
            yield HEARTBEAT
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


def _parse_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CliError(f"The server's stream says what is no JSON: {error}") from error
