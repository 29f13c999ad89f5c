"""Argument parsing and help in click's style, for where click may not be installed."""

import argparse
import difflib
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

_MIN_WIDTH, _MAX_WIDTH = 50, 100  # columns of text
_MAX_TERM_WIDTH = 30  # columns of the first of two columns
_COLUMN_GAP = 2
_MISTYPED = re.compile(r"invalid choice: '([^']*)'|unrecognized arguments: (--\S+)")


class Parser(argparse.ArgumentParser):
    """A parser whose help looks like click's.

    `examples` are lines to print unchanged below the description.
    """

    def __init__(
        self, prog: str | None = None, *, examples: Sequence[str] = (), **more: Any
    ) -> None:
        super().__init__(prog, add_help=False, **more)
        self._examples = examples
        self._help = self.add_argument(
            "-h", "--help", action="help", help="Show this message and exit."
        )

    def format_usage(self) -> str:
        words = [f"Usage: {self.prog} [OPTIONS]"]
        for action in self._positionals._group_actions:
            is_group = isinstance(action, argparse._SubParsersAction)
            words.append("COMMAND [ARGS]..." if is_group else str(action.metavar))
        return " ".join(words) + "\n"

    def format_help(self) -> str:
        width = max(min(shutil.get_terminal_size().columns, _MAX_WIDTH) - 2, _MIN_WIDTH)
        parts = [self.format_usage()]
        if self.description:
            parts.append(textwrap.fill(self.description, width, **_indents("  ")) + "\n")
        if self._examples:
            parts.append("".join(f"    {line}\n" for line in self._examples))
        options = [each for each in self._optionals._group_actions if each is not self._help]
        parts.append(_format_section("Options", map(_option_row, [*options, self._help]), width))
        for group in self._action_groups:
            if group not in (self._optionals, self._positionals):
                parts.append(
                    _format_section(str(group.title), map(_option_row, group._group_actions), width)
                )
        for action in self._positionals._group_actions:
            if isinstance(action, argparse._SubParsersAction):
                rows = [(each.dest, each.help or "") for each in action._choices_actions]
                parts.append(_format_section("Commands", rows, width))
        return "\n".join(parts)

    def error(self, message: str) -> NoReturn:
        hint = f"Try '{self.prog} --help' for help."
        text = " ".join(filter(None, [message, self._suggestion(message)]))
        self.exit(2, f"{self.format_usage()}{hint}\n\nError: {text}\n")

    def _suggestion(self, message: str) -> str:
        """Return "Did you mean …?" for a mistyped command or option; empty if none is similar."""
        typed = _MISTYPED.search(message)
        if typed is None:
            return ""
        name = (typed[1] or typed[2]).partition("=")[0]
        found = difflib.get_close_matches(name, _list_names(self), 1)
        return f"Did you mean {found[0]!r}?" if found else ""


def _list_names(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Yield the names of a parser's options and commands, and of its commands' options."""
    for action in parser._actions:
        yield from action.option_strings
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield name
                yield from _list_names(below)


def _option_row(action: argparse.Action) -> tuple[str, str]:
    names = ", ".join(action.option_strings)
    value = "" if action.nargs == 0 else f" {_value_name(action)}"
    return names + value, f"{action.help}  [required]" if action.required else str(action.help)


def _value_name(action: argparse.Action) -> str:
    if action.metavar is None and action.choices is not None:
        return f"[{'|'.join(map(str, action.choices))}]"
    return str(action.metavar or action.dest.upper())


def _format_section(title: str, rows: Iterable[tuple[str, str]], width: int) -> str:
    """Format a heading and two columns; a term too long for its column gets its own line."""
    shown = list(rows)
    terms = min(max(len(term) for term, _ in shown), _MAX_TERM_WIDTH)
    second = 2 + terms + _COLUMN_GAP
    lines = [f"{title}:"]
    for term, text in shown:
        first, *rest = textwrap.wrap(text, max(width - second, 10)) or [""]
        if len(term) > terms:
            lines += [f"  {term}", " " * second + first]
        else:
            lines.append(f"  {term:{terms + _COLUMN_GAP}}{first}")
        lines += [" " * second + line for line in rest]
    return "".join(f"{line}\n" for line in lines)


def _indents(by: str) -> dict[str, Any]:
    return {"initial_indent": by, "subsequent_indent": by}
