"""Command groups that import a command only when it runs."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class LazyCommand(NamedTuple):
    """A command's location (`module:name`, below `muster.cli`), summary and help section.

    The summary repeats the command's own, so that the list of commands needs no imports.
    """

    target: str
    summary: str
    section: str


class LazyGroup(click.Group):
    """A group that imports a command only when it runs."""

    def __init__(self, nouns: Mapping[str, LazyCommand], **settings: Any) -> None:
        super().__init__(**settings)
        self.lazy_commands = nouns

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:  # which knows only loaded commands
            raise click.NoSuchCommand(
                error.command_name, possibilities=self.lazy_commands, ctx=ctx
            ) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy_commands:
            return None
        module, _, name = self.lazy_commands[cmd_name].target.partition(":")
        command = getattr(import_module(f"muster.cli.{module}"), name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section in dict.fromkeys(noun.section for noun in self.lazy_commands.values()):
            rows = [
                (n, noun.summary)
                for n, noun in self.lazy_commands.items()
                if noun.section == section
            ]
            if rows:
                with formatter.section(section):
                    formatter.write_dl(rows)
