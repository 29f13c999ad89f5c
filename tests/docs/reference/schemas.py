"""The section on schemas: one table for each, with the fields that another one doesn't have."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.docs.reference.field_types import Schema, describe_type
from tests.docs.reference.markdown import (
    format_code,
    format_sentence,
    format_table,
    join_blocks,
    link_schema,
)
from tests.docs.reference.texts import format_intro

# A schema that repeats most fields of another is shown by its difference.
BASES = {
    "Activity": "Event",
    "CreatedPersonalToken": "PersonalToken",
    "CreatedTask": "Task",
    "CreatedToken": "EnrollmentToken",
    "Credentials": "WorkerJwt",
    "DrainedMachine": "Machine",
    "ListedProject": "Project",
    "ListedTask": "Task",
    "NewProject": "ProjectUpdate",
    "ReviewCommentInput": "NewReviewComment",
    "SavedProject": "Project",
    "TaskDetail": "Task",
    "TaskListItem": "ListedTask",
}
EMPTY = "Empty"
PROBLEM = {"type", "title", "status", "detail", "code"}
CURSOR, OFFSET = {"items", "nextCursor"}, {"items", "total", "limit", "offset"}


class ListPage(NamedTuple):
    """A schema that is a page of a list. `more` are its fields beside the list's own."""

    kind: str
    item: Schema
    more: list[str]


def find_list_page(schema: Schema) -> ListPage | None:
    """What kind of list the schema is a page of, if it is one."""
    names = schema.get("properties", {}).keys()
    for kind, own in (("cursor", CURSOR), ("offset", OFFSET)):
        if own <= names:
            more = [name for name in schema["properties"] if name not in own]
            return ListPage(kind, schema["properties"]["items"]["items"], more)
    return None


def is_problem(schema: Schema) -> bool:
    """Whether the schema is that of a problem document."""
    return bool(schema.get("properties", {}).keys() >= PROBLEM)


def list_shown(schemas: dict[str, Schema]) -> list[str]:
    """The names of the schemas with a table: no pages of lists, no problems, not the empty one."""
    return sorted(
        name
        for name, schema in schemas.items()
        if name != EMPTY and not is_problem(schema) and not find_list_page(schema)
    )


def render(schemas: dict[str, Schema]) -> str:
    return join_blocks(
        format_intro("schemas"), *(_render_one(name, schemas) for name in list_shown(schemas))
    )


def _render_one(name: str, schemas: dict[str, Schema]) -> str:
    own = _fields(schemas[name])
    base = BASES.get(name)
    lines = [f"### {name}"]
    if base:
        inherited = _fields(schemas[base])
        missing = [field for field in inherited if field not in own]
        own = {field: row for field, row in own.items() if inherited.get(field) != row}
        but = f" except {format_code(missing)}" if missing else ""
        lines.append(f"The fields of {link_schema(base)}{but}{', and:' if own else '.'}")
    rows = [(_name_cell(field, *row), *_type_cells(row[0])) for field, row in own.items()]
    if rows:
        lines.append(format_table(("field", "type", "description"), rows))
    elif not base:
        lines.append("No fields.")
    return join_blocks(*lines)


def _fields(schema: Schema) -> dict[str, tuple[Schema, bool]]:
    """Each field's schema, and whether it is required."""
    required = schema.get("required", ())
    return {name: (field, name in required) for name, field in schema["properties"].items()}


def _name_cell(name: str, _schema: Schema, is_required: bool) -> str:
    return f"`{name}`" if is_required else f"`{name}?`"


def _type_cells(schema: Schema) -> Iterator[str]:
    yield describe_type(schema)
    yield format_sentence(describe(schema))


def describe(schema: Any) -> str:
    return str(schema.get("description", ""))
