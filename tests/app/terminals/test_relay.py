"""Who is let into a terminal, where something fails in between."""

from types import SimpleNamespace
from typing import Any

import pytest
import redis
from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from app.domain.terminal import TerminalMode
from app.services.accounts.sessions import DeveloperSession
from app.services.terminals.terminals import ViewerGrant
from app.terminals.relay import Relay
from app.terminals.store import Store

TASK = 2_000_000_001


@pytest.fixture
def grant() -> ViewerGrant:
    return ViewerGrant(DeveloperSession(TASK, 1), "Ada", TASK, 1, TerminalMode.WATCH)


@pytest.mark.parametrize("step", ["limits", "add_presence", "states"])
def test_a_viewer_whom_an_error_keeps_out_is_forgotten(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, grant: ViewerGrant, step: str
) -> None:
    def fails(*_: Any) -> Any:
        raise OperationalError("", {}, Exception()) if step == "limits" else RedisError

    rows: Any = SimpleNamespace(limits=lambda: (50, 50), store_input=lambda typed: None)
    if step == "limits":
        rows.limits = fails
    else:
        monkeypatch.setattr(Store, step, fails)
    monkeypatch.setattr(Relay, "_start", lambda self: None)  # nobody looks after it
    relay = Relay(environment["REDIS_URL"], rows)
    with pytest.raises((RedisError, OperationalError)), relay.open_viewer(None, grant, None):
        pass
    assert relay._sockets.all_members() == []
    assert relay._reader.streams == {}
    with redis.Redis.from_url(environment["REDIS_URL"]) as valkey:
        assert valkey.zcard(f"muster:terminal:task:{TASK}") == 0
