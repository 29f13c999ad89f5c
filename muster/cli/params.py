"""Parameters of commands: tasks, texts, secrets and fields."""

import json
import re
import sys
from collections.abc import Iterable
from typing import Any

import click

from muster.cli.errors import BadUsage, CliError
from muster.cli.profiles import is_same_origin

_TASK = re.compile(r"(?:(?P<page>https?://\S+/tasks/)|#)?(?P<number>\d{1,18})")
_EDITOR_HINT = "\n\n<!-- {} Save and close; leave empty to cancel. This line is removed. -->\n"


class TaskNumber(click.ParamType[int]):
    """A task ID: `7`, `#7`, or the URL of the task's page on the current server."""

    name = "task"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _TASK.fullmatch(str(value))
        if not found:
            self.fail(f"{value!r} isn't a task ID. Use a number such as 7.", param, ctx)
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
            self.fail(f"That task isn't on {server}. Use --server.", param, ctx)


TASK = TaskNumber()

task_argument = click.argument("number", metavar="TASK", type=TASK)


def task_path(number: int, *more: object) -> str:
    """Return the API path of a task, or of something below it."""
    from muster.cli.context import quote_segment

    return "/".join([f"/api/web/tasks/{number}", *map(quote_segment, more)])


def read_text(given: str | None, what: str) -> str:
    """Return a text: `given`, for `-` stdin, for None from the editor.

    `what` starts the hint that the editor shows. Raises BadUsage if there's no text.
    """
    if given == "-":
        text = sys.stdin.read()
    elif given is not None:
        text = given
    elif sys.stdin.isatty() and sys.stdout.isatty():
        hint = _EDITOR_HINT.format(what)
        text = (click.edit(hint, extension=".md") or "").replace(hint.strip(), "")
    else:
        raise BadUsage("No text given; use - for stdin.")
    if not text.strip():
        raise BadUsage("The text is empty.")
    return text.strip("\n") if given in (None, "-") else text


def require_yes(question: str) -> None:
    """Ask for confirmation. Raises BadUsage without a terminal, CliError if the answer is no."""
    if not sys.stdin.isatty():
        raise BadUsage("Not a terminal: pass --yes.")
    if not click.confirm(question, err=True):
        raise CliError("Cancelled.")


def read_secret(prompt: str, *, twice: bool = False) -> str:
    """Prompt for a secret without echo, or read stdin's first line; never an argument."""
    if sys.stdin.isatty():
        secret = click.prompt(prompt, hide_input=True, confirmation_prompt=twice, err=True)
        return str(secret)
    return sys.stdin.readline().rstrip("\n")


def parse_pair(text: str) -> tuple[str, str]:
    """Split `KEY=VALUE`. Raises BadUsage."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise BadUsage(f"{text!r} isn't KEY=VALUE.")
    return name, value


def parse_fields(pairs: Iterable[str]) -> dict[str, Any]:
    """Parse `KEY=VALUE` fields. A value is JSON or text; `@FILE` reads a file, `@-` stdin.

    A file's final newline is removed, because it isn't part of a secret. Raises BadUsage.
    """
    return {name: _parse_value(value) for name, value in map(parse_pair, pairs)}


def _parse_value(value: str) -> Any:
    if value.startswith("@"):
        try:
            with click.open_file(value[1:], encoding="utf-8") as file:
                return file.read().removesuffix("\n")
        except (OSError, ValueError) as error:
            raise BadUsage(f"Can't read {value[1:]}: {error}") from error
    try:
        return json.loads(value)
    except ValueError:
        return value
