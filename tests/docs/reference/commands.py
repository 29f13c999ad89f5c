"""The section on commands: `muster`, the worker, `muster-server` and `flask`, with options."""

import argparse
from collections.abc import Iterator
from typing import NamedTuple
from unittest.mock import patch

import click

from app import flask_commands
from app.server_cli.group import main as server_command
from muster import verify
from muster.arguments import Parser
from muster.cli import errors
from muster.cli.app import command as client_command
from muster.worker.options import parser as worker_parser
from tests.docs.reference.markdown import (
    LINE_BREAK,
    format_sentence,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import format_intro

COMMON = ("--json", "--jq", "--quiet", "--yes")
"""Options that are shown once, by their last name."""
EXITS = (
    (errors.DONE, "success"),
    (errors.FAILED, "failure"),
    (errors.USAGE, "usage error"),
    (errors.NOT_ALLOWED, "not found or not allowed"),
    (errors.WAITING, "the task waits for an answer"),
    (errors.INTERRUPTED, "interrupted"),
)
NOT_CLICK = ("muster worker", "muster verify")  # argparse's
NUMBER = "N"
HEAD = ("command", "purpose", "options")

Row = tuple[str, str, str]
Group = list[Row]


class CommandLine(NamedTuple):
    """A click command, and what is typed before its options."""

    usage: str
    command: click.Command
    context: click.Context


def render() -> str:
    lines = list(_walk(client_command, "muster", None))
    exits = format_table(("status", "meaning"), [(str(status), text) for status, text in EXITS])
    blocks = [
        format_intro("commands"),
        _render_common(lines),
        format_intro("exits"),
        exits,
        format_intro("other_exits"),
    ]
    for name, rows in _groups(lines).items():
        blocks += [f"### {name}", format_table(HEAD, rows)]
    return join_blocks(*blocks)


def _groups(lines: list[CommandLine]) -> dict[str, Group]:
    """All rows by their heading: `muster`, each of its groups, and the other programs."""
    groups: dict[str, Group] = {}
    for line in lines:
        if not line.usage.startswith(NOT_CLICK):
            groups.setdefault(_heading(line), []).append(_row(line))
    groups["muster worker"] = list(_worker_rows())
    groups["muster verify"] = [_parser_row(_verify_parser())]
    groups["muster-server"] = [_row(line) for line in _walk(server_command, "muster-server", None)]
    groups["flask --app wsgi"] = [_row(line) for line in _walk(_flask_group(), "flask", None)]
    return groups


def _heading(line: CommandLine) -> str:
    """The group below `muster` that a command is in, or `muster` itself."""
    words = line.usage.split()
    parent = line.context.parent
    is_grouped = parent is not None and parent.parent is not None
    return " ".join(words[:2]) if is_grouped else words[0]


def _walk(
    command: click.Command, usage: str, parent: click.Context | None
) -> Iterator[CommandLine]:
    """The command if it has options or is no group, then all below it."""
    context = click.Context(command, info_name=usage.rpartition(" ")[2], parent=parent)
    if not isinstance(command, click.Group) or _options(command):
        yield CommandLine(usage, command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _walk(below, f"{usage} {name}", context)


def _flask_group() -> click.Group:
    found = [each for each in vars(flask_commands).values() if isinstance(each, click.Command)]
    return click.Group("flask", commands={str(each.name): each for each in found})


# ---- click ---------------------------------------------------------------------------------------


def _options(command: click.Command) -> list[click.Option]:
    found = [each for each in command.params if isinstance(each, click.Option) and not each.hidden]
    return [each for each in found if each.opts != ["--version"]]


def _row(line: CommandLine) -> Row:
    arguments = [each for each in line.command.params if isinstance(each, click.Argument)]
    usage = [line.usage, *(each.make_metavar(line.context) for each in arguments)]
    options = [
        _describe_option(each, line.context)
        for each in _options(line.command)
        if not (line.usage.startswith("muster ") and each.opts[-1] in COMMON)
    ]
    return f"`{' '.join(usage)}`", _purpose(line.command), LINE_BREAK.join(options)


def _purpose(command: click.Command) -> str:
    """The first paragraph of the help."""
    first = (command.help or "").partition("\n\n")[0].partition("\b")[0]
    return format_sentence(first)


def _describe_option(option: click.Option, context: click.Context) -> str:
    value = "" if option.is_flag or option.count else option.make_metavar(context)
    names = [*option.opts, *option.secondary_opts]
    return _format_option(
        names, NUMBER if "RANGE" in value else value, option.help, option.required
    )


def _format_option(names: list[str], value: str, text: str | None, is_required: bool) -> str:
    usage = " ".join(part for part in (", ".join(names), value) if part)
    parts = (f"`{usage}`", format_sentence(text or ""), "Required." if is_required else "")
    return " ".join(part for part in parts if part)


def _render_common(lines: list[CommandLine]) -> str:
    found: dict[str, str] = {}
    for line in lines:
        for option in _options(line.command):
            if option.opts[-1] in COMMON:
                found.setdefault(option.opts[-1], _describe_option(option, line.context))
    cells = [found[name].split("` ", 1) for name in COMMON]
    return format_table(("option", "purpose"), [(f"{names}`", text) for names, text in cells])


# ---- argparse ------------------------------------------------------------------------------------


def _worker_rows() -> Iterator[Row]:
    parser = worker_parser._create_parser("muster")
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from (_parser_row(below) for below in action.choices.values())


def _verify_parser() -> argparse.ArgumentParser:
    """The parser that `muster verify` makes before it reads its arguments."""
    found: list[argparse.ArgumentParser] = []

    def stop(parser: argparse.ArgumentParser, _arguments: list[str]) -> None:
        found.append(parser)
        raise SystemExit(0)

    with patch.object(Parser, "parse_args", stop):
        verify.main([], "muster")
    return found[0]


def _parser_row(parser: argparse.ArgumentParser) -> Row:
    arguments = [str(each.metavar) for each in parser._actions if not each.option_strings]
    options = [
        _describe_action(each)
        for each in parser._actions
        if each.option_strings and not isinstance(each, argparse._HelpAction)
    ]
    usage = " ".join([parser.prog, *arguments])
    return f"`{usage}`", format_sentence(parser.description or ""), LINE_BREAK.join(options)


def _describe_action(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else _value_name(action)
    return _format_option([*action.option_strings], value, action.help, action.required)


def _value_name(action: argparse.Action) -> str:
    if action.metavar is None and action.choices is not None:
        return f"[{'|'.join(map(str, action.choices))}]"
    return str(action.metavar or action.dest.upper())
