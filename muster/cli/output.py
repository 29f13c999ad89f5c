"""What commands print: tables for people, JSON for scripts, ids for pipes."""

import errno
import functools
import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from muster.cli import raw_output, text_format
from muster.cli.errors import BadUsage

if TYPE_CHECKING:
    from rich.console import Console

Item = Mapping[str, Any]
_EXIT_STATUS_KEY = "muster.status"
COLUMN_GAP = 2  # between columns
MIN_WIDTH = 6  # of what does not, where there is no room
MIN_STRETCHED_WIDTH = 12  # of what stretches
LIST_FIELDS = "?"  # what a bare --json gives

_STYLES = {
    "running": "blue",
    "assigned": "blue",
    "queued": "default",
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


@dataclass(frozen=True)
class Column:
    """A column of a table: its heading, and an item's cell in it.

    `stretches`: it takes the room that is left, and is cut to that. `is_whole`: it is never
    cut, for people copy it. `may_go`: it is left out where there is no room.
    """

    title: str
    cell: Callable[[Item], object]
    stretches: bool = False
    is_number: bool = False
    is_whole: bool = False
    may_go: bool = False


@dataclass(frozen=True)
class OutputSpec:
    """How a command's items are printed. `fields` are all that --json can be asked for."""

    fields: tuple[str, ...]
    columns: tuple[Column, ...] = ()
    id_field: str = "id"
    empty_message: str = "There is nothing."


def column(title: str, path: str = "", **more: Any) -> Column:
    """A column of one field; dots lead into others. The field is by default as the heading is."""
    keys = (path or title.lower()).split(".")
    is_whole = title in ("ID", "KEY", "TOKEN")
    return Column(title, lambda item: get_path(item, keys), is_whole=is_whole, **more)


def age_column(title: str, field: str, *, may_go: bool = True) -> Column:
    """A column of how long ago something was."""

    def cell(item: Item) -> str:
        return text_format.format_age(item.get(field), datetime.now(UTC))

    return Column(title, cell, may_go=may_go)


def get_path(item: Any, keys: Sequence[str]) -> Any:
    """What lies at the end of that path; None where it leads nowhere."""
    for key in keys:
        item = item.get(key) if isinstance(item, Mapping) else None
    return item


def outputs(how: OutputSpec) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Have a command print what it returns: items, or one of them.

    It may return a second thing beside them: a function that shows them to people, for where a
    table is not how they are best shown.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--json",
            "fields",
            is_flag=False,
            flag_value=LIST_FIELDS,
            metavar="FIELDS",
            help="An array of objects with these fields (a,b,c). Alone: which there are.",
        )
        @click.option(
            "--jq", "program", metavar="EXPR", help="Put the JSON through this jq program."
        )
        @click.option("-q", "--quiet", is_flag=True, help="Ids alone, one a line.")
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
    """Have the command end so, once what it returns is printed."""
    click.get_current_context().meta[_EXIT_STATUS_KEY] = status


def _selected_fields(how: OutputSpec, fields: str | None, program: str | None) -> list[str] | None:
    """The fields that are asked for; None: it is no JSON. Raises BadUsage."""
    if fields is None and program is None:
        return None
    if fields in (None, LIST_FIELDS):
        return list(how.fields)
    chosen = [field.strip() for field in str(fields).split(",") if field.strip()]
    if unknown := [field for field in chosen if field not in how.fields]:
        raise BadUsage(
            f"no such field: {', '.join(unknown)}", advice=f"There are: {', '.join(how.fields)}"
        )
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


def run_jq(program: str, value: object) -> Iterable[str]:
    """What the program makes of it; texts are written as they are, as by `jq -r`, but on a terminal
    without what it would obey.
    """
    import jq

    try:
        found = jq.compile(program).input_value(value).all()
    except ValueError as error:
        raise BadUsage(f"jq: {error}") from error
    return [
        raw_output.sanitize_for_terminal(item) if isinstance(item, str) else format_json(item, None)
        for item in found
    ]


def to_json(value: object) -> str:
    """JSON in one line, with texts as they are."""
    return json.dumps(value, ensure_ascii=False)


def format_json(value: object, indent: int | None = 2) -> str:
    """JSON to be printed: on a terminal for people, who see as an escape what it would obey or be
    turned by; as it is in a pipe."""
    if not sys.stdout.isatty():
        return to_json(value)
    return text_format.escape_json(json.dumps(value, ensure_ascii=False, indent=indent))


# ---- for people ----------------------------------------------------------------------------------


def create_console(*, stderr: bool = False) -> "Console":
    """Where tables are drawn: as wide as the terminal, or as they like where there is none."""
    from rich.console import Console

    class Ours(Console):
        def on_broken_pipe(self) -> None:
            """As where a line is printed, and not the end of the process."""
            raise BrokenPipeError(errno.EPIPE, "who has read has enough")

    file = sys.stderr if stderr else sys.stdout
    width = None if file.isatty() or os.environ.get("COLUMNS") else 4096
    return Ours(file=file, width=width, highlight=False, soft_wrap=False, emoji=False, markup=False)


def print_table(
    columns: Sequence[Column], items: Iterable[Item], nothing: str, *, stderr: bool = False
) -> None:
    """A table with its headings; where there is nothing a sentence on stderr, so that pipes stay
    empty. `stderr`: of a table, too, that only goes before a question.
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
        drawn.add_row(*[Text(cell, _STYLES.get(cell.split(" ")[0], "")) for cell in cells])
    into.print(drawn)


def _cell_text(at: Column, item: Item) -> str:
    return text_format.one_line(_value_text(at.cell(item)))


def _fit_columns(
    columns: Sequence[Column], rows: Sequence[Item], room: int
) -> list[tuple[Column, int]]:
    """The columns that there is room for, and how wide each would like to be."""
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
    """How wide a table is at least, where only what stretches is cut."""
    needs = (min(need, MIN_STRETCHED_WIDTH) if at.stretches else need for at, need in shown)
    return sum(needs) + COLUMN_GAP * (len(shown) - 1)


def _value_text(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return text_format.join_limited(value)
    return value


def print_facts(pairs: Iterable[tuple[str, object]]) -> None:
    """What is known of one thing, a line each; what is empty is left out."""
    from rich.table import Table
    from rich.text import Text

    drawn = Table.grid(padding=(0, 2, 0, 0))
    drawn.add_column(style="dim", no_wrap=True)
    drawn.add_column(overflow="fold")
    for name, value in pairs:
        text = text_format.sanitize(_value_text(value))
        if text:
            drawn.add_row(name, Text(text, _STYLES.get(text.split(" ")[0], "")))
    create_console().print(drawn)


def info(text: str) -> None:
    """A sentence beside what is printed: on stderr, so that it is in nobody's pipe. Whatever a
    machine or a server has said in it speaks to people, not to their terminal.
    """
    click.echo(text_format.sanitize(text), err=True)
