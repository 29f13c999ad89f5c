"""The console knows before it asks which routes want a confirmation."""

import re
from typing import Any

from flask import Flask

from demo.console.paths import SOURCE

KNOWN = (SOURCE / "src" / "api" / "reauthenticationRoutes.ts").read_text()


def codes(document: dict[str, Any], answer: dict[str, str] | None) -> list[str]:
    """The codes of a problem's description, which refers to its schema."""
    if answer is None or "$ref" not in answer:
        return []
    name = answer["$ref"].rpartition("/")[2]
    schema = document["components"]["schemas"][name]
    found: list[str] = schema["properties"]["code"]["enum"]
    return found


def test_the_console_confirms_before_whatever_wants_it(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    wanting = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, route in methods.items()
        if isinstance(route, dict)  # else what they share
        and "reauthentication_required" in codes(document, route.get("responses", {}).get("403"))
    }
    assert wanting == set(re.findall(r"'((?:GET|POST|PUT|DELETE) /api/[^']+)'", KNOWN))
