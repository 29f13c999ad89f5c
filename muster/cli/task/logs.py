"""A task's terminal log and its agent's transcript."""

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
    fields.TRANSCRIPT_ENTRY, id_field="number", empty_message="No transcript entries."
)
LINES = OutputSpec(fields.LOG_LINE, id_field="number")

_STYLES = {"question": "yellow", "denied": "red", "error": "red", "edit": "green"}


@click.command
@task_argument
@click.option("--attempt", type=int, help="Attempt (default: the latest).")
@click.option(
    "-n",
    "--tail",
    type=click.IntRange(min=1, max=1000),
    help="Number of lines to show, counted from the end.",
)
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the task ends.")
@click.option("--raw", is_flag=True, help="Print exact bytes, with all control sequences.")
@pass_muster
@outputs(LINES)
def logs(
    muster: Muster, number: int, attempt: int | None, tail: int | None, follow: bool, raw: bool
) -> tuple[Iterable[dict[str, Any]], Callable[[], None]]:
    """Show a task's terminal output.

    On a terminal, keeps colors and removes all other control sequences.
    """
    if follow and (attempt is not None or tail is not None):
        raise BadUsage(
            "--follow shows the latest attempt from its start: remove --attempt and --tail."
        )

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
    """Write the log so far; return how many bytes it has and how many are lost."""
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
    """Write the log after its first `size` bytes."""
    headers = {"Range": f"bytes={size}-"}
    path = task_path(number, "logs", "raw")
    with api.open("GET", path, {"attempt": attempt}, headers=headers, takes=(416,)) as answer:
        if answer.status_code == 206:  # else there are no more bytes
            for piece in answer.iter_bytes():
                writer.write(piece)


class _RawWriter:
    """Writes exact bytes."""

    def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        pass


class _LineWriter:
    """Writes complete lines without control sequences; colors stay on a terminal."""

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
        # A terminal doesn't show text that a carriage return overwrote, either.
        shown = line.rstrip("\r").rpartition("\r")[2]
        reset = (
            "\x1b[0m"
            if "\x1b" in shown and self._clean is text_format.sanitize_keeping_colors
            else ""
        )
        click.echo(self._clean(shown) + reset, color=True)


class _LogFollower:
    """Writes the latest attempt's log: the bytes so far, then those from the stream."""

    def __init__(self, api: Api, number: int, writer: _RawWriter | _LineWriter) -> None:
        self._api, self._number, self._writer = api, number, writer
        # An offset includes lost bytes; the log's size doesn't.
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
@click.option("--attempt", type=int, help="Attempt (default: the latest).")
@click.option(
    "-k", "--kind", metavar="A,B", help="Filter by kind: message, thought, tool, edit, command, …"
)
@click.option("--stage", "stage_index", type=int, help="Filter by stage, counted from 0.")
@click.option("--search", metavar="WORDS", help="Search titles and texts.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing until the task ends.")
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
    """Show what the agent said and did."""
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
    """Prints entries: the existing ones when a stream starts, then those it sends. What runs is
    printed again when it has ended.
    """

    def __init__(self, api: Api, number: int, of: Mapping[str, object]) -> None:
        self._api, self._number, self._filters = api, number, of
        self._last = (-1, -1)
        self._running: set[tuple[int, int]] = set()
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
            is_running = entry.get("state") == "running"
            if place > self._last:
                self._last = place
                self.count += 1
            elif place not in self._running or is_running:
                continue
            (self._running.add if is_running else self._running.discard)(place)
            _print_entry(entry)


def _print_entry(entry: Mapping[str, Any]) -> None:
    kind = str(entry.get("kind"))
    head = click.style(f"{kind:<9}", fg=_STYLES.get(kind, "blue"))
    clock = click.style(text_format.format_clock(entry.get("at")), dim=True)
    state = " (running)" if entry.get("state") == "running" else ""
    click.echo(f"{clock}  {head} {text_format.one_line(entry.get('title'))}{state}")
    for line in text_format.sanitize(entry.get("text")).splitlines():
        click.echo(f"            {line}")
