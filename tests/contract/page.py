"""docs/reference.md, as tests read it: routes, shapes, codes, and all other tables.

The page is generated, so its own tables are no expectations: those are in the tables beside this
module (`rights_table`, `scopes_table`, `codes_table`, …) and in the OpenAPI document.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import config

DOCS = Path(config.__file__).parent / "docs"
REFERENCE, CONTRACT = "reference.md", "contract.md"
METHODS = ("GET", "POST", "PUT", "DELETE", "WS")

_HEADING = re.compile(r"^### (?P<title>.+)$", re.MULTILINE)
_LINK = re.compile(r"\[(\w+)\]\(#[\w-]+\)")
_BASE = re.compile(
    r"^The fields of \[(\w+)\]\(#[\w-]+\)(?: except ([\w` ]+?))?(?:, and:|\.)$", re.M
)
_LIST = re.compile(r"(cursor|offset) list of ")
_SPLIT = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Field:
    """A field of a shape. `is_list`: a list of what `below` says; `is_map`: a mapping.

    `below` is the name of a shape, `words` are the values that there are.
    """

    name: str
    is_optional: bool = False
    is_nullable: bool = False
    is_list: bool = False
    is_map: bool = False
    default: str | None = None
    words: frozenset[str] = frozenset()
    below: str | None = None


Fields = dict[str, Field]


class Line(NamedTuple):
    """What the page says of a route. Of what is no JSON `answer` is None."""

    method: str
    path: str
    group: str
    access: str
    scope: str
    query: frozenset[str]
    body: str | None
    statuses: frozenset[str]
    list_kind: str
    answer: str | None
    more: frozenset[str]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@cache
def text(document: str = REFERENCE) -> str:
    return (DOCS / document).read_text()


def section(heading: str, document: str = REFERENCE) -> str:
    """The text below that heading of the second level."""
    _, _, rest = text(document).partition(f"\n## {heading}\n")
    assert rest, f"{document} has no section {heading}"
    return rest.partition("\n## ")[0]


def table(section_text: str, head: str) -> list[list[str]]:
    """The cells of that table's rows; `head` is how its first line begins."""
    _, _, rest = f"\n{section_text}".partition(f"\n{head}")
    assert rest, f"there is no table {head!r}"
    return [_cells(line) for line in rest.partition("\n\n")[0].splitlines()[2:]]


def _cells(line: str) -> list[str]:
    cells = _SPLIT.split(line.strip())[1:-1]
    return [cell.strip().replace(r"\|", "|") for cell in cells]


def words(markdown: str) -> list[str]:
    """What stands in `…` there, word by word."""
    return re.findall(r"`([^`]*)`", markdown)


# ---- routes --------------------------------------------------------------------------------------


@cache
def lines() -> list[Line]:
    """All lines of the tables of routes."""
    return [
        _line(group, cells)
        for group, block in _blocks(section("Routes"))
        if "\n| route |" in block
        for cells in table(block, "| route |")
    ]


def _blocks(section_text: str) -> Iterator[tuple[str, str]]:
    """The headings of the third level in a section, and what is below each."""
    found = list(_HEADING.finditer(section_text))
    ends = [each.start() for each in found[1:]] + [len(section_text)]
    for each, end in zip(found, ends, strict=True):
        yield each["title"], section_text[each.end() : end]


def _line(group: str, cells: list[str]) -> Line:
    route, _purpose, access, scope, takes, returns, _problems = cells
    method, path = route.strip("`").split()
    of_list, links = _LIST.search(returns), _LINK.findall(returns)
    return Line(
        method,
        path,
        group,
        access,
        scope.strip("`"),
        frozenset(word[1:] for word in words(takes) if word.startswith("?")),
        _shape(takes),
        frozenset(re.findall(r"\b\d{3}\b", returns)) or frozenset({"200"}),
        of_list[1] if of_list else "",
        links[0] if links else _shape(returns),
        frozenset(words(returns.partition(") and ")[2])),
    )


def _shape(cell: str) -> str | None:
    """The name of the shape in that cell; `Empty` is written as {}."""
    links = _LINK.findall(cell)
    if links:
        return str(links[0])
    return "Empty" if "`{}`" in cell else None


# ---- shapes --------------------------------------------------------------------------------------


@cache
def shapes() -> dict[str, Fields]:
    """All shapes, by name."""
    blocks = dict(_blocks(section("Schemas")))
    return {name: _fields(name, blocks) for name in blocks}


def _fields(name: str, blocks: dict[str, str]) -> Fields:
    found: Fields = {}
    block = blocks[name]
    if base := _BASE.search(block):
        found = _fields(base[1], blocks)
        for left_out in words(base[2] or ""):
            del found[left_out]
    if "\n| field |" in block:
        found |= {field.name: field for field in map(parse, table(block, "| field |"))}
    return found


def parse(cells: list[str]) -> Field:
    """A field, of its row."""
    name, type_, _description = cells
    name = name.strip("`")
    core, *limits = type_.split(", ")
    defaults = [words(limit)[0] for limit in limits if limit.startswith("default ")]
    bare = core.removesuffix(" or null")
    is_map = bare.split()[0] == "map"
    links = _LINK.findall(bare)
    return Field(
        name.removesuffix("?"),
        is_optional=name.endswith("?"),
        is_nullable=core != bare,
        is_list=bare.startswith("list of "),
        is_map=is_map,
        default=defaults[0] if defaults else None,
        words=frozenset() if is_map else frozenset(words(bare)),
        below=links[0] if links and not is_map else None,
    )
