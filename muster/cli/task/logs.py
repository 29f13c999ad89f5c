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
from muster.cli.output import OutputSpec, info, outputs
from muster.cli.params import task_argument, task_path
from muster.cli.sse import Event
from muster.cli.task.follow import iterate_when_ended, wait_until_settled

ENTRIES = OutputSpec(
    fields.TRANSCRIPT_ENTRY, id_field="number", empty_message="The agent has told nothing."
)
LINES = OutputSpec(fields.LOG_LINE, id_field="number")

_STYLES = {"question": "yellow", "denied": "red", "error": "red", "edit": "green"}


@click.command
@task_argument
@click.option("--attempt", type=int, help="By default the latest.")
@click.option("-n", "--tail", type=click.IntRange(min=1, max=1000), help="The last lines alone.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more comes, until the task ends.")
@click.option("--raw", is_flag=True, help="The exact bytes, with all that moves a terminal.")
@pass_muster
@outputs(LINES)
def logs(
    muster: Muster, number: int, attempt: int | None, tail: int | None, follow: bool, raw: bool
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """What the terminal of a task has shown.

    On a terminal its colours are kept, and nothing else that a terminal would obey.
    """
    if follow and (attempt is not None or tail is not None):
        raise BadUsage("--follow is of the latest attempt, from its beginning")

    def show() -> None:
        writer = _RawWriter() if raw else _LineWriter()
        if tail is not None:
            for line in _log_lines(muster.api, number, attempt, tail):
                writer.write(f"{line['text']}\n".encode())
        elif follow:
            wait_until_settled(
                muster.api, number, _LogFollower(muster.api, number, writer), past_questions=True
            )
        else:
            _write_log(muster.api, number, attempt, writer)
        writer.finish()

    found = _log_lines(muster.api, number, attempt, tail)
    return iterate_when_ended(muster.api, number, found) if follow else found, show


def _log_lines(
    api: Api, number: int, attempt: int | None, tail: int | None
) -> Iterator[dict[str, Any]]:
    offset: int | None = -tail if tail else 0
    while offset is not None:
        page = api.get(
            task_path(number, "logs"), attempt=attempt, limit=tail or 1000, offset=offset or None
        )
        yield from page.get("items") or []
        offset = None if tail else page.get("nextOffset")


def _write_log(
    api: Api, number: int, attempt: int | None, writer: "_RawWriter | _LineWriter"
) -> tuple[int, int]:
    """Write the log so far: how many bytes it has, and how many are lost in it."""
    size, lost = 0, 0
    with api.open("GET", task_path(number, "logs", "raw"), {"attempt": attempt}) as answer:
        for piece in answer.iter_bytes():
            writer.write(piece)
            size += len(piece)
        for gap in answer.headers.get("X-Log-Gaps", "").split(","):
            start, _, end = gap.strip().partition("-")
            lost += int(end) - int(start) if end else 0
    return size, lost


def _write_rest(
    api: Api, number: int, attempt: int, size: int, writer: "_RawWriter | _LineWriter"
) -> None:
    """Write what the log has behind its first `size` bytes."""
    headers = {"Range": f"bytes={size}-"}
    path = task_path(number, "logs", "raw")
    with api.open("GET", path, {"attempt": attempt}, headers=headers, takes=(416,)) as answer:
        if answer.status_code == 206:  # else there is nothing behind them
            for piece in answer.iter_bytes():
                writer.write(piece)


class _RawWriter:
    """Writes bytes as they are."""

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        pass


class _LineWriter:
    """Writes whole lines, without what would move the terminal."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._partial_line = ""
        self._clean = (
            text_format.sanitize_keeping_colors if sys.stdout.isatty() else text_format.sanitize
        )

    def write(self, data: bytes) -> None:
        *whole, self._partial_line = (self._partial_line + self._decoder.decode(data)).split("\n")
        for line in whole:
            self._print(line)

    def finish(self) -> None:
        if self._partial_line:
            self._print(self._partial_line)

    def _print(self, line: str) -> None:
        # What a carriage return has drawn over is not seen on a terminal either.
        shown = line.rstrip("\r").rpartition("\r")[2]
        reset = (
            "\x1b[0m"
            if "\x1b" in shown and self._clean is text_format.sanitize_keeping_colors
            else ""
        )
        click.echo(self._clean(shown) + reset, color=True)


class _LogFollower:
    """Writes the latest attempt's log as the stream brings it, behind what there was before."""

    def __init__(self, api: Api, number: int, writer: _RawWriter | _LineWriter) -> None:
        self._api, self._number, self._writer = api, number, writer
        # An offset counts lost bytes too, the log's size does not.
        self._attempt, self._offset, self._lost_bytes = 0, 0, 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" if self._offset == 0:
                attempts = [int(attempt) for attempt in event.data.get("logs") or {}]
                if attempts:
                    self._attempt = max(attempts)
                    size, self._lost_bytes = _write_log(
                        self._api, self._number, self._attempt, self._writer
                    )
                    self._offset = size + self._lost_bytes
            case "log":
                self._write_chunk(event.data)
            case "settled" if self._attempt:
                size = self._offset - self._lost_bytes
                _write_rest(self._api, self._number, self._attempt, size, self._writer)

    def _write_chunk(self, piece: Mapping[str, Any]) -> None:
        if piece["attempt"] > self._attempt:
            self._attempt, self._offset, self._lost_bytes = piece["attempt"], 0, 0
        data = base64.b64decode(piece["data"])
        end = piece["offset"] + len(data)
        if piece["attempt"] < self._attempt or end <= self._offset:
            return
        self._lost_bytes += max(piece["offset"] - self._offset, 0)
        self._writer.write(data[max(self._offset - piece["offset"], 0) :])
        self._offset = end


@click.command
@task_argument
@click.option("--attempt", type=int, help="By default the latest.")
@click.option("-k", "--kind", metavar="A,B", help="message, thought, tool, edit, command, …")
@click.option("--stage", "stage_index", type=int, help="Of that stage, counted from 0.")
@click.option("--search", metavar="WORDS", help="In title or text.")
@click.option("-f", "--follow", is_flag=True, help="Go on as more comes, until the task ends.")
@pass_muster
@outputs(ENTRIES)
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
    found = muster.api.items(task_path(number, "transcript"), 0, **of)

    def show() -> None:
        teller = _EntryPrinter(muster.api, number, of)
        if follow:
            wait_until_settled(muster.api, number, teller, past_questions=True)
        else:
            teller.print_entries(found)
        if not teller.count:
            info(ENTRIES.empty_message)

    return iterate_when_ended(muster.api, number, found) if follow else found, show


class _EntryPrinter:
    """Shows entries: those that there are when a stream begins, and then those that it brings."""

    def __init__(self, api: Api, number: int, of: Mapping[str, object]) -> None:
        self._api, self._number, self._filters = api, number, of
        self._last = (-1, -1)
        self.count = 0

    def __call__(self, event: Event) -> None:
        match event.name:
            case "hello" | "reset" | "settled":
                self.print_entries(
                    self._api.items(task_path(self._number, "transcript"), 0, **self._filters)
                )
            case "transcript":
                self.print_entries(event.data)

    def print_entries(self, entries: Iterable[Mapping[str, Any]]) -> None:
        for entry in entries:
            place = (entry["attempt"], entry["number"])
            if place > self._last:
                self._last = place
                self.count += 1
                _print_entry(entry)


def _print_entry(entry: Mapping[str, Any]) -> None:
    kind = str(entry.get("kind"))
    head = click.style(f"{kind:<9}", fg=_STYLES.get(kind, "blue"))
    clock = click.style(text_format.format_clock(entry.get("at")), dim=True)
    click.echo(f"{clock}  {head} {text_format.one_line(entry.get('title'))}")
    for line in text_format.sanitize(entry.get("text")).splitlines():
        click.echo(f"            {line}")
