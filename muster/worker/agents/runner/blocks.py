"""How an agent's actions look on a terminal: each function returns the drawing of one block.

A block is drawn for a width in columns and ends with a line feed. Text of agents and their commands
passes through `sanitizer`; escape sequences are our own, or colors of a command's output.
"""

from __future__ import annotations

from muster.worker.agents.runner import sanitizer
from muster.worker.agents.runner.entries import to_one_line
from muster.worker.agents.runner.text_wrap import truncate_to_width, wrap_text

TYPE_CHECKING = False  # type checkers take it for true
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Draw = Callable[[int], str]

SESSION_TOTAL_SUFFIX = ", in the whole conversation"
MAX_OUTPUT_LINES = 6  # of a tool's output; the transcript has the rest

_BOLD, _DIM, _THOUGHT = "1", "2", "2;3"
_RED, _GREEN, _YELLOW, _CYAN, _MAGENTA = "31", "32", "33", "36", "35"
_COMMAND = "1;36"


def message(text: str) -> Draw:
    return lambda width: wrap_text(sanitizer.sanitize(text), width) + "\n"


def thought(text: str) -> Draw:
    return lambda width: _styled(_THOUGHT, wrap_text(sanitizer.sanitize(text), width, "  ")) + "\n"


def user_message(text: str) -> Draw:
    """The message to the agent."""
    return lambda width: _styled(_DIM, wrap_text(sanitizer.sanitize(text), width, "> ")) + "\n"


def question(text: str, choices: list[str]) -> Draw:
    """A question to people, and its choices."""

    def draw(width: int) -> str:
        lines = [_styled(_MAGENTA, wrap_text(f"? {sanitizer.sanitize(text)}", width))]
        lines += [wrap_text(f"· {to_one_line(choice)}", width, "  ") for choice in choices]
        return "\n".join(lines) + "\n"

    return draw


def progress(text: str) -> Draw:
    return lambda width: _styled(_CYAN, wrap_text(f"» {sanitizer.sanitize(text)}", width)) + "\n"


def note(text: str) -> Draw:
    """A note of the agent's program about itself."""
    return lambda width: _styled(_DIM, wrap_text(sanitizer.sanitize(text), width)) + "\n"


def error(text: str) -> Draw:
    return lambda width: _styled(_RED, wrap_text(f"✗ {sanitizer.sanitize(text)}", width)) + "\n"


def raw_line(text: str) -> Draw:
    """An unknown line, unchanged."""
    return lambda _: sanitizer.sanitize_keeping_colors(text) + "\n"


def command(line: str, output: str, end: str, *, is_bad: bool) -> Draw:
    """A command, its complete output, and its exit."""

    def draw(_: int) -> str:
        first, *others = sanitizer.sanitize(line).split("\n")
        prompt = [f"{_styled(_COMMAND, '$')} {_styled(_BOLD, first)}"]
        prompt += [f"{_styled(_COMMAND, '>')} {_styled(_BOLD, other)}" for other in others]
        return "\n".join([*prompt, *_output_lines(output), _result_line(end, is_bad)]) + "\n"

    return draw


def running(mark: str, title: str) -> Draw:
    """An action that has started and takes time; its complete block follows."""
    return lambda width: _styled(_DIM, wrap_text(f"… {mark} {to_one_line(title)}", width)) + "\n"


def edit(files: str, diff: str, output: str, end: str, *, is_bad: bool) -> Draw:
    """Changed files and the diff; `output` if the edit failed."""

    def draw(width: int) -> str:
        title = _bullet(_YELLOW, "edit", files, width)
        lines = [_diff_line(each) for each in sanitizer.sanitize(diff).split("\n")] if diff else []
        lines += _plain_lines(output)
        return "\n".join([title, *lines, *([_result_line(end, is_bad)] if end else [])]) + "\n"

    return draw


def tool(name: str, arguments: str, output: str, end: str, *, is_bad: bool, is_whole: bool) -> Draw:
    """One line for a call, a few for its result; all of it if it failed or `is_whole`."""

    def draw(width: int) -> str:
        output_lines = _plain_lines(output)
        if not is_whole and not is_bad:
            output_lines = _first_lines(
                [truncate_to_width(line, width - 2) for line in output_lines if line.strip()]
            )
        lines = [f"  {line}" for line in output_lines]
        title = _bullet(_MAGENTA, name, arguments, None if is_whole else width)
        lines = [_styled(_DIM, line) for line in lines]
        return "\n".join([title, *lines, *([_result_line(end, is_bad)] if end else [])]) + "\n"

    return draw


