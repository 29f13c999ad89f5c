"""Server processes."""

import uuid
from datetime import timedelta
from typing import Any

from app.models import ServerProcess
from tests.factories.rows import now, stored


def make_server_process(**fields: Any) -> ServerProcess:
    """A server process that runs from yesterday until tomorrow."""
    day = timedelta(days=1)
    defaults = {"id": uuid.uuid4(), "started_at": now() - day, "seen_at": now() + day}
    return stored(ServerProcess, defaults, fields)
