"""The fields that `--json` accepts, by command, and their types.

`json_schema.json` next to this file records them: scripts rely on it. After a deliberate change,
update it with `python -m tests.muster.cli.json_schema DOCUMENT`, where DOCUMENT is the server's
openapi.json.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from muster.cli import app, fields
from muster.cli.output import OutputSpec

# Commands whose output isn't one of the contract's schemas: the schema of most fields, and the
# other fields.
_PUT_TOGETHER: dict[str, tuple[str, dict[str, str]]] = {
    "admin tokens status": ("TokenStatus", {}),
    "config list": (
        "",
        {
            **dict.fromkeys(("name", "server", "user", "tokens"), "string"),
            "caFile": "null|string",
            "current": "boolean",
        },
    ),
    "machine add": (
        "CreatedToken",
        {"connectedAt": "null|string", "agents": "array", "machine": "null|object"},
    ),
    "machine drain": ("PlannedTask", {"machine": "string"}),
    "search": (
        "",
        {"kind": "string", "id": "integer|string", "name": "string", "status": "string"},
    ),
    "setup": (
        "",
        {
            **dict.fromkeys(("step", "state", "command"), "string"),
            **dict.fromkeys(("detail", "reason"), "null|string"),
        },
    ),
    "status": (
        "Stats",
        {"server": "string", "version": "string", "ready": "boolean", "missing": "array"},
    ),
    "task why": ("TaskDetail", {}),
    "whoami": ("Profile", {"server": "string"}),
}
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "object": (dict,),
    "array": (list,),
    "null": (type(None),),
}
COMMITTED = Path(__file__).with_suffix(".json")


def commands(command: click.Command, path: tuple[str, ...] = ()) -> dict[str, click.Command]:
    """Return all commands by command line, without groups."""
    if not isinstance(command, click.Group):
        return {" ".join(path): command}
    ctx = click.Context(command)
    found: dict[str, click.Command] = {}
    for name in command.list_commands(ctx):
        below = command.get_command(ctx, name)
        assert below is not None
        found |= commands(below, (*path, name))
    return found


def name_of(words: Sequence[str], names: Iterable[str]) -> str:
    """Return the command of a command line: the longest name that it starts with."""
    line = " ".join(words) + " "
    return max((name for name in names if line.startswith(f"{name} ")), key=len)


def mismatches(item: Mapping[str, Any], shape: Mapping[str, str]) -> list[str]:
    """Return an item's differences from its schema."""
    wrong = [f"{field} is in one of the two alone" for field in item.keys() ^ shape.keys()]
    for field in item.keys() & shape.keys():
        if not _fits(item[field], shape[field]):
            wrong.append(f"{field} is {shape[field]}, and came as {item[field]!r}")
    return wrong


def _fits(value: object, kind: str) -> bool:
    allowed = {type_ for name in kind.split("|") for type_ in _TYPES[name]}
    return type(value) in allowed


def printed(command: click.Command) -> OutputSpec | None:
    """Return a command's output spec; None if it has no JSON output."""
    at: Any = command.callback
    while at is not None:
        if isinstance(found := getattr(at, "printed", None), OutputSpec):
            return found
        at = getattr(at, "__wrapped__", None)
    return None


def of_all(document: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return each JSON command's fields and their types, from the server's document."""
    schemas = document["components"]["schemas"]
    shapes = {value: _camel(name) for name, value in vars(fields).items() if name.isupper()}
    found = {}
    for name, command in sorted(commands(app.command).items()):
        how = printed(command)
        if how is not None:
            of, beside = _PUT_TOGETHER.get(name) or (shapes[how.fields], {})
            shape = schemas[of]["properties"] if of else {}
            kinds = {field: _kind(schema) for field, schema in shape.items()} | beside
            found[name] = {field: kinds[field] for field in how.fields}
    return found


def _camel(name: str) -> str:
    return "".join(word.title() for word in name.split("_"))


def _kind(schema: dict[str, Any]) -> str:
    if "$ref" in schema or "allOf" in schema:
        return "object"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return "|".join(sorted({_kind(one) for one in schema[union]}))
    schema_type = schema.get("type", "string" if "enum" in schema else "any")
    return "|".join(sorted(schema_type)) if isinstance(schema_type, list) else str(schema_type)


if __name__ == "__main__":
    entries = of_all(json.loads(Path(sys.argv[1]).read_text()))
    COMMITTED.write_text(json.dumps(entries, indent=1) + "\n")
