"""The console knows before it asks which routes want a confirmation."""

import re

from flask import Flask

from demo.console.paths import SOURCE

KNOWN = (SOURCE / "src" / "api" / "reauthenticationRoutes.ts").read_text()


def test_the_console_confirms_before_whatever_wants_it(app: Flask) -> None:
    document = app.test_client().get("/api/openapi.json").get_json()
    wanting = {
        f"{method.upper()} {path}"
        for path, methods in document["paths"].items()
        for method, route in methods.items()
        if isinstance(route, dict)  # else what they share
        and "ReauthenticationRequiredProblem" in str(route.get("responses", {}).get("403"))
    }
    assert wanting == set(re.findall(r"'((?:GET|POST|PUT|DELETE) /api/[^']+)'", KNOWN))
