"""The parser of commands that people write to a bot. Pure; no text makes it raise.

develop "make the tests pass" --project WEB --on rack7
confirm #42 yes, but only on staging
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

MOST_DESCRIPTION = 20_000  # characters, as in the API
LARGEST = 2**63 - 1


class Verb(StrEnum):
    DEVELOP = "develop"
    PROGRESS = "progress"
    CANCEL = "cancel"
    RETRY = "retry"
    LIST = "list"
    CONFIRM = "confirm"
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
    """A parsed command. `text` is the description, the result, the host, the token or the note, as
    the verb needs it.
    """

    verb: Verb
    task_id: int | None = None
    text: str = ""
    project: str | None = None
    machine: str | None = None


@dataclass(frozen=True)
class Unclear:
    """The answer to a text that is no command; `words` say what is missing, and the right form."""

    words: str


USAGE: dict[Verb, tuple[str, str]] = {
    Verb.DEVELOP: ('develop "what to do" [--project KEY] [--on MACHINE]', "make a task"),
    Verb.PROGRESS: ("progress #N", "how far a task is"),
    Verb.CANCEL: ("cancel #N", "end a task"),
    Verb.RETRY: ("retry #N", "queue a failed or cancelled task again"),
    Verb.LIST: ("list [--project KEY]", "the latest tasks"),
    Verb.CONFIRM: (
        "confirm #N [result]",
        "answer a task's question: confirm, reject, one of its choices, or a text",
    ),
    Verb.WORKSPACE: ("workspace #N", "where a task works, and what it has changed"),
    Verb.LOGS: ("logs #N", "the end of a task's log"),
    Verb.ALLOW: ("allow HOST [--project KEY]", "let a project's stages reach a host"),
    Verb.DRAIN: ("drain MACHINE [note]", "give a machine no more tasks"),
    Verb.UNDRAIN: ("undrain MACHINE", "take a machine back into service"),
    Verb.BIND: ("bind TOKEN", "link this chat account to your Muster account"),
    Verb.INFO: ("info", "who you are here, and which project this chat is bound to"),
    Verb.HELP: ("help", "this"),
}
HELP = "\n".join(f"{usage}: {told}" for usage, told in USAGE.values())

_ALIASES = {"dev": Verb.DEVELOP, "?": Verb.HELP, "tasks": Verb.LIST, "status": Verb.PROGRESS}
_VERBS = {**{verb.value: verb for verb in Verb}, **_ALIASES}

# Phones turn "straight" quotes into “these”, and two hyphens into a dash.
_QUOTES = {'"': '"', "“": "”", "”": "”", "„": "“", "«": "»", "'": "'", "\u2018": "\u2019"}
_OPTION = re.compile(r"(?:--|[\u2013\u2014])(\w+)(?:=(.*))?", re.DOTALL)
_NUMBER = re.compile(r"#?([0-9]{1,19})[.,:;]?")


def parse(text: str) -> Command | Unclear:
    """The command that the text contains; `help` for an empty text."""
    first, _, rest = text.strip().partition(" ")
    head, *more = first.split(None, 1) if first else [""]
    rest = " ".join([*more, rest]).strip() if more else rest.strip()
    verb = _VERBS.get(head.lower().removeprefix("/"))
    if verb is None:
        return _unknown(head)
    return _READERS[verb](verb, rest)


def _unknown(word: str) -> Command | Unclear:
    if not word:
        return Command(Verb.HELP)
    near = get_close_matches(word.lower()[:40], _VERBS, n=1)
    hint = f" Did you mean “{near[0]}”?" if near else ""
    shown = word if len(word) <= 40 else word[:39] + "…"
    return Unclear(f"“{shown}” is no command.{hint} Write “help” for all of them.")


def _usage(verb: Verb, wrong: str) -> Unclear:
    return Unclear(f"{wrong} Write it like this: {USAGE[verb][0]}")


def _plain(verb: Verb, rest: str) -> Command:
    return Command(verb)


def _of_task(verb: Verb, rest: str) -> Command | Unclear:
    number, _ = _leading_number(rest)
    if number is None:
        return _usage(verb, "Which task?")
    return Command(verb, task_id=number)


def _confirm(verb: Verb, rest: str) -> Command | Unclear:
    number, result = _leading_number(rest)
    if number is None:
        return _usage(verb, "Which task?")
    return Command(verb, task_id=number, text=_unquoted(result) or "confirm")


def _leading_number(text: str) -> tuple[int | None, str]:
    first, *rest = text.split(None, 1) or [""]
    found = _NUMBER.fullmatch(first)
    if found is None or not 1 <= int(found[1]) <= LARGEST:
        return None, text
    return int(found[1]), rest[0].strip() if rest else ""


def _unquoted(text: str) -> str:
    """The text without quotes, if quotes enclose the whole of it."""
    if len(text) >= 2 and text[0] in _QUOTES and text[-1] in (_QUOTES[text[0]], text[0]):
        return text[1:-1]
    return text


def _develop(verb: Verb, rest: str) -> Command | Unclear:
    words = _words(rest)
    if words is None:
        return _usage(verb, "A quote is not closed.")
    found = _options(words, ("project", "on"))
    if isinstance(found, str):
        return _usage(verb, found)
    plain, options = found
    description = " ".join(plain).strip()
    if not description:
        return _usage(verb, "What is to be done?")
    if len(description) > MOST_DESCRIPTION:
        return Unclear(f"That is too long: a description has up to {MOST_DESCRIPTION:,} characters")
    return Command(verb, None, description, options.get("project"), options.get("on"))


def _list(verb: Verb, rest: str) -> Command | Unclear:
    found = _options(_words(rest) or [], ("project",))
    if isinstance(found, str):
        return _usage(verb, found)
    plain, options = found
    return Command(verb, project=options.get("project") or next(iter(plain), None))


def _allow(verb: Verb, rest: str) -> Command | Unclear:
    found = _options(_words(rest) or [], ("project",))
    if isinstance(found, str):
        return _usage(verb, found)
    plain, options = found
    if len(plain) != 1:
        return _usage(verb, "Which host?")
    return Command(verb, text=plain[0], project=options.get("project"))


def _of_machine(verb: Verb, rest: str) -> Command | Unclear:
    machine, *note = [str(word) for word in _words(rest) or ()] or [""]
    if not machine:
        return _usage(verb, "Which machine?")
    return Command(verb, machine=machine, text=" ".join(note))


def _bind(verb: Verb, rest: str) -> Command | Unclear:
    token, *_ = rest.split() or [""]
    if not token:
        return _usage(verb, "The token is missing: your profile in Muster makes one.")
    return Command(verb, text=token)


_READERS: dict[Verb, Callable[[Verb, str], Command | Unclear]] = {
    Verb.DEVELOP: _develop,
    Verb.PROGRESS: _of_task,
    Verb.CANCEL: _of_task,
    Verb.RETRY: _of_task,
    Verb.LIST: _list,
    Verb.CONFIRM: _confirm,
    Verb.WORKSPACE: _of_task,
    Verb.LOGS: _of_task,
    Verb.ALLOW: _allow,
    Verb.DRAIN: _of_machine,
    Verb.UNDRAIN: _of_machine,
    Verb.BIND: _bind,
    Verb.INFO: _plain,
    Verb.HELP: _plain,
}


class _Word(str):
    """A word of the text. A quoted word is never an option."""

    quoted: bool = False


def _options(words: list[_Word], known: tuple[str, ...]) -> tuple[list[str], dict[str, str]] | str:
    """The words that are no options, and the options' values; or an error message."""
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


def _words(text: str) -> list[_Word] | None:
    """The words, a quoted text being one word; None if a double quote is not closed.

    A quote inside a word is a letter (don't), and so is a single quote that is not closed.
    """
    words: list[_Word] = []
    letters = ""  # single quotes known to be unclosed, so that each word need not search again
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        if text[at] in _QUOTES and text[at] not in letters:
            end, word = _quoted(text, at)
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


def _quoted(text: str, start: int) -> tuple[int, _Word | None]:
    """The position after a quoted word, and the word; None for the word if it is not closed."""
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
