"""Commands that are one request each, made of a line that says so.

Most of what an API can do needs no more thought than its route, what that takes and how the answer
is shown. Whatever needs more is written out in a file of its own.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from muster.cli.context import Muster, pass_muster, server_id
from muster.cli.output import Printed, prints, say
from muster.cli.params import require_yes, typed_fields

_PARAMETER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Given:
    """What a command takes: `--option`, which is the `field` of the body or of the query.

    `kind` is click's type of it; `is_many`: it may be said several times, and is a list.
    """

    option: str
    help: str
    field: str = ""
    kind: Any = str
    is_needed: bool = False
    is_many: bool = False

    @property
    def name(self) -> str:
        return self.option.replace("-", "_")

    @property
    def said_as(self) -> str:
        first, *rest = self.option.split("-")
        return self.field or first + "".join(word.title() for word in rest)

    def declared(self) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        flag = f"--{self.option}/--no-{self.option}" if self.kind is bool else f"--{self.option}"
        more = {} if self.kind is bool else {"type": self.kind, "multiple": self.is_many}
        default = () if self.is_many else None
        return click.option(
            flag, self.name, help=self.help, required=self.is_needed, default=default, **more
        )


LIMIT = Given("limit", "How many at most; 0: all.", kind=click.IntRange(min=0))


def listing(
    name: str,
    path: str,
    line: str,
    how: Printed,
    *filters: Given,
    most: int = 50,
    **fixed: object,
) -> click.Command:
    """A command that prints a list, `most` of it by default; `fixed` is always asked for."""
    names = _PARAMETER.findall(path)

    def run(muster: Muster, limit: int | None, **said: Any) -> Iterable[dict[str, Any]]:
        where = filled(path, {parameter: said.pop(parameter) for parameter in names})
        query = {given.said_as: said[given.name] for given in filters}
        return muster.api.items(where, most if limit is None else limit, **query, **fixed)

    return _command(name, line, run, how, names, [*filters, LIMIT])


def act(
    name: str,
    route: str,
    line: str,
    how: Printed | None,
    *fields: Given,
    free: bool = False,
    question: str = "",
    done: str = "Done.",
    **fixed: object,
) -> click.Command:
    """A command that is one request with a body or, where it deletes, a query.

    `free`: other fields may be said as `-F name=value`. With a `question` it is asked first whether
    that is meant. `done` is said where nothing is printed; what is `fixed` is in the body.
    """
    method, _, path = route.partition(" ")
    names = _PARAMETER.findall(path)
    given = [*fields]

    def run(muster: Muster, **said: Any) -> Any:
        place = {parameter: said.pop(parameter) for parameter in names}
        if question and not said.pop("yes"):
            require_yes(question.format(**place))
        body = {field.said_as: _value(said[field.name]) for field in fields}
        body = {key: value for key, value in body.items() if value not in (None, [])} | fixed
        body |= typed_fields(said.get("others") or ())
        where = filled(path, place)
        match method:
            case "GET":
                answer = muster.api.get(where, **body)
            case "POST":
                answer = muster.api.post(where, body)
            case "PUT":
                answer = muster.api.put(where, body)
            case _:
                answer = muster.api.delete(where, **body)
        if how is None:
            say(done.format(**place))
            return None
        return answer.get("items", answer)

    extra: list[Callable[[Any], Any]] = []
    if free:
        extra.append(
            click.option("-F", "--field", "others", multiple=True, metavar="KEY=VALUE",
                         help="A field of the contract's by its name; JSON, or a text.")
        )  # fmt: skip
    if question:
        extra.append(click.option("-y", "--yes", is_flag=True, help="Do not ask."))
    return _command(name, line, run, how, names, given, extra)


def _command(
    name: str,
    line: str,
    run: Callable[..., Any],
    how: Printed | None,
    names: Sequence[str],
    given: Sequence[Given],
    extra: Sequence[Callable[[Any], Any]] = (),
) -> click.Command:
    body: Any = prints(how)(run) if how else run
    for option in [*extra, *(one.declared() for one in reversed(given))]:
        body = option(body)
    for parameter in reversed(names):
        body = click.argument(parameter, metavar=parameter.upper())(body)
    return click.command(name, help=line)(pass_muster(body))


def _value(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def filled(path: str, place: dict[str, Any]) -> str:
    """A route's path with these in the place of its parameters."""
    return _PARAMETER.sub(lambda found: server_id(place[found[1]]), path)


def group(name: str, line: str, commands: Iterable[click.Command]) -> click.Group:
    """A group of commands."""
    return click.Group(name, help=line, commands=list(commands))
