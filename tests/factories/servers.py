"""Server processes."""

import uuid
from datetime import timedelta
from typing import Any

from app.models import ServerProcess
from tests.factories.rows import now, stored


def make_server_process(**given: Any) -> ServerProcess:
    """One that has been there since yesterday, and is going to be."""
    day = timedelta(days=1)
    defaults = {"id": uuid.uuid4(), "started_at": now() - day, "seen_at": now() + day}
    return stored(ServerProcess, defaults, given)
