"""Names of functions, classes, modules and folders are the field's, and each is given once.

A name is split at capitals and underscores before it is compared.
"""

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
APP = ROOT / "app"

# Until the renames are done, what is found is printed and nothing fails.
IS_STRICT = True

WHOLE_NAMES = re.compile(
    r"^_?(told|said|says?|hear[ds]?|of|take[ns]?|looks?|keeps?|kept|held|begun|gone|over|shown|until"
    r"|go(es)?_on|let_go|hang_up)$"
)
WORDS = re.compile(
    r"(^|_)(rooms?|wish(es)?|doors?|visits?|strangers?|lookers?|desks?|stints?|rehears\w*"
    r"|fore(sight|seen)|believ\w+|unwell|wellness|narrat\w+|tell(er|ing)s?|glances?|outlooks?"
    r"|troubles?|faults?|standings?|moments?|patience|most|longest)(_|$)"
)

EXCEPTIONS: dict[str, str] = {}
"""Names that match and stay, with the reason."""

MAX_LOCALS = 40
"""Variables and parameters that are called `said` or `told`, of each."""

TYPESCRIPT = re.compile(
    r"\bfunction\*?\s+(\w+)\s*[(<]"
    r"|^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?(?:class|interface|type|enum)\s+(\w+)\b"
    r"(?=\s*[{=<]|\s+extends\s|\s+implements\s)"
    r"|\bconst\s+(\w+)\s*(?::[^=\n]+)?=\s*(?:async\s*)?(?:\([^)\n]*\)|\w+)\s*(?::[^=\n]+)?=>",
    re.MULTILINE,
)
"""Definitions; the words `type` and `class` inside a text are none."""


class Definitions(NamedTuple):
    """What a file defines. `variables`: how often each is assigned, or a parameter."""

    names: list[str]
    variables: Counter[str]


class Name(NamedTuple):
    path: str
    name: str

    def __str__(self) -> str:
        return f"{self.path}: {self.name}"


def snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def is_private_language(name: str) -> bool:
    words = snake_case(name)
    return bool(WHOLE_NAMES.match(words) or WORDS.search(words))


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.check_output(["git", "ls-files", *patterns], cwd=ROOT, text=True)
    return [path for path in listed.splitlines() if (ROOT / path).is_file()]


@cache
def definitions(path: str) -> Definitions:
    """The functions and classes of a file; of Python its variables, too."""
    text = (ROOT / path).read_text()
    found = Definitions([], Counter())
    if not path.endswith(".py"):
        found.names.extend(match[match.lastindex or 0] for match in TYPESCRIPT.finditer(text))
        return found
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.names.append(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.variables[node.id] += 1
        elif isinstance(node, ast.arg):
            found.variables[node.arg] += 1
    return found


def names() -> Iterator[Name]:
    for path in tracked("*.py", "console/*.ts", "console/*.tsx"):
        if path.startswith("migrations/versions/") or path.endswith(".d.ts"):
            continue
        *folders, file = path.split("/")
        yield from (Name(path, part) for part in (*folders, file.split(".")[0]))
        yield from (Name(path, name) for name in definitions(path).names)


def test_names_are_the_fields() -> None:
    found = [str(name) for name in names() if is_private_language(name.name)]
    found = sorted({name for name in found if name.split(": ")[1] not in EXCEPTIONS})
    if IS_STRICT:
        assert found == []
    sys.stdout.write("\n".join([f"{len(found)} names to replace", *found, ""]))


def test_few_locals_are_called_said_or_told() -> None:
    files = [definitions(path).variables for path in tracked("*.py")]
    counted = {name: sum(variables[name] for variables in files) for name in ("said", "told")}
    if IS_STRICT:
        assert max(counted.values()) < MAX_LOCALS
    sys.stdout.write(f"{counted}\n")


def test_no_public_class_name_is_given_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for layer in ("domain", "services"):
        for path in sorted((APP / layer).rglob("*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                    places[node.name].append(str(path.relative_to(APP)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
