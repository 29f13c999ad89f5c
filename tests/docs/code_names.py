"""Finds names of code that text uses and the repository does not have.

Text is comments, docstrings and Markdown. Three kinds of names are looked up: dotted names of our
packages (`app.services.tasks`), paths, and names in backticks that look like code, because they
have an underscore, a dot, a capital inside, or parentheses.
"""

import ast
import builtins
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

_WORD = re.compile(r"[A-Za-z_]\w*")
# Neither the end of an address or a path, nor its start.
_START, _END = r"(?<![\w@/.\-~$<>}*:])", r"(?![\w/@*-])"
_CODE = re.compile(r"`([^`\n]+)`")
_CODE_NAME = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*(?:\(\)|(?<!_))")  # `is_` is a prefix
_LOOKS_LIKE_CODE = re.compile(r"[_.]|\(\)$|[a-z][A-Z]")
_SUFFIXES = "(?:py|tsx?|mjs|css|sh|toml|html|json|yaml|in|txt|svg|png)"
_FILE = re.compile(
    rf"{_START}((?:[\w.-]+/)+[\w.-]+\.{_SUFFIXES}|[\w.-]+\.(?:py|tsx?|css))(?![\w/*])"
)
_FENCED = re.compile(r"^[ \t]*(```|~~~).*?^[ \t]*\1[ \t]*$", re.M | re.S)
_C_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_HASH_COMMENT = re.compile(r"(?<!\S)#[^\n]*")
_C_LIKE = (".ts", ".tsx", ".css", ".mjs", ".js")
_DATA = ("package-lock.json", ".jsonl", ".log", ".svg")
_LAYOUT = (tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT)


class Missing(NamedTuple):
    """A name that is used there, and does not exist."""

    file: str
    line: int
    name: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: there is no {self.name}"


class Text(NamedTuple):
    """A comment, a docstring or a document, and the line of its file on which it begins."""

    file: str
    line: int
    value: str


class CodeNames:
    """The names in some files below a root, and the texts that may use them. Of files in `but`,
    only the path counts.
    """

    def __init__(self, root: Path, files: Sequence[str], *, but: Sequence[str] = ()) -> None:
        self._root, self._files = root, files
        self._paths = "\n".join(f"/{file}" for file in files)
        self._words = set(dir(builtins)) | set(_WORD.findall(self._paths))
        self._texts: list[Text] = []
        for file in files:
            if file not in but:
                self._read(file)

    def missing(self) -> list[Missing]:
        """All names that are used and not there, in the order of files and lines."""
        return sorted({each for text in self._texts for each in self._in_text(text)})

    def _in_text(self, text: Text) -> Iterator[Missing]:
        for pattern, exists in (
            (self._dotted, self._has_dotted),
            (_FILE, self._has_path),
            (self._path, self._has_path),
            (_CODE, self._has_name),
        ):
            for found in pattern.finditer(text.value):
                if not exists(found[1]):
                    line = text.line + text.value.count("\n", 0, found.start())
                    yield Missing(text.file, line, found[1])

    @cached_property
    def _dotted(self) -> re.Pattern[str]:
        """A name below one of our packages."""
        packages = {file.split("/")[0] for file in self._files if file.endswith("/__init__.py")}
        return re.compile(rf"{_START}((?:{'|'.join(packages)})(?:\.[A-Za-z_]\w*)+){_END}")

    @cached_property
    def _path(self) -> re.Pattern[str]:
        """A path below one of our folders; a branch `muster/7-1` is none."""
        folders = {re.escape(file.split("/")[0]) for file in self._files if "/" in file}
        return re.compile(rf"{_START}((?:{'|'.join(folders)})/[A-Za-z_][\w./-]*\w)")

    @cached_property
    def _known_words(self) -> set[str]:
        """All words in code; the wire has snake_case in camelCase."""
        return self._words | {
            re.sub(r"_(\w)", lambda it: it[1].upper(), each) for each in self._words
        }

    def _has_dotted(self, name: str) -> bool:
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            base = "/".join(parts[:end])
            for file in (f"{base}.py", f"{base}/__init__.py"):
                if file in self._files:
                    return set(parts[end:]) <= _names_in(self._root / file)
            if end == len(parts) and self._has_path(base):
                return True
        return False

    def _has_path(self, path: str) -> bool:
        """Of a file or folder, from wherever; or of a decision, whose number is enough."""
        return re.search(rf"/{re.escape(path)}(?=[-./\n]|$)", self._paths) is not None

    def _has_name(self, code: str) -> bool:
        if not (_CODE_NAME.fullmatch(code) and _LOOKS_LIKE_CODE.search(code)):
            return True
        return set(code.removesuffix("()").split(".")) <= self._known_words

    def _read(self, file: str) -> None:
        path = self._root / file
        try:
            source = path.read_text()
        except (UnicodeDecodeError, IsADirectoryError):
            return
        if path.suffix == ".md":
            self._texts.append(Text(file, 1, _blank(_FENCED, source)))
        elif path.suffix == ".py":
            self._read_python(file, source)
        elif not file.endswith(_DATA):
            pattern = _C_COMMENT if path.suffix in _C_LIKE else _HASH_COMMENT
            self._words.update(_WORD.findall(_blank(pattern, source)))
            self._texts += [
                Text(file, source.count("\n", 0, found.start()) + 1, found[0])
                for found in pattern.finditer(source)
            ]

    def _read_python(self, file: str, source: str) -> None:
        before = tokenize.NEWLINE
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            is_docstring = token.type == tokenize.STRING and before in _LAYOUT
            if token.type == tokenize.COMMENT or is_docstring:
                self._texts.append(Text(file, token.start[0], token.string))
            else:
                self._words.update(_WORD.findall(token.string))
            # Inside parentheses, a line's end is no end of a statement.
            if token.type not in (tokenize.NL, tokenize.COMMENT):
                before = token.type


def _names_in(module: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        match node:
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name) | ast.ClassDef(name):
                names.add(name)
            case ast.Name(name) | ast.Attribute(_, name) | ast.alias(name, None):
                names.add(name)
            case ast.alias(_, str(name)):
                names.add(name)
    return names


def _blank(pattern: re.Pattern[str], text: str) -> str:
    """Blanks in the place of what matches; lines stay."""
    return pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
