"""Server-Sent Events: split a stream's bytes into lines, and parse lines into events."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from muster.cli.errors import CliError


class Event(NamedTuple):
    """An event of a stream: its name, its decoded JSON data, and the ID to resume after."""

    name: str
    data: Any
    id: str


HEARTBEAT = Event("beat", None, "")


def split_lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield a stream's complete lines. Only newlines end one, as Server-Sent Events define it:
    text can contain other separators that `str.splitlines` would split at.
    """
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            yield line.removesuffix(b"\r").decode("utf-8", "replace")


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """Yield the complete events in these lines. A comment is a `HEARTBEAT`: the server is alive.

    Raises CliError if the data isn't JSON, because a retry would return the same.
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
        raise CliError(f"The server's stream sent invalid JSON: {error}") from error
