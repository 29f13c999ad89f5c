"""Commands that send one request each, built from a declaration.

Most routes need only a path, options and an output format. A command that needs more has its own
file.
"""

import re
from collections import ChainMap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from muster.cli.context import Muster, pass_muster, quote_segment
from muster.cli.output import OutputSpec, outputs, report_action
from muster.cli.params import parse_fields, require_yes

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Option:
    """A command's `--flag` for a `field` of the body or query.

    `kind` is click's type. `is_repeatable`: it can be given several times and becomes a list.
    """

    flag: str
    help: str
    field: str = ""
    kind: Any = str
    is_required: bool = False
    is_repeatable: bool = False

    @property
    def name(self) -> str:
        return self.flag.replace("-", "_")

    @property
    def field_name(self) -> str:
        first, *rest = self.flag.split("-")
        return self.field or first + "".join(word.title() for word in rest)

    def click_option(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        flag = f"--{self.flag}/--no-{self.flag}" if self.kind is bool else f"--{self.flag}"
        more = {} if self.kind is bool else {"type": self.kind, "multiple": self.is_repeatable}
        default = () if self.is_repeatable else None
        return click.option(
            flag, self.name, help=self.help, required=self.is_required, default=default, **more
        )


LIMIT_OPTION = Option("limit", "Maximum results; 0 for all.", kind=click.IntRange(min=0))


def list_command(
    name: str,
    path: str,
    line: str,
    how: OutputSpec,
    *filters: Option,
    most: int = 50,
    **fixed: object,
) -> click.Command:
    """Return a command that prints a list, by default `most` items; `fixed` is always queried."""
    names = _PARAMETER.findall(path)

    def run(muster: Muster, limit: int | None, **values: Any) -> Iterable[dict[str, Any]]:
        where = fill_path(path, {parameter: values.pop(parameter) for parameter in names})
        query = {option.field_name: values[option.name] for option in filters}
        return muster.api.items(where, most if limit is None else limit, **query, **fixed)

    return _command(name, line, run, how, names, [*filters, LIMIT_OPTION])


def action_command(
    name: str,
    route: str,
    line: str,
    how: OutputSpec | None,
    *fields: Option,
    free: bool = False,
    question: str = "",
    done: str = "",
    is_shown: bool = False,
    **fixed: object,
) -> click.Command:
    """Return a command that sends one request with a body, or for GET and DELETE a query.

    `free`: it accepts other fields as `-F name=value`. With a `question`, it asks for confirmation
    first. `fixed` is always in the body.

    It reports `done`, with parameters, options and the answer's fields; people see its output only
    if it `is_shown`.
    """
    method, _, path = route.partition(" ")
    names = _PARAMETER.findall(path)
    options = [*fields]

    def run(muster: Muster, **values: Any) -> Any:
        place = {parameter: values.pop(parameter) for parameter in names}
        if question and not values.pop("yes"):
            require_yes(question.format(**place))
        body = {field.field_name: _json_value(values[field.name]) for field in fields}
        body = {key: value for key, value in body.items() if value not in (None, [])} | fixed
        body |= parse_fields(values.get("others") or ())
        where = fill_path(path, place)
        match method:
            case "GET":
                answer = muster.api.get(where, **body)
            case "POST":
                answer = muster.api.post(where, body)
            case "PUT":
                answer = muster.api.put(where, body)
            case _:
                answer = muster.api.delete(where, **body)
        if done:
            report_action(done.format_map(_Fields(place, values, answer or {})))
        if how is None:
            return None
        result = answer.get("items", answer)
        return result if is_shown or not done else (result, lambda: None)

    extra: list[Callable[[Any], Any]] = []
    if free:
        extra.append(
            click.option("-F", "--field", "others", multiple=True, metavar="KEY=VALUE",
                         help="Set an API field (JSON or text).")
        )  # fmt: skip
    if question:
        extra.append(click.option("-y", "--yes", is_flag=True, help="Skip confirmation."))
    return _command(name, line, run, how, names, options, extra)


def _command(
    name: str,
    line: str,
    run: Callable[..., Any],
    how: OutputSpec | None,
    names: Sequence[str],
    given: Sequence[Option],
    extra: Sequence[Callable[[Any], Any]] = (),
) -> click.Command:
    body: Any = outputs(how)(run) if how else run
    for option in [*extra, *(one.click_option() for one in reversed(given))]:
        body = option(body)
    for parameter in reversed(names):
        body = click.argument(parameter, metavar=parameter.upper())(body)
    return click.command(name, help=line)(pass_muster(body))


class _Fields(ChainMap[str, Any]):
    """The values for a report, without an error for one that an older server omits."""

    def __missing__(self, key: str) -> str:
        return ""


def _json_value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def fill_path(path: str, place: dict[str, Any]) -> str:
    """Fill in a route's path parameters."""
    return _PARAMETER.sub(lambda found: quote_segment(place[found[1]]), path)


def group(name: str, line: str, commands: Iterable[click.Command]) -> click.Group:
    """Return a group of commands."""
    return click.Group(name, help=line, commands=list(commands))
