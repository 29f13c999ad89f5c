"""The output of commands: tables for people, JSON for scripts, IDs for pipes."""

import errno
import functools
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from muster.cli import text_format
from muster.cli.errors import BadUsage
from muster.cli.json_output import format_json, run_jq

if TYPE_CHECKING:
    from rich.console import Console

Item = Mapping[str, Any]
_EXIT_STATUS_KEY = "muster.status"
COLUMN_GAP = 2  # between columns
MIN_WIDTH = 6  # of a column that doesn't stretch, in a narrow terminal
MIN_STRETCHED_WIDTH = 12  # of a column that stretches
LIST_FIELDS = "?"  # the value of --json without fields

_STYLES = {
    "running": "blue",
    "assigned": "blue",
    "queued": "default",
    "needs you": "yellow",
    "suspended": "yellow",
    "completed": "green",
    "failed": "red",
    "cancelled": "dim",
    "online": "green",
    "offline": "red",
    "draining": "yellow",
    "drained": "yellow",
    "decommissioned": "dim",
    "dead": "red",
    "sent": "green",
}


def _style_of(text: str) -> str:
    """Return the style of a status, which may have a reason behind it: `needs you (budget)`."""
    return _STYLES.get(text.split(" (")[0]) or _STYLES.get(text.split(" ")[0], "")


@dataclass(frozen=True)
class Column:
    """A table column: its heading, and a function that returns an item's cell.

    `stretches`: it takes the remaining width, and is cut to it. `is_whole`: it's never cut, because
    people copy it. `may_go`: a narrow terminal omits it.
    """

    title: str
    cell: Callable[[Item], object]
    stretches: bool = False
    is_number: bool = False
    is_whole: bool = False
    may_go: bool = False


@dataclass(frozen=True)
class OutputSpec:
    """How to print a command's items. `fields` are all that --json accepts."""

    fields: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    id_field: str = "id"
    empty_message: str = "Nothing found."


def column(title: str, path: str = "", **more: Any) -> Column:
    """Return a column of one field (default: the heading's name); dots separate nested names."""
    keys = (path or title.lower()).split(".")
    is_whole = title in ("ID", "KEY", "TOKEN")
    return Column(title, lambda item: get_path(item, keys), is_whole=is_whole, **more)


def age_column(title: str, field: str, *, may_go: bool = True) -> Column:
    """Return a column with the age of a timestamp."""

    def cell(item: Item) -> str:
        return text_format.format_age(item.get(field), datetime.now(UTC))

    return Column(title, cell, may_go=may_go)


def get_path(item: Any, keys: Sequence[str]) -> Any:
    """Return the value at that path, or None if there's none."""
    for key in keys:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def outputs(how: OutputSpec) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Decorate a command to print what it returns: items, or a single one.

    The command can also return a pair of these and a function that prints them for people, if a
    table doesn't suit them.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--json",
            "fields",
            is_flag=False,
            flag_value=LIST_FIELDS,
            metavar="FIELDS",
            help="Print these fields (a,b,c) as a JSON array; without a value, list the fields.",
        )
        @click.option(
            "--jq", "program", metavar="EXPR", help="Filter the JSON through this jq program."
        )
        @click.option("-q", "--quiet", is_flag=True, help="Print only IDs, one per line.")
        @functools.wraps(command)
        def printing(
            *args: Any, fields: str | None, program: str | None, quiet: bool, **kwargs: Any
        ) -> None:
            if fields == LIST_FIELDS and not program:
                click.echo("\n".join(how.fields))
                return
            chosen = _selected_fields(how, fields, program)
            result = command(*args, **kwargs)
            printer = None
            if isinstance(result, tuple):
                result, printer = result
            if result is None:
                return
            status = click.get_current_context().meta.get(_EXIT_STATUS_KEY, 0)
            if chosen is not None:
                _print_json(how, result, chosen, program)
            elif quiet:
                for item in _as_items(result):
                    click.echo(text_format.one_line(item.get(how.id_field)))
            elif printer is not None:
                printer()
            else:
                print_table(how.columns, _as_items(result), how.empty_message)
            if status:
                click.get_current_context().exit(status)

        printing.printed = how  # type: ignore[attr-defined]
        return printing

    return decorate


def set_exit_status(status: int) -> None:
    """Set the exit status to use after the command's result is printed."""
    click.get_current_context().meta[_EXIT_STATUS_KEY] = status


