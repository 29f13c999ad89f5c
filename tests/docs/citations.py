"""Finds what the repository cites of itself and does not have: documents, sections, decisions.

Markdown cites by links (`[words](file#heading)`), and any text by a document's name, alone or with
`section 3` or a heading's name behind it, by a decision's number, and by a rule's number, which is
the machine protocol's. Of Python that is comments and docstrings. Its other strings may name
anybody's files, so that only those below `docs/` count there.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

_LEFT_OUT = frozenset({"node_modules", "__pycache__", "package-lock.json"})
_HIDDEN_BUT_OURS = frozenset({".ci", ".github"})
_MAYBE = re.compile(r"\.md\b|decision|rule", re.IGNORECASE)

_DOCUMENT = r"(?<![\w/.:-])(?P<document>(?:\.{1,2}/)*[\w.-]+(?:/[\w.-]+)*\.md)\b"
_BEHIND = r"(?:'s|[`*)\]])*"
_NUMBERS = r"(?P<numbers>\d+(?:(?:\s*,|\s+and|\s+to)\s+\d+)*)"
_MENTION = re.compile(_DOCUMENT)
_SECTION_OF = (
    re.compile(rf"{_DOCUMENT}{_BEHIND},?\s+sections?\s+{_NUMBERS}"),
    re.compile(rf"\bsections?\s+{_NUMBERS}\s+of\s+[`\[]*{_DOCUMENT}"),
)
_HEADING_OF = re.compile(rf"\({_DOCUMENT},\s++(?P<heading>(?!sections?\s)[^()]+)\)")
_SECTION = re.compile(rf"(?P<rfc>RFC \d+,?\s+)?\bsections?\s+{_NUMBERS}", re.IGNORECASE)
_LINK = re.compile(
    r"\]\(\s*<?(?P<target>[^()\s<>]+)>?(?:\s+\"[^\"]*\")?\s*\)|^\[[^]]+\]:\s+(\S+)", re.M
)
_DECISION = re.compile(r"\bdecisions?(?:/|\s+)(?P<number>\d{1,4})\b", re.IGNORECASE)
_DECISION_AMONG_THEM = re.compile(
    r"\b(?:see|as in)\s+(?P<number>\d{1,4})\b|\((?P<whole>\d{4})\)", re.IGNORECASE
)
_RULE = re.compile(r"\brules?\s+(?P<number>\d+)\b", re.IGNORECASE)
_FENCED = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$", re.M | re.S)
_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_TITLE = re.compile(r"^#{1,6}\s+(?P<title>.+?)\s*#*$", re.M)
_NUMBERED = re.compile(r"(\d+)\. ")


class Missing(NamedTuple):
    """What is cited there, and does not exist."""

    file: str
    line: int
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: there is no {self.what}"


class Document:
    """A Markdown file, as far as others may cite it."""

    def __init__(self, text: str) -> None:
        self._text = _without(_FENCED, text)

    @cached_property
    def titles(self) -> list[str]:
        """The headings in plain words."""
        return [_plain(found["title"]) for found in _TITLE.finditer(self._text)]

    @cached_property
    def sections(self) -> set[str]:
        """The numbers of the headings that have one."""
        return {found[1] for title in self.titles if (found := _NUMBERED.match(title))}

    @cached_property
    def items(self) -> set[str]:
        """The numbers in its numbered lists."""
        return set(re.findall(r"^(\d+)\. ", self._text, re.M))

    @cached_property
    def anchors(self) -> set[str]:
        """What a link may name behind `#`."""
        found: set[str] = set()
        for title in self.titles:
            base, number = slug(title), 0
            anchor = base
            while anchor in found:
                number += 1
                anchor = f"{base}-{number}"
            found.add(anchor)
        return found


def slug(title: str) -> str:
    """A heading's anchor, by GitHub's rule."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _plain(title: str) -> str:
    title = re.sub(r"!?\[([^]]*)\]\([^)]*\)", r"\1", title)
    return " ".join(re.sub(r"[`*]", "", title).split())


class Prose(NamedTuple):
    """A text in which something may be cited, and the line of its file on which it begins.

    `is_whole`: people read it; else it is a string of a program.
    """

    line: int
    text: str
    is_whole: bool = True


