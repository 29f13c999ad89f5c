"""docs/contract.md, as tests read it: its table of routes, its lines about routes, its shapes.

A shape is written like `{id, name?, role?(member|maintainer)=member, task: Task|null, tags[]}`; the
page says in section 1 what that means.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import config

PAGE = Path(config.__file__).parent / "docs" / "contract.md"

_ROW = re.compile(r"\| (GET|POST|PUT|DELETE|WS) \| (/\S*) \| ([a-z, ]+) \| (\d+) \|")
_LINE = re.compile(
    r"- `(?P<method>GET|POST|PUT|DELETE|WS) (?P<path>/[^ ?`]*)(?:\?(?P<query>[^`]*))?`"
    r"(?: (?P<body>`\{[^`]*\}`|\*\*\w+\*\*))?"
    r"(?: → (?P<statuses>\d{3}(?:,? (?:or )?\d{3})*)?,? ?(?P<answer>[^.]*))?"
)
_ANSWER = re.compile(
    r"(?P<list>(?:cursor|offset) list of )?(?P<what>`\{[^`\"]*\}`|\*\*\w+\*\*)"
    r"(?: and (?P<more>`\{[^`]*\}`))?"
)
_SHAPE = re.compile(
    r"^(\w+) = (?:(\w+)((?: - \w+)*) \+ )?(\{[^\n]*\}|\{.*?^\})$", re.MULTILINE | re.DOTALL
)
_TOKEN = re.compile(r"\s*([A-Za-z_]\w*|\?|=[\w.]+|\([^)]*\)|\[|\]|\{|\}|:|\|null|,)")


class Row(NamedTuple):
    """A line of the table in section 15."""

    method: str
    path: str
    who: str
    section: int


@dataclass(frozen=True)
class Field:
    """What is said of a field. `is_list`: a list of what `below` says; `is_map`: a mapping.

    `below` is the name of a shape, or its fields; None: nothing is said.
    """

    name: str
    is_optional: bool = False
    is_nullable: bool = False
    is_list: bool = False
    is_map: bool = False
    default: str | None = None
    words: frozenset[str] = frozenset()
    below: "str | Fields | None" = None


Fields = dict[str, Field]


class Line(NamedTuple):
    """What the page says of a route, where it describes it. Of what is no JSON `answer` is None."""

    method: str
    path: str
    section: int
    query: frozenset[str]
    body: str | Fields | None
    statuses: frozenset[str]
    list_kind: str
    answer: str | Fields | None
    more: Fields


@cache
def text() -> str:
    return PAGE.read_text()


def section(number: int) -> str:
    """The text of that section."""
    _, _, rest = text().partition(f"\n## {number}. ")
    assert rest, f"there is no section {number}"
    return rest.partition("\n## ")[0]


def sections() -> set[int]:
    return {int(number) for number in re.findall(r"^## (\d+)\. ", text(), re.MULTILINE)}


def rows() -> list[Row]:
    """The table of routes."""
    found = _ROW.findall(section(15))
    return [Row(method, path, who, int(number)) for method, path, who, number in found]


def table(number: int, heading: str) -> list[list[str]]:
    """The cells of that table's rows, in that section; `heading` is how its first line begins."""
    _, _, rest = section(number).partition(f"\n{heading}")
    assert rest, f"section {number} has no table {heading!r}"
    lines = rest.partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def words(markdown: str) -> list[str]:
    """What stands in `…` there, word by word."""
    return re.findall(r"`([^`]*)`", markdown)


def lines() -> list[Line]:
    """All lines that describe a route."""
    return [line for number in sorted(sections()) for line in _lines(number)]


def _lines(number: int) -> Iterator[Line]:
    for item in re.split(r"\n(?=- |\n)", section(number)):
        found = _LINE.match(" ".join(item.split()))
        if found is None:
            continue
        answer = _ANSWER.match(found["answer"] or "")
        yield Line(
            found["method"],
            found["path"],
            number,
            frozenset(found["query"].split("&") if found["query"] else ()),
            _named_or_shape(found["body"]),
            frozenset(re.findall(r"\d{3}", found["statuses"] or "200")),
            (answer["list"] or "").partition(" ")[0] if answer else "",
            _named_or_shape(answer["what"]) if answer else None,
            parse(answer["more"].strip("`")) if answer and answer["more"] else {},
        )


def _named_or_shape(markdown: str | None) -> str | Fields | None:
    if markdown is None:
        return None
    return markdown.strip("*") if markdown.startswith("*") else parse(markdown.strip("`"))


def shapes() -> dict[str, Fields]:
    """All that stand as `Name = {…}`, by name."""
    found: dict[str, Fields] = {}
    for name, base, less, shape in _SHAPE.findall(text()):
        assert name not in found, f"{name} is shown twice"
        found[name] = (found[base] if base else {}) | parse(shape)
        for left_out in less.split(" - ")[1:]:
            found[name].pop(left_out)
    return found


def parse(shape: str) -> Fields:
    """The fields of `{…}`. Raises ValueError."""
    tokens = _tokens(shape)
    fields = _fields(tokens)
    if tokens:
        raise ValueError(f"something follows the shape: {tokens}")
    return fields


def _tokens(shape: str) -> list[str]:
    found, at = [], 0
    while at < len(shape.rstrip()):
        token = _TOKEN.match(shape, at)
        if token is None:
            raise ValueError(f"not a shape: {shape[at : at + 40]!r}")
        found.append(token[1])
        at = token.end()
    return found


def _fields(tokens: list[str]) -> Fields:
    _expect(tokens, "{")
    found: Fields = {}
    while tokens[0] != "}":
        field = _field(tokens)
        found[field.name] = field
        if tokens[0] == ",":
            tokens.pop(0)
    tokens.pop(0)
    return found


def _field(tokens: list[str]) -> Field:
    about: dict[str, object] = {"name": tokens.pop(0)}
    while tokens[0] not in (",", "}"):
        match tokens[0]:
            case "?":
                about["is_optional"] = bool(tokens.pop(0))
            case "|null":
                about["is_nullable"] = bool(tokens.pop(0))
            case ":":
                tokens.pop(0)
                about["below"] = tokens.pop(0)
            case "{":
                below = _fields(tokens)
                about |= {"below": below} if below else {"is_map": True}
            case "[":
                about |= {"is_list": True, "below": _items(tokens)}
            case token if token.startswith("="):
                about["default"] = tokens.pop(0)[1:]
            case token if token.startswith("("):
                about["words"] = frozenset("".join(tokens.pop(0)[1:-1].split()).split("|"))
            case token:
                raise ValueError(f"{token!r} does not follow {about['name']!r}")
    return Field(**about)  # type: ignore[arg-type]


def _items(tokens: list[str]) -> str | Fields | None:
    _expect(tokens, "[")
    below: str | Fields | None = None
    if tokens[0] == "{":
        below = _fields(tokens)
    elif tokens[0] != "]":
        below = tokens.pop(0)
    _expect(tokens, "]")
    return below


def _expect(tokens: list[str], wanted: str) -> None:
    if not tokens or tokens.pop(0) != wanted:
        raise ValueError(f"{wanted!r} is missing")
