"""What is said to commands: which task, and texts of one's own."""

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

import click

from muster.cli.errors import BadUsage, CliError
from muster.cli.profiles import is_same_origin

_TASK = re.compile(r"(?:(?P<page>https?://\S+/tasks/)|#)?(?P<number>\d{1,18})")
_EDITOR_HINT = "\n\n<!-- {} Save and close; empty gives up. This line is left out. -->\n"


class TaskNumber(click.ParamType[int]):
    """A task: `7`, `#7`, or the address of its page at the server that is asked."""

    name = "task"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _TASK.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} is no task: say its number, like 7", param, ctx)
        if found["page"] and ctx is not None:
            self._require_same_server(found["page"], param, ctx)
        return int(found["number"])

    def _require_same_server(
        self, page: str, param: click.Parameter | None, ctx: click.Context
    ) -> None:
        from muster.cli.context import Muster

        muster = ctx.find_object(Muster)
        server = muster.profile.server if muster else ""
        if server and not is_same_origin(page, server):
            self.fail(f"that is a task of another server than {server}: see --server", param, ctx)


TASK = TaskNumber()

task_argument = click.argument("number", metavar="TASK", type=TASK)


def task_path(number: int, *more: object) -> str:
    """Where a task is in the API, or something of it."""
    from muster.cli.context import quote_segment

    return "/".join([f"/api/web/tasks/{number}", *map(quote_segment, more)])


def read_text(given: str | None, what: str) -> str:
    """What somebody has to say: as given, from standard input for `-`, else from their editor.

    `what` begins the hint that the editor shows. Raises BadUsage where there is none to be had.
    """
    if given == "-":
        text = sys.stdin.read()
    elif given is not None:
        text = given
    elif sys.stdin.isatty() and sys.stdout.isatty():
        hint = _EDITOR_HINT.format(what)
        text = (click.edit(hint, extension=".md") or "").replace(hint.strip(), "")
    else:
        raise BadUsage("there is no text", advice="Say it, or - to read it from standard input")
    if not text.strip():
        raise BadUsage("the text is empty")
    return text.strip("\n") if given in (None, "-") else text


def require_yes(question: str) -> None:
    """Go on only if somebody says yes. Raises BadUsage where nobody is there, else Trouble."""
    if not sys.stdin.isatty():
        raise BadUsage("nobody is there to ask", advice="Say --yes if it is meant")
    if not click.confirm(question, err=True):
        raise CliError("Nothing was done.")


def read_secret(prompt: str, *, twice: bool = False) -> str:
    """What somebody types unseen, or else the first line of standard input; never an argument."""
    if sys.stdin.isatty():
        secret = click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
        return str(secret)
    return sys.stdin.readline().rstrip("\n")


def parse_pair(text: str) -> tuple[str, str]:
    """What `KEY=VALUE` says. Raises BadUsage."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadUsage(f"a field is KEY=VALUE, and {text!r} is not")
    return name, value


def parse_fields(pairs: Iterable[str]) -> dict[str, Any]:
    """Fields said as `KEY=VALUE`: JSON, or else a text; `@FILE` is what is in it, `@-` stdin.

    Without a file's last line end, which is no part of a secret.
    """
    return {name: _parse_value(value) for name, value in map(parse_pair, pairs)}


def _parse_value(value: str) -> Any:
    if value.startswith("@"):
        try:
            with click.open_file(value[1:], encoding="utf-8") as file:
                return file.read().removesuffix("\n")
        except (OSError, ValueError) as error:
            raise BadUsage(f"{value[1:]} cannot be read: {error}") from error
    try:
        return json.loads(value)
    except ValueError:
        return value