def denied(what: str, why: str) -> Draw:
    def draw(width: int) -> str:
        title = _styled(_YELLOW, wrap_text(f"denied: {sanitizer.sanitize(what)}", width))
        return (
            "\n".join([title, *(_styled(_DIM, "  " + line) for line in _plain_lines(why))]) + "\n"
        )

    return draw


def header(agent: str, *facts: str) -> Draw:
    """The first line: the agent's name."""
    return lambda width: _rule(f"{agent} · {' · '.join(filter(None, facts))}".rstrip(" ·"), width)


def footer(
    usage: list[dict[str, Any]],
    turns: int | None,
    denied: int | None,
    *,
    is_of_session: bool = False,
) -> Draw:
    """The last line: the run's time and usage."""
    parts = []
    if turns is not None:
        parts.append(f"{turns} turn{'' if turns == 1 else 's'}")
    if summary := usage_summary(usage):
        parts.append(summary + (SESSION_TOTAL_SUFFIX if is_of_session else ""))
    if denied:
        parts.append(f"{denied} denied")
    return lambda width: _rule(" · ".join(parts) or "end", width)


def usage_summary(usage: list[dict[str, Any]]) -> str:
    """Tokens and cost as text; unknown values are omitted."""
    sums: dict[str, Any] = {}
    for name in ("inputTokens", "cachedTokens", "outputTokens", "reasoningTokens", "cost"):
        known = [each[name] for each in usage if each[name] is not None]
        sums[name] = sum(known) if known else None
    tokens = []
    for name, word, part, part_word in (
        ("inputTokens", "in", "cachedTokens", "cached"),
        ("outputTokens", "out", "reasoningTokens", "reasoning"),
    ):
        if sums[name] is not None:
            of_it = f" ({sums[part]:,} {part_word})" if sums[part] else ""
            tokens.append(f"{sums[name]:,} {word}{of_it}")
    parts = [f"tokens {', '.join(tokens)}"] if tokens else []
    if sums["cost"] is not None:
        parts.append(f"${sums['cost']:.{2 if sums['cost'] >= 1 else 4}f}")
    return " · ".join(parts)


def _rule(text: str, width: int) -> str:
    return _styled(_DIM, wrap_text(f"── {to_one_line(text)} ──", width)) + "\n"


def _bullet(colour: str, name: str, text: str, width: int | None) -> str:
    """`● name text` in one line of the width; unlimited without a width."""
    name, text = to_one_line(name, 60), sanitizer.sanitize(text)
    head = f"{_styled(colour, '●')} {_styled(_BOLD, name)}"
    if width is not None:
        text = truncate_to_width(text.replace("\n", " "), max(width - len(name) - 3, 0))
    return f"{head} {text}" if text else head


def _result_line(text: str, is_bad: bool) -> str:
    return _styled(_RED if is_bad else _DIM, to_one_line(text))


def _plain_lines(text: str) -> list[str]:
    return sanitizer.sanitize(text).removesuffix("\n").split("\n") if text else []


def _output_lines(text: str) -> list[str]:
    text = sanitizer.sanitize_keeping_colors(text)
    if text.endswith("\n" + sanitizer.RESET):  # the reset belongs to the last line
        text = text[: -len(sanitizer.RESET) - 1] + sanitizer.RESET
    return text.removesuffix("\n").split("\n") if text else []


def _first_lines(lines: list[str]) -> list[str]:
    more = len(lines) - MAX_OUTPUT_LINES
    return [*lines[:MAX_OUTPUT_LINES], f"… {more} more lines"] if more > 1 else lines


def _diff_line(line: str) -> str:
    if line.startswith(("+++ ", "--- ")):
        return _styled(_BOLD, line)
    if line.startswith("@@"):
        return _styled(_CYAN, line)
    if line.startswith("+"):
        return _styled(_GREEN, line)
    return _styled(_RED, line) if line.startswith("-") else line


def _styled(style: str, text: str) -> str:
    """Style each line separately, so that a single line of the log looks the same."""
    return "\n".join(
        f"\x1b[{style}m{line}{sanitizer.RESET}" if line else "" for line in text.split("\n")
    )
