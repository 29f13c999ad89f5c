"""The parser of commands that people write to a bot. Pure; no text makes it raise.

develop "make the tests pass" --project WEB --on rack7
confirm #42 yes, but only on staging
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

MAX_DESCRIPTION_LENGTH = 20_000  # characters, as in the API
MAX_ID = 2**63 - 1


class Verb(StrEnum):
    DEVELOP = "develop"
    PROGRESS = "progress"
    CANCEL = "cancel"
    RETRY = "retry"
    LIST = "list"
    CONFIRM = "confirm"
    MESSAGE = "message"
    WORKSPACE = "workspace"
    LOGS = "logs"
    ALLOW = "allow"
    DRAIN = "drain"
    UNDRAIN = "undrain"
    BIND = "bind"
    INFO = "info"
    HELP = "help"


@dataclass(frozen=True)
class Command:
    """A parsed command. `text` is the description, the result, the host, the token or the note,
    depending on the verb.
    """

    verb: Verb
    task_id: int | None = None
    text: str = ""
    project: str | None = None
    machine: str | None = None


@dataclass(frozen=True)
class InvalidCommand:
    """The response to a text that isn't a command; `message` says what is missing, and the right
    syntax.
    """

    message: str


USAGE: dict[Verb, tuple[str, str]] = {
    Verb.DEVELOP: ('develop "what to do" [--project KEY] [--on MACHINE]', "create a task"),
    Verb.PROGRESS: ("progress #N", "show a task's progress"),
    Verb.CANCEL: ("cancel #N", "end a task"),
    Verb.RETRY: ("retry #N", "queue a failed or cancelled task again"),
    Verb.LIST: ("list [--project KEY]", "list the latest tasks"),
    Verb.CONFIRM: (
        "confirm #N [result]",
        "answer a task's question: confirm, reject, one of its choices, or text",
    ),
    Verb.MESSAGE: ("message #N text", "send a message to a task's agent"),
    Verb.WORKSPACE: ("workspace #N", "show a task's workspace and changes"),
    Verb.LOGS: ("logs #N", "show the end of a task's log"),
    Verb.ALLOW: ("allow HOST [--project KEY]", "let a project's stages reach a host"),
    Verb.DRAIN: ("drain MACHINE [note]", "stop giving a machine new tasks"),
    Verb.UNDRAIN: ("undrain MACHINE", "give a machine tasks again"),
    Verb.BIND: ("bind TOKEN", "link this chat account to your Muster account"),
    Verb.INFO: ("info", "show your account here, and this chat's project"),
    Verb.HELP: ("help", "this"),
}
HELP = "\n".join(f"{usage}: {description}" for usage, description in USAGE.values())

_ALIASES = {"dev": Verb.DEVELOP, "?": Verb.HELP, "tasks": Verb.LIST, "status": Verb.PROGRESS}
_VERBS = {**{verb.value: verb for verb in Verb}, **_ALIASES}

# Phones turn "straight" quotes into “these”, and two hyphens into a dash.
_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "'": "'", "\u2018": "\u2019"}
_OPTION = re.compile(r"(?:--|[\u2013\u2014])(\w+)(?:=(.*))?", re.DOTALL)
_NUMBER = re.compile(r"#?([0-9]{1,19})[.,:;]?")


def parse(text: str) -> Command | InvalidCommand:
    """Return the command in the text; `help` for an empty text."""
    first, _, rest = text.strip().partition(" ")
    head, *more = first.split(None, 1) if first else [""]
    rest = " ".join([*more, rest]).strip() if more else rest.strip()
    verb = _VERBS.get(head.lower().removeprefix("/"))
    if verb is None:
        return _parse_unknown_verb(head)
    return _PARSERS[verb](verb, rest)


def _parse_unknown_verb(word: str) -> Command | InvalidCommand:
    if not word:
        return Command(Verb.HELP)
    near = get_close_matches(word.lower()[:40], _VERBS, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    shown = word if len(word) <= 40 else word[:39] + "…"
    return InvalidCommand(f"“{shown}” isn't a command.{hint} Write “help” for a list.")


def _usage_error(verb: Verb, wrong: str) -> InvalidCommand:
    return InvalidCommand(f"{wrong} Usage: {USAGE[verb][0]}")


def _parse_plain(verb: Verb, rest: str) -> Command:
    return Command(verb)


def _parse_task_command(verb: Verb, rest: str) -> Command | InvalidCommand:
    number, _ = _leading_number(rest)
    if number is None:
        return _usage_error(verb, "Which task?")
    return Command(verb, task_id=number)


def _parse_confirm(verb: Verb, rest: str) -> Command | InvalidCommand:
    number, result = _leading_number(rest)
    if number is None:
        return _usage_error(verb, "Which task?")
    return Command(verb, task_id=number, text=_unquote(result) or "confirm")


def _parse_message(verb: Verb, rest: str) -> Command | InvalidCommand:
    number, text = _leading_number(rest)
    if number is None:
        return _usage_error(verb, "Which task?")
    text = _unquote(text)
    if not text.strip():
        return _usage_error(verb, "What should its agent read?")
    if len(text) > MAX_DESCRIPTION_LENGTH:
        return InvalidCommand(
            f"Too long: a message can have up to {MAX_DESCRIPTION_LENGTH:,} characters"
        )
    return Command(verb, task_id=number, text=text)


def _leading_number(text: str) -> tuple[int | None, str]:
    first, *rest = text.split(None, 1) or [""]
    found = _NUMBER.fullmatch(first)
    if found is None or not 1 <= int(found[1]) <= MAX_ID:
        return None, text
    return int(found[1]), rest[0].strip() if rest else ""


def _unquote(text: str) -> str:
    """Return the text without quotes, if quotes enclose all of it."""
    if len(text) >= 2 and text[0] in _QUOTES and text[-1] in (_QUOTES[text[0]], text[0]):
        return text[1:-1]
    return text


def _parse_develop(verb: Verb, rest: str) -> Command | InvalidCommand:
    words = _split_words(rest)
    if words is None:
        return _usage_error(verb, "A quote is not closed.")
    found = _split_options(words, ("project", "on"))
    if isinstance(found, str):
        return _usage_error(verb, found)
    plain, options = found
    description = " ".join(plain).strip()
    if not description:
        return _usage_error(verb, "What should be done?")
    if len(description) > MAX_DESCRIPTION_LENGTH:
        return InvalidCommand(
            f"Too long: a description can have up to {MAX_DESCRIPTION_LENGTH:,} characters"
        )
    return Command(verb, None, description, options.get("project"), options.get("on"))


def _parse_list(verb: Verb, rest: str) -> Command | InvalidCommand:
    found = _split_options(_split_words(rest) or [], ("project",))
    if isinstance(found, str):
        return _usage_error(verb, found)
    plain, options = found
    return Command(verb, project=options.get("project") or next(iter(plain), None))


def _parse_allow(verb: Verb, rest: str) -> Command | InvalidCommand:
    found = _split_options(_split_words(rest) or [], ("project",))
    if isinstance(found, str):
        return _usage_error(verb, found)
    plain, options = found
    if len(plain) != 1:
        return _usage_error(verb, "Which host?")
    return Command(verb, text=plain[0], project=options.get("project"))


def _parse_machine_command(verb: Verb, rest: str) -> Command | InvalidCommand:
    machine, *note = [str(word) for word in _split_words(rest) or ()] or [""]
    if not machine:
        return _usage_error(verb, "Which machine?")
    return Command(verb, machine=machine, text=" ".join(note))


def _parse_bind(verb: Verb, rest: str) -> Command | InvalidCommand:
    token, *_ = rest.split() or [""]
    if not token:
        return _usage_error(verb, "The token is missing. Create one in your profile in Muster.")
    return Command(verb, text=token)


_PARSERS: dict[Verb, Callable[[Verb, str], Command | InvalidCommand]] = {
    Verb.DEVELOP: _parse_develop,
    Verb.PROGRESS: _parse_task_command,
    Verb.CANCEL: _parse_task_command,
    Verb.RETRY: _parse_task_command,
    Verb.LIST: _parse_list,
    Verb.CONFIRM: _parse_confirm,
    Verb.MESSAGE: _parse_message,
    Verb.WORKSPACE: _parse_task_command,
    Verb.LOGS: _parse_task_command,
    Verb.ALLOW: _parse_allow,
    Verb.DRAIN: _parse_machine_command,
    Verb.UNDRAIN: _parse_machine_command,
    Verb.BIND: _parse_bind,
    Verb.INFO: _parse_plain,
    Verb.HELP: _parse_plain,
}


class _Word(str):
    """A word of the text. A quoted word is never an option."""

    quoted: bool = False


def _split_options(
    words: list[_Word], known: tuple[str, ...]
) -> tuple[list[str], dict[str, str]] | str:
    """Return the words that aren't options, and the options' values; or an error message."""
    plain: list[str] = []
    options: dict[str, str] = {}
    waiting = iter(words)
    for word in waiting:
        option = None if word.quoted else _OPTION.fullmatch(word)
        if option is None or option[1].lower() not in known:
            plain.append(str(word))
            continue
        name = option[1].lower()
        value = option[2] or next(waiting, None)
        if not value:
            return f"--{name} needs a value."
        if name in options:
            return f"--{name} is given twice."
        options[name] = str(value)
    return plain, options


def _split_words(text: str) -> list[_Word] | None:
    """Return the words; a quoted text is one word. None if a double quote isn't closed.

    A quote inside a word is a letter (don't), and so is an unclosed single quote.
    """
    words: list[_Word] = []
    letters = ""  # single quotes known to be unclosed, so that each word need not search again
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] in _QUOTES and text[at] not in letters:
            end, word = _read_quoted(text, at)
            if word is not None:
                words.append(word)
                at = end
                continue
            if text[at] not in "'\u2018":
                return None
            letters += text[at]
        end = at
        while end < len(text) and not text[end].isspace():
            end += 1
        words.append(_Word(text[at:end]))
        at = end
    return words


def _read_quoted(text: str, start: int) -> tuple[int, _Word | None]:
    """Return the position after a quoted word, and the word; None for the word if it isn't
    closed.
    """
    closing = {_QUOTES[text[start]], text[start]}
    letters: list[str] = []
    at = start + 1
    while at < len(text):
        ends = at + 1 == len(text) or text[at + 1].isspace()
        if text[at] == "\\" and at + 1 < len(text) and text[at + 1] in closing | {"\\"}:
            letters.append(text[at + 1])
            at += 2
            continue
        if text[at] in closing and ends:
            word = _Word("".join(letters))
            word.quoted = True
            return at + 1, word
        letters.append(text[at])
        at += 1
    return at, None