class Repository:
    """The files below a directory, but for what others put there."""

    def __init__(self, root: Path, *, but: frozenset[str] = frozenset()) -> None:
        self._root, self._but = root, but
        self._documents: dict[Path, Document] = {}

    def missing(self) -> list[Missing]:
        """All that is cited and not there, in the order of files and lines."""
        return sorted({each for path in _files(self._root) for each in self._of_file(path)})

    def _of_file(self, path: Path) -> Iterator[Missing]:
        name = path.relative_to(self._root).as_posix()
        text = _read(path)
        if name in self._but or text is None or not (path.suffix == ".md" or _MAYBE.search(text)):
            return
        for prose in _prose(path, text):
            for offset, what in self._in_prose(path, prose):
                yield Missing(name, prose.line + prose.text.count("\n", 0, offset), what)

    def _in_prose(self, path: Path, prose: Prose) -> Iterator[tuple[int, str]]:
        for found in _MENTION.finditer(prose.text):
            is_citation = prose.is_whole or found["document"].startswith("docs/")
            if is_citation and self._find(path, found["document"]) is None:
                yield found.start(), found["document"]
        if not prose.is_whole:
            return
        yield from self._sections(path, prose.text)
        yield from self._decisions(path, prose.text)
        yield from self._rules(prose.text)
        if path.suffix == ".md":
            yield from self._links(path, prose.text)
            yield from self._own_sections(path, prose.text)

    def _sections(self, path: Path, text: str) -> Iterator[tuple[int, str]]:
        for found in chain.from_iterable(form.finditer(text) for form in _SECTION_OF):
            if (document := self._find(path, found["document"])) is not None:
                for number in _not_in(self._document(document).sections, found["numbers"]):
                    yield found.start(), f"section {number} of {self._name(document)}"
        for found in _HEADING_OF.finditer(text):
            if (document := self._find(path, found["document"])) is not None:
                heading = " ".join(found["heading"].split()).strip("“”\"'")
                titles = {title.lower() for title in self._document(document).titles}
                if heading.lower() not in titles:
                    yield found.start(), f"heading {heading!r} in {self._name(document)}"

    def _own_sections(self, path: Path, text: str) -> Iterator[tuple[int, str]]:
        """What a document whose sections have numbers says of no other, and of no RFC."""
        own = self._document(path).sections
        others = [found.span() for form in _SECTION_OF for found in form.finditer(text)]
        for found in _SECTION.finditer(text) if own else ():
            if not (found["rfc"] or any(a <= found.start() < b for a, b in others)):
                for number in _not_in(own, found["numbers"]):
                    yield found.start(), f"section {number} of {self._name(path)}"

    def _decisions(self, path: Path, text: str) -> Iterator[tuple[int, str]]:
        directory = self._root / "docs" / "decisions"
        forms = [_DECISION]
        if path.parent == directory:
            forms.append(_DECISION_AMONG_THEM)
        for found in chain.from_iterable(form.finditer(text) for form in forms):
            number = int(next(filter(None, found.groups())))
            if not any(directory.glob(f"{number:04}-*.md")):
                yield found.start(), f"decision {number:04}"

    def _rules(self, text: str) -> Iterator[tuple[int, str]]:
        protocol = self._root / "docs" / "machine-protocol.md"
        rules = self._document(protocol).items if protocol.is_file() else set()
        for found in _RULE.finditer(text):
            if found["number"] not in rules:
                yield found.start(), f"rule {found['number']} in {self._name(protocol)}"

    def _links(self, path: Path, text: str) -> Iterator[tuple[int, str]]:
        for found in _LINK.finditer(_without(_CODE, text)):
            target, _, anchor = unquote(found["target"] or found[2]).partition("#")
            if re.match(r"[A-Za-z][\w+.-]*:", target):
                continue
            there = self._within(path.parent / target if target else path)
            if there is None:
                yield found.start(), target
            elif anchor and there.suffix == ".md" and anchor not in self._document(there).anchors:
                yield found.start(), f"#{anchor} in {self._name(there)}"

    def _find(self, path: Path, document: str) -> Path | None:
        """As a path from the file that names it, from the root, or as a name of one of the docs."""
        for directory in (path.parent, self._root, self._root / "docs"):
            if (found := self._within(directory / document)) is not None:
                return found
        return None

    def _within(self, path: Path) -> Path | None:
        found = path.resolve()
        return found if found.exists() and found.is_relative_to(self._root.resolve()) else None

    def _document(self, path: Path) -> Document:
        path = path.resolve()
        if path not in self._documents:
            self._documents[path] = Document(path.read_text())
        return self._documents[path]

    def _name(self, path: Path) -> str:
        return path.resolve().relative_to(self._root.resolve()).as_posix()


def _not_in(known: set[str], cited: str) -> list[str]:
    return [number for number in re.findall(r"\d+", cited) if number not in known]


def _files(directory: Path) -> Iterator[Path]:
    for path in sorted(directory.iterdir()):
        if path.is_file() and path.name not in _LEFT_OUT:
            yield path
        elif path.is_dir() and not path.is_symlink() and _is_ours(path.name):
            yield from _files(path)


def _is_ours(name: str) -> bool:
    return name in _HIDDEN_BUT_OURS or not (name in _LEFT_OUT or name.startswith("."))


def _read(path: Path) -> str | None:
    """None where it is no text."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return None


def _prose(path: Path, text: str) -> Iterator[Prose]:
    if path.suffix == ".py":
        yield from _comments(text)
        yield from _strings(text)
    else:
        yield Prose(1, _without(_FENCED, text) if path.suffix == ".md" else _uncommented(text))


def _comments(text: str) -> Iterator[Prose]:
    """Lines of comment that follow each other are one text."""
    first, lines = 0, [""]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line = token.start[0]
            if line != first + len(lines):
                yield Prose(first, "\n".join(lines))
                first, lines = line, []
            lines.append(token.string.lstrip("#"))
    yield Prose(first, "\n".join(lines))


def _strings(text: str) -> Iterator[Prose]:
    tree = ast.parse(text)
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield Prose(node.lineno, node.value, is_whole=id(node) in alone)


def _uncommented(text: str) -> str:
    """Without the signs of comments that begin lines: a citation may go on in the next one."""
    return re.sub(r"^[ \t]*(?:#+|//)", lambda found: " " * len(found[0]), text, flags=re.M)


def _without(pattern: re.Pattern[str], text: str) -> str:
    """Blanks in the place of what matches; lines and offsets stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
