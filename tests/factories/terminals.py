"""Channel tokens, and records of who typed into terminals."""

from datetime import timedelta
from typing import Any

from app.domain.terminal import TerminalMode
from app.models import ChannelToken, Developer, TerminalInput
from tests.factories.machines import make_machine
from tests.factories.rows import now, numbers, stored
from tests.factories.tasks import make_attempt, make_task


def make_channel_token(developer: Developer, **fields: Any) -> ChannelToken:
    """A developer's token for a running attempt, valid for a minute."""
    attempt = make_attempt(make_task(), make_machine())
    defaults = {
        "digest": f"{next(numbers)}",
        "task_id": attempt.task_id,
        "attempt": attempt.number,
        "developer_id": developer.id,
        "mode": TerminalMode.CONTROL,
        "expires_at": now() + timedelta(seconds=60),
    }
    return stored(ChannelToken, defaults, fields)


def make_terminal_input(developer: Developer, **fields: Any) -> TerminalInput:
    """A record that the developer typed 5 bytes just now."""
    defaults = {
        "task_id": make_task().id,
        "attempt": 1,
        "developer_id": developer.id,
        "started_at": now(),
        "ended_at": now(),
        "bytes": 5,
    }
    return stored(TerminalInput, defaults, fields)
