"""Commands in the documents are ones that exist, with options that they have."""

import re
import shlex
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from sample_data.command import seed
from tests.docs.reference import commands
from tests.test_names import ROOT, tracked

GENERATED = "docs/reference.md"
PROGRAMS = ("muster", "muster-server", "flask")
_BLOCK = re.compile(r"^[ \t]*```sh\n(.*?)^[ \t]*```", re.M | re.S)
_SPAN = re.compile(r"`([^`]+)`")
_CONTINUED = re.compile(r"\\\n\s*")
_COMMENT = re.compile(r"\s#\s.*")
# Whatever ends a command in a shell, and what stands before one.
_SEPARATOR = re.compile(r"\n|\||&&|;|>|\(|\)|\{|\}|\$\(")
_BEFORE = re.compile(r"^\s*(?:sudo(?: --\S+)* |xargs |eval \"?|[A-Z_]+=\S* |\[ .*? \] )*")
_OPTION = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*")
_WORD = re.compile(r"[a-z][a-z-]*")


class Use(NamedTuple):
    """A command in a document."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


def known_commands() -> dict[tuple[str, ...], set[str]]:
    """Each command's words, with its options."""
    lines = list(commands._walk(commands.client_command, "muster", None))
    rows = [row for group in commands._groups(lines).values() for row in group]
    shared = {"-q", "-y", "-h", "--help", "--version", *commands.COMMON}
    # The reference leaves it out: it is in a checkout only.
    known = {("flask", "seed"): {name for each in seed.params for name in each.opts}}
    for usage, _purpose, options in rows:
        words: list[str] = []
        for word in usage.strip("`").split():
            if not _WORD.fullmatch(word):
                break
            words.append(word)
        # Only code: the texts of options may name those of other commands.
        spans = " ".join(span[1] for span in _SPAN.finditer(options) if span[1].startswith("-"))
        known[tuple(words)] = set(_OPTION.findall(spans)) | shared
    return known


def uses_in(path: str, text: str) -> Iterator[Use]:
    """The commands in blocks of shell and between backticks; `worker run` is muster's."""
    for block in _BLOCK.finditer(text):
        for line in _CONTINUED.sub(" ", block[1]).split("\n"):
            for part in _SEPARATOR.split(_COMMENT.sub("", line)):
                yield Use(path, _BEFORE.sub("", part).strip())
    for span in _SPAN.finditer(_BLOCK.sub("", text)):
        command = re.sub(r"^worker (?=\w)", "muster worker ", " ".join(span[1].split()))
        if "…" not in command and "\\|" not in command:
            yield Use(path, command)


def problem_of(use: Use, known: dict[tuple[str, ...], set[str]]) -> str | None:
    """What is wrong with a command of one of our programs."""
    try:
        words = shlex.split(use.text.replace("flask --app wsgi", "flask"))
    except ValueError:
        return None  # a part of one
    if len(words) < 2 or words[0] not in PROGRAMS or words[:2] == ["flask", "db"]:
        return None
    # Options of `muster` itself come first.
    while words[0] == "muster" and words[1:2] and words[1] in ("--profile", "--server"):
        del words[1:3]
    prefixes = (tuple(words[:end]) for end in range(len(words), 0, -1))
    name = next((prefix for prefix in prefixes if prefix in known), ())
    if len(name) < 2 and words[1:] and not words[1].startswith("-"):
        return f"there is no {' '.join(words[:2])}"
    given = [word.partition("=")[0] for word in words[len(name) :]]
    unknown = [
        word for word in given if _OPTION.fullmatch(word) and word not in known.get(name, ())
    ]
    return f"{' '.join(name)} has no {', '.join(unknown)}" if unknown else None


def test_every_command_in_the_documents_exists() -> None:
    known = known_commands()
    uses = [
        use
        for path in tracked("*.md")
        if path != GENERATED
        for use in uses_in(path, (ROOT / path).read_text())
    ]
    assert len([use for use in uses if use.text.startswith("muster")]) > 50
    assert [f"{use}: {problem}" for use in uses if (problem := problem_of(use, known))] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("```sh\nmuster task lost 7  # text\n```\n", "there is no muster task"),
        ("```sh\nX=1 sudo muster-server up --lost\n```\n", "muster-server up has no --lost"),
        ("```sh\ncat a | xargs muster task retry --lost\n```\n", "muster task retry has no --lost"),
        ("Use `worker run --lost DIR`.\n", "muster worker run has no --lost"),
        ("Use `flask --app wsgi lost`.\n", "there is no flask lost"),
        ("```sh\nmuster task list \\\n  --lost\n```\n", "muster task list has no --lost"),
    ],
)
def test_a_command_that_does_not_exist_is_found(text: str, problem: str) -> None:
    known = known_commands()
    assert [it for use in uses_in("a.md", text) if (it := problem_of(use, known))] == [problem]
