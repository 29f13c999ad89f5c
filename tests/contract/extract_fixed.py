"""Writes `fixed.json`: what the original API fixes, as it was before the language release.

    python -m tests.contract.extract_fixed

Its routes are those listed here. Of their queries, bodies and answers it takes each field, value
and code that today's OpenAPI document has and that the first contract page in this repository's
history named; of both terminal sockets the frames and close codes. What the release itself renames
is in `RENAMED`. Run once: `fixed.json` stays as it was written, and `test_fixed.py` holds the
server to it.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.chat.commands import Verb
from app.domain.task import EventType
from muster.protocol import frames, terminal
from tests.conftest import NOWHERE, SECRETS

FILE = Path(__file__).with_name("fixed.json")
ROOT = Path(__file__).parents[2]
FIRST_PAGE = "a3589222:docs/contract.md"

ROUTES = """
POST /api/auth/{login refresh logout}
GET /api/web/tasks
POST /api/web/tasks
GET /api/web/tasks/:taskId
POST /api/web/tasks/:taskId/{cancel retry confirm-stage pty-token}
GET /api/web/tasks/:taskId/{events logs pending-confirm}
GET /api/web/machines
GET /api/web/machines/:machineId
GET /api/web/machines/:machineId/tasks
POST /api/web/machines/:machineId/{drain undrain}
GET /api/web/projects
GET /api/web/projects/-/developers
GET /api/web/projects/:projectKey
PUT /api/web/projects/:projectKey
GET /api/web/projects/:projectKey/members
POST /api/web/projects/:projectKey/members
DELETE /api/web/projects/:projectKey/members
GET /api/web/profile
PUT /api/web/profile
PUT /api/web/profile/password
POST /api/web/profile/totp/{setup verify}
GET /api/web/profile/tokens
POST /api/web/profile/tokens
POST /api/web/profile/tokens/:tokenId/revoke
GET /api/web/workspaces/:taskId
POST /api/web/workspace-tunnel/:taskId/{start stop}
GET /api/web/workspace-tunnel/:taskId/status
GET /api/web/dashboard/{stats recent-tasks recent-activity}
GET /api/web/notifications
POST /api/web/notifications/:notificationId/read
POST /api/web/notifications/read-all
GET /api/web/search
GET /api/admin/developers
POST /api/admin/developers
PUT /api/admin/developers/:developerId
PUT /api/admin/developers/:developerId/reset-totp
GET /api/admin/projects
POST /api/admin/projects
PUT /api/admin/projects/:projectKey
DELETE /api/admin/projects/:projectKey
GET /api/admin/projects/:projectKey/members
POST /api/admin/projects/:projectKey/members
DELETE /api/admin/projects/:projectKey/members
GET /api/admin/worker-tokens
POST /api/admin/worker-tokens
POST /api/admin/worker-tokens/:tokenId/revoke
GET /api/admin/worker-tokens/:tokenId/status
GET /api/admin/machines
PUT /api/admin/machines/:machineId
DELETE /api/admin/machines/:machineId
GET /api/admin/bots
POST /api/admin/bots
DELETE /api/admin/bots/:botId
GET /api/admin/bots/:botId/bindings
POST /api/admin/bots/:botId/bindings
DELETE /api/admin/bots/:botId/bindings
GET /api/admin/audit-logs
GET /api/admin/settings
PUT /api/admin/settings
GET /api/workers/healthz
POST /api/workers/{register refresh-token recover}
"""
SOCKETS = ("WS /ws/pty/:taskId", "WS /api/workers/pty/:taskId")

RENAMED = frozenset(
    {
        *("acts", "begunAt", "diffSeconds", "excused", "faultCodes", "faults", "keptBy"),
        *("logMegabytes", "machine_taken", "may", "nextAct", "quotaElsewhere", "room", "said"),
        *("says", "seen", "then", "troubles", "waitsFor"),
    }
)

Schema = dict[str, Any]


def routes() -> Iterator[str]:
    """`GET /api/web/tasks/:taskId/logs`"""
    for line in ROUTES.strip().splitlines():
        prefix, _, names = line.partition("{")
        yield from (prefix + name for name in names.rstrip("}").split()) if names else [line]


def frame_fields() -> dict[str, list[str]]:
    """Fields of the frames of both terminal sockets, by tag, as they are sent."""
    found: dict[str, set[str]] = {}
    for kind in terminal.TerminalFrame.__subclasses__():
        info = msgspec.inspect.type_info(kind)
        assert isinstance(info, msgspec.inspect.StructType)
        names = [field.encode_name for field in info.fields]
        # Two ends of one socket use the same tag for different frames.
        found.setdefault(str(info.tag), set()).update(names)
    return {tag: sorted(names) for tag, names in sorted(found.items())}


def close_codes() -> dict[str, list[int]]:
    return {
        "terminal": sorted(constants_of(terminal.CloseCode)),
        "control": sorted(constants_of(frames.CloseCode)),
    }


def constants_of(kind: type) -> set[int]:
    return {value for name, value in vars(kind).items() if name.isupper()}


class Surface:
    """Reads the fixed part of an OpenAPI document."""

    def __init__(self, document: Schema) -> None:
        self._document = document
        self._schemas: dict[str, Schema] = document["components"]["schemas"]

    def operation(self, route: str) -> Schema:
        method, _, path = route.partition(" ")
        by_shape = {_shape(path): item for path, item in self._document["paths"].items()}
        found: Schema = by_shape[_shape(path)][method.lower()]
        return found

    def describe(self, route: str) -> Schema:
        """Its parts by name: fields as `items[].status`, and the values of those with an enum."""
        operation = self.operation(route)
        query = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
        described: Schema = {
            "query": {each["name"]: _values(each["schema"]) for each in query},
            "body": self._contents(operation.get("requestBody", {})),
            "answer": {},
            "codes": sorted(self._codes(operation)),
        }
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                described["answer"] |= self._contents(response)
        return described

    def _contents(self, part: Schema) -> Schema:
        media = part.get("content", {}).get("application/json")
        return dict(self._fields(media["schema"], "", ())) if media else {}

    def _fields(
        self, schema: Schema, path: str, above: tuple[str, ...]
    ) -> Iterator[tuple[str, Any]]:
        for each in _choices(schema):
            if "$ref" in each:
                name = each["$ref"].rpartition("/")[2]
                if name not in above:  # a schema may contain itself
                    yield from self._fields(self._schemas[name], path, (*above, name))
            elif "items" in each:
                yield from self._fields(each["items"], f"{path}[]", above)
            else:
                for name, below in each.get("properties", {}).items():
                    inner = f"{path}.{name}" if path else name
                    yield inner, _values(below)
                    yield from self._fields(below, inner, above)

    def _codes(self, operation: Schema) -> Iterator[str]:
        for status, response in operation["responses"].items():
            name = response.get("$ref", "").rpartition("/")[2]
            if not status.startswith("2") and name:
                response = self._document["components"]["responses"][name]
            for media in response.get("content", {}).values():
                yield from self._codes_in(media.get("schema", {}))

    def _codes_in(self, schema: Schema) -> Iterator[str]:
        for each in _choices(schema):
            if "$ref" in each:
                each = self._schemas[each["$ref"].rpartition("/")[2]]
            code = each.get("properties", {}).get("code", {})
            yield from code.get("enum", ())


def _choices(schema: Schema) -> list[Schema]:
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return [inner for choice in schema[key] for inner in _choices(choice)]
    return [schema]


def _values(schema: Schema) -> list[str]:
    """Those of an enum, of the field itself or of each in its list."""
    found = [
        value
        for each in _choices(schema)
        for value in [*each.get("enum", ()), *each.get("items", {}).get("enum", ())]
        if isinstance(value, str)
    ]
    return sorted(found)


def _shape(path: str) -> str:
    return re.sub(r"\{\w+\}|:\w+", "*", path)


def read_document() -> Schema:
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "openapi"]
    env = {**os.environ, **SECRETS, **NOWHERE}
    printed = subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    found: Schema = json.loads(printed.stdout)
    return found


def _known_names() -> frozenset[str]:
    page = subprocess.check_output(["git", "show", FIRST_PAGE], cwd=ROOT, text=True)
    return frozenset(re.findall(r"\w+", page)) - RENAMED


def _only(described: Schema, known: frozenset[str]) -> Schema:
    """What of a route's parts the first page named."""
    kept: Schema = {"codes": [code for code in described["codes"] if code in known]}
    for part in ("query", "body", "answer"):
        fields = {
            field: [value for value in values if value in known]
            for field, values in described[part].items()
            if all(name in known for name in re.findall(r"\w+", field))
        }
        if fields:
            kept[part] = dict(sorted(fields.items()))
    return kept


def main() -> None:
    surface, known = Surface(read_document()), _known_names()
    fixed = {
        "routes": {route: _only(surface.describe(route), known) for route in routes()},
        "sockets": list(SOCKETS),
        "frames": frame_fields(),
        "closeCodes": close_codes(),
        "events": sorted(kind for kind in EventType if kind in known),
        "chatCommands": sorted(verb for verb in Verb if verb in known),
    }
    FILE.write_text(json.dumps(fixed, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