def _selected_fields(how: OutputSpec, fields: str | None, program: str | None) -> list[str] | None:
    """Return the requested fields, or None if the output isn't JSON. Raises BadUsage."""
    if fields is None and program is None:
        return None
    if fields in (None, LIST_FIELDS):
        return list(how.fields)
    chosen = [field.strip() for field in str(fields).split(",") if field.strip()]
    if unknown := [field for field in chosen if field not in how.fields]:
        from muster.cli.suggestions import with_suggestion

        text = with_suggestion(f"Unknown field: {', '.join(unknown)}.", unknown, how.fields)
        raise BadUsage(text, advice=f"Fields: {', '.join(how.fields)}")
    return chosen


def _as_items(result: Any) -> Iterable[Item]:
    return [result] if isinstance(result, Mapping) else result


def _print_json(how: OutputSpec, result: Any, chosen: Sequence[str], program: str | None) -> None:
    items = [{field: item.get(field) for field in chosen} for item in _as_items(result)]
    if program is None:
        click.echo(format_json(items))
        return
    for line in run_jq(program, items):
        click.echo(line)


# ---- for people ----------------------------------------------------------------------------------


def create_console(*, stderr: bool = False) -> "Console":
    """Return a console as wide as the terminal, or unlimited if there's none."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """Raise as a plain print does, instead of exiting the process."""
            raise BrokenPipeError(errno.EPIPE, "the reader closed the pipe")

    file = sys.stderr if stderr else sys.stdout
    width = None if file.isatty() or os.environ.get("COLUMNS") else 4096
    return Ours(file=file, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def print_table(
    columns: Sequence[Column], items: Iterable[Item], nothing: str, *, stderr: bool = False
) -> None:
    """Print a table; without items print `nothing` to stderr, so that pipes stay empty.

    `stderr`: print the table there too, for one that precedes a confirmation.
    """
    from rich.table import Table
    from rich.text import Text

    rows = list(items)
    if not rows:
        click.echo(nothing, err=True)
        return
    into = create_console(stderr=stderr)
    shown = _fit_columns(columns, rows, into.width)
    drawn = Table(box=None, pad_edge=False, header_style="bold", padding=(0, COLUMN_GAP, 0, 0))
    left = (
        into.width
        - sum(need for at, need in shown if not at.stretches)
        - COLUMN_GAP * (len(shown) - 1)
    )
    for at, need in shown:
        drawn.add_column(
            at.title,
            no_wrap=True,
            overflow="ellipsis",
            min_width=need if at.is_whole else min(need, MIN_WIDTH),
            max_width=max(min(need, left), MIN_STRETCHED_WIDTH) if at.stretches else None,
            justify="right" if at.is_number else "left",
        )
    for row in rows:
        cells = [_cell_text(at, row) for at, _ in shown]
        drawn.add_row(*[Text(cell, _style_of(cell)) for cell in cells])
    into.print(drawn)


def _cell_text(at: Column, item: Item) -> str:
    return text_format.one_line(_value_text(at.cell(item)))


def _fit_columns(
    columns: Sequence[Column], rows: Sequence[Item], room: int
) -> list[tuple[Column, int]]:
    """Return the columns that fit, each with its preferred width."""
    from rich.cells import cell_len

    shown = [
        (at, max(cell_len(at.title), *(cell_len(_cell_text(at, row)) for row in rows)))
        for at in columns
    ]
    while _min_table_width(shown) > room:
        droppable = [place for place, (at, _) in enumerate(shown) if at.may_go]
        if not droppable:
            break
        del shown[droppable[-1]]
    return shown


def _min_table_width(shown: Sequence[tuple[Column, int]]) -> int:
    """Return a table's minimum width if only stretching columns are cut."""
    needs = (min(need, MIN_STRETCHED_WIDTH) if at.stretches else need for at, need in shown)
    return sum(needs) + COLUMN_GAP * (len(shown) - 1)


def _value_text(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return text_format.join_limited(value)
    return value


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """Print an item's facts, one per line, without the empty ones."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        text = text_format.sanitize(_value_text(value))
        if text:
            drawn.add_row(name, Text(text, _style_of(text)))
    create_console().print(drawn)


def report_action(text: str) -> None:
    """Print what a command did, as one line on stderr: every acting command does so once."""
    click.echo(text_format.one_line(text), err=True)


def info(text: str) -> None:
    """Print a message to stderr, so that pipes don't get it.

    It's sanitized, because it may quote a machine or a server.
    """
    click.echo(text_format.sanitize(text), err=True)
