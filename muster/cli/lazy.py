"""Groups whose commands are imported when they are called."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Noun(NamedTuple):
    """Where a command is (`module:name`, below `muster.cli`), and its line in the list of all.

    The line is said here a second time so that the list can be shown without loading any.
    """

    place: str
    line: str
    section: str


class Nouns(click.Group):
    """A group whose commands are imported when they are called."""

    def __init__(self, nouns: Mapping[str, Noun], **settings: Any) -> None:
        super().__init__(**settings)
        self.nouns = nouns

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.nouns)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.nouns:
            return None
        module, _, name = self.nouns[cmd_name].place.partition(":")
        command = getattr(import_module(f"muster.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(noun.section for noun in self.nouns.values()):
            rows = [(n, noun.line) for n, noun in self.nouns.items() if noun.section == section]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)
