"""What a task's terminal has shown, and what its agent has told."""

import base64
import codecs
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import click

from muster.cli import fields, text_format
from muster.cli.client import Api
from muster.cli.context import Muster, pass_muster
from muster.cli.errors import BadUsage
from muster.cli.output import Printed, prints, say
from muster.cli.params import a_task, path_of
from muster.cli.sse import Event
from muster.cli.task.follow import at_its_end, until_settled

ENTRIES = Printed(fields.TRANSCRIPT_ENTRY, id="number", nothing="The agent has told nothing.")
LINES = Printed(fields.LOG_LINE, id="number")

_STYLES = {"question": "yellow", "denied": "red", "error": "red", "edit": "green"}


@click.command
@a_task
@click.option("--attempt", type=int, help="By default the latest.")
@click.option("-n", "--tail", type=click.IntRange(min=1, max=1000), help="The last lines alone.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more comes, until the task ends.")
@click.option("--raw", is_flag=True, help="The exact bytes, with all that moves a terminal.")
@pass_muster
@prints(LINES)
def logs(
    muster: Muster, number: int, attempt: int | None, tail: int | None, follow: bool, raw: bool
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """What the terminal of a task has shown.

    On a terminal its colours are kept, and nothing else that a terminal would obey.
    """
    if follow and (attempt is not None or tail is not None):
        raise BadUsage("--follow is of the latest attempt, from its beginning")

    def show() -> None:
        writer = _Raw() if raw else _Lines()
        if tail is not None:
            for line in _lines(muster.api, number, attempt, tail):
                writer.write(f"{line['text']}\n".encode())
        elif follow:
            until_settled(
                muster.api, number, _Tail(muster.api, number, writer), past_questions=True
            )
        else:
            _whole(muster.api, number, attempt, writer)
        writer.end()

    found = _lines(muster.api, number, attempt, tail)
    return at_its_end(muster.api, number, found) if follow else found, show


def _lines(
    api: Api, number: int, attempt: int | None, tail: int | None
) -> Iterator[dict[str, Any]]:
    offset: int | None = -tail if tail else 0
    while offset is not None:
        page = api.get(
            path_of(number, "logs"), attempt=attempt, limit=tail or 1000, offset=offset or None
        )
        yield from page.get("items") or []
        offset = None if tail else page.get("nextOffset")


def _whole(api: Api, number: int, attempt: int | None, writer: "_Raw | _Lines") -> tuple[int, int]:
    """Write the log so far: how many bytes it has, and how many are lost in it."""
    size, lost = 0, 0
    with api.open("GET", path_of(number, "logs", "raw"), {"attempt": attempt}) as answer:
        for piece in answer.iter_bytes():
            writer.write(piece)
            size += len(piece)
        for gap in answer.headers.get("X-Log-Gaps", "").split(","):
            start, _, end = gap.strip().partition("-")
            lost += int(end) - int(start) if end else 0
    return size, lost


def _rest(api: Api, number: int, attempt: int, size: int, writer: "_Raw | _Lines") -> None:
    """Write what the log has behind its first `size` bytes."""
    headers = {"Range": f"bytes={size}-"}
    path = path_of(number, "logs", "raw")
    with api.open("GET", path, {"attempt": attempt}, headers=headers, takes=(416,)) as answer:
        if answer.status_code == 206:  # else there is nothing behind them
            for piece in answer.iter_bytes():
                writer.write(piece)


class _Raw:
    """Writes bytes as they are."""

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def end(self) -> None:
        pass


class _Lines:
    """Writes whole lines, without what would move the terminal."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._half = ""
        self._clean = text_format.coloured if sys.stdout.isatty() else text_format.plain

    def write(self, data: bytes) -> None:
        *whole, self._half = (self._half + self._decoder.decode(data)).split("\n")
        for line in whole:
            self._print(line)

    def end(self) -> None:
        if self._half:
            self._print(self._half)

    def _print(self, line: str) -> None:
        # What a carriage return has drawn over is not seen on a terminal either.
        shown = line.rstrip("\r").rpartition("\r")[2]
        reset = "\x1b[0m" if "\x1b" in shown and self._clean is text_format.coloured else ""
        click.echo(self._clean(shown) + reset, color=True)


class _Tail:
    """Writes the latest attempt's log as the stream brings it, behind what there was before."""

    def __init__(self, api: Api, number: int, writer: _Raw | _Lines) -> None:
        self._api, self._number, self._writer = api, number, writer
        # An offset counts lost bytes too, the log's size does not.
        self._attempt, self._place, self._lost = 0, 0, 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" if self._place == 0:
                attempts = [int(attempt) for attempt in event.data.get("logs") or {}]
                if attempts:
                    self._attempt = max(attempts)
                    size, self._lost = _whole(self._api, self._number, self._attempt, self._writer)
                    self._place = size + self._lost
            case "log":
                self._add(event.data)
            case "settled" if self._attempt:
                size = self._place - self._lost
                _rest(self._api, self._number, self._attempt, size, self._writer)

    def _add(self, piece: Mapping[str, Any]) -> None:
        if piece["attempt"] > self._attempt:
            self._attempt, self._place, self._lost = piece["attempt"], 0, 0
        data = base64.b64decode(piece["data"])
        end = piece["offset"] + len(data)
        if piece["attempt"] < self._attempt or end <= self._place:
            return
        self._lost += max(piece["offset"] - self._place, 0)
        self._writer.write(data[max(self._place - piece["offset"], 0) :])
        self._place = end


@click.command
@a_task
@click.option("--attempt", type=int, help="By default the latest.")
@click.option("-k", "--kind", metavar="A,B", help="message, thought, tool, edit, command, …")
@click.option("--stage", "stage_index", type=int, help="Of that stage, counted from 0.")
@click.option("--search", metavar="WORDS", help="In title or text.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more comes, until the task ends.")
@pass_muster
@prints(ENTRIES)
def transcript(
    muster: Muster,
    number: int,
    attempt: int | None,
    kind: str | None,
    stage_index: int | None,
    search: str | None,
    follow: bool,
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """What the agent has said and done."""
    of = {"attempt": attempt, "kind": kind, "stageIndex": stage_index, "q": search}
    found = muster.api.items(path_of(number, "transcript"), 0, **of)

    def show() -> None:
        teller = _Entries(muster.api, number, of)
        if follow:
            until_settled(muster.api, number, teller, past_questions=True)
        else:
            teller.say(found)
        if not teller.count:
            say(ENTRIES.nothing)

    return at_its_end(muster.api, number, found) if follow else found, show


class _Entries:
    """Shows entries: those that there are when a stream begins, and then those that it brings."""

    def __init__(self, api: Api, number: int, of: Mapping[str, object]) -> None:
        self._api, self._number, self._of = api, number, of
        self._last = (-1, -1)
        self.count = 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" | "settled":
                self.say(self._api.items(path_of(self._number, "transcript"), 0, **self._of))
            case "transcript":
                self.say(event.data)

    def say(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            place = (entry["attempt"], entry["number"])
            if place > self._last:
                self._last = place
                self.count += 1
                _entry(entry)


def _entry(entry: Mapping[str, Any]) -> None:
    kind = str(entry.get("kind"))
    head = click.style(f"{kind:<9}", fg=_STYLES.get(kind, "blue"))
    clock = click.style(text_format.clock(entry.get("at")), dim=True)
    click.echo(f"{clock}  {head} {text_format.one_line(entry.get('title'))}")
    for line in text_format.plain(entry.get("text")).splitlines():
        click.echo(f"            {line}")
