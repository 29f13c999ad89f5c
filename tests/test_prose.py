"""Prose that people read is plain English: the console's texts, help, errors and the documents.

Python's strings count everywhere, docstrings where users see them and beside such texts. Only the
English texts of the console are read.
"""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from tests.test_names import ROOT, tracked

# Until the prose is rewritten, what is found is printed and nothing fails.
IS_STRICT = True

PHRASES = re.compile(
    r"\b(somebody|whoever|anew|heard\s+of|is\s+told|lies\s+there|goes\s+on)\b"
    r"|since\s+\d+\s+(s|min|h|d)\b",
    re.IGNORECASE,
)
# The same where adjacent literals or inserted values split one: a file without needs no parsing.
IN_SOURCE = re.compile(
    PHRASES.pattern.replace(r"\s+", r"""[\s"'f]+""").replace(r"\d+", r"(\d+|\{.*?\})"),
    re.IGNORECASE,
)

EXCEPTIONS: dict[tuple[str, str], str] = {}
"""A file and a phrase that stays in it, with the reason: a pinned wire name, a user's own text."""

DOCUMENTS = ("*.md", "app/worker_install/worker.sh", "app/api/openapi/templates/docs.html")
"""Files that are prose from end to end. Decisions are history; the demo's package is an example."""
NOT_DOCUMENTS = ("docs/decisions/0", "demo/package/")

WITH_DOCSTRINGS = (
    "app/api/",
    "app/chat/",
    "app/domain/notification_text.py",
    "app/embedded/__main__.py",
    "app/flask_commands/",
    "app/server_cli/",
    "muster/__main__.py",
    "muster/cli/",
    "muster/verify.py",
    "muster/worker/commands.py",
    "muster/worker/options/",
    "sample_data/command.py",
)

# Comments match too, without a group, so that an apostrophe in one opens no string.
TYPESCRIPT_STRINGS = re.compile(
    r"//[^\n]*|/\*.*?\*/"
    r"|('(?:\\.|[^'\\\n])*'|\"(?:\\.|[^\"\\\n])*\"|`(?:\\.|[^`\\])*`)",
    re.DOTALL,
)
PLACEHOLDER = "0"  # stands for an inserted value, so that `since ${n} min` is found


class Text(NamedTuple):
    """A text of a file. `line`: its first; `is_verbatim`: its line ends are the file's."""

    path: str
    line: int
    value: str
    is_verbatim: bool = True


class Hit(NamedTuple):
    path: str
    line: int
    phrase: str
    context: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.context}"


def document_texts() -> Iterator[Text]:
    for path in tracked(*DOCUMENTS):
        if not path.startswith(NOT_DOCUMENTS):
            yield Text(path, 1, (ROOT / path).read_text())


def console_texts() -> Iterator[Text]:
    """The English strings of the console, in whichever folder this tree has them."""
    paths = tracked("console/src/i18n/en/*.ts") or tracked("console/src/words/en/*.ts")
    assert paths, "the console's English texts are elsewhere"
    for path in paths:
        source = (ROOT / path).read_text()
        for match in TYPESCRIPT_STRINGS.finditer(source):
            if match[1]:
                line = source.count("\n", 0, match.start()) + 1
                yield Text(path, line, re.sub(r"\$\{[^}]*\}", PLACEHOLDER, match[1]))


def python_texts() -> Iterator[Text]:
    for path in tracked("app/*.py", "muster/*.py"):
        source = (ROOT / path).read_text()
        if IN_SOURCE.search(source):
            yield from string_literals(path, ast.parse(source))


def string_literals(path: str, tree: ast.Module) -> Iterator[Text]:
    """Each string once: an f-string as a whole, a docstring only where it is read."""
    skipped: set[int] = set()
    messages: set[int] = set()
    for node in ast.walk(tree):  # parents come before their children
        if isinstance(node, ast.ClassDef) and is_error(node):
            messages.add(id(node.body[0]))
        elif isinstance(node, ast.Expr) and not path.startswith(WITH_DOCSTRINGS):
            skipped.update({id(node.value)} if id(node) not in messages else ())
        elif isinstance(node, ast.JoinedStr):
            skipped.update(map(id, node.values))
            parts = [
                str(part.value) if isinstance(part, ast.Constant) else PLACEHOLDER
                for part in node.values
            ]
            yield Text(path, node.lineno, "".join(parts), is_verbatim=False)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            lines = (node.end_lineno or node.lineno) - node.lineno
            is_verbatim = lines > 0 and lines == node.value.count("\n")
            if id(node) not in skipped:
                yield Text(path, node.lineno, node.value, is_verbatim)


def is_error(node: ast.ClassDef) -> bool:
    """Whether it has a `code`: the docstring of such a class is the message of the problem."""
    assigned = [item.targets[0] for item in node.body if isinstance(item, ast.Assign)]
    return any(isinstance(target, ast.Name) and target.id == "code" for target in assigned)


def hits(text: Text) -> Iterator[Hit]:
    for match in PHRASES.finditer(text.value):
        phrase = " ".join(match[0].lower().split())
        around = text.value[max(match.start() - 40, 0) : match.end() + 40]
        above = text.value.count("\n", 0, match.start()) if text.is_verbatim else 0
        if (text.path, phrase) not in EXCEPTIONS:
            yield Hit(text.path, text.line + above, phrase, " ".join(around.split()))


def test_prose_is_plain() -> None:
    texts = [*console_texts(), *python_texts(), *document_texts()]
    found = sorted({hit for text in texts for hit in hits(text)})
    if IS_STRICT:
        assert [str(hit) for hit in found] == []
    counted = Counter("/".join(hit.path.split("/")[:2]) for hit in found)
    sys.stdout.write("\n".join([f"{len(found)} phrases to replace", *map(str, found), ""]))
    sys.stdout.write("".join(f"{count:5} {place}\n" for place, count in counted.most_common()))
