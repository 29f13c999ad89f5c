"""What Schemathesis is told in Python: whose credentials to use. (The rest: schemathesis.toml.)

It runs beside the server, on the same database, and makes credentials for each call anew: a call
may have ended those of the one before.
"""

import json
import os
import re
import time
from typing import Any

import schemathesis

import config
from app.extensions import db
from app.factory import create_app
from tests.fuzz import world

HEALTHY_SECONDS = 5
ACTOR = os.environ["MUSTER_FUZZ_ACTOR"]
PERSONAL = json.loads(os.environ["MUSTER_FUZZ_TOKENS"])
app = create_app(config.load() | {"LOG_LEVEL": "ERROR"})


@schemathesis.auth(refresh_interval=None)
class Credential:
    healed_at = 0.0

    def get(self, case: Any, _: Any) -> str | None:
        schemes = {name for one in case.operation.definition.raw["security"] for name in one}
        with app.app_context():
            try:
                self._heal(case)
                return world.credential(ACTOR, schemes, PERSONAL)
            finally:
                db.session.remove()

    def _heal(self, case: Any) -> None:
        """Reads end nothing, and are most of the calls."""
        if time.monotonic() - self.healed_at > HEALTHY_SECONDS:
            world.heal(ACTOR)
            self.healed_at = time.monotonic()
        if case.method.upper() != "GET":
            self.healed_at = 0.0

    def set(self, case: Any, credential: str | None, _: Any) -> None:
        if credential is not None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {credential}"}


# As a list gives them out; anything else that looks like one is made up.
CURSOR = re.compile(r"[\w-]+\.[\w-]{27}")


@schemathesis.hook
def before_call(_: Any, case: Any, __: dict[str, Any]) -> None:
    """Cursors are signed: one that is made up is refused, though the document cannot say so. And
    browsers' sessions are for pages of ours.
    """
    if case.path.startswith("/api/auth/browser/"):
        case.headers = {**(case.headers or {}), "Origin": world.PAGE}
    cursor = (case.query or {}).get("cursor")
    if isinstance(cursor, str) and not CURSOR.fullmatch(cursor):
        del case.query["cursor"]


# Schemathesis takes all of U+20D0-20FF for \p{M}; these of them are no characters yet.
UNASSIGNED = re.compile(r"\\u20f[1-9a-f]")


@schemathesis.hook
def filter_body(_: Any, body: Any) -> bool:
    return not UNASSIGNED.search(ascii(body))
