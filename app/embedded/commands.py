"""The processes of a complete stack besides the two servers."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Directories in a stack's home for the server's processes, emptied at each start.
RUNTIME_DIRECTORIES = ("metrics", "beat")


@dataclass(frozen=True)
class Command:
    """A process of the stack, run from the repository's root.

    `env` overrides the stack's environment. With `needs_schema` it starts only when the tables
    exist. One that `serves` needs no root rights: under root it runs as the server's account
    (`server_account`). `stop_seconds` is the time it gets to exit after SIGTERM; `death_signal` is
    sent to it when its parent dies.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    needs_schema: bool = True
    serves: bool = False
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Commands:
    """The commands of a stack: `migrate` runs to completion, `processes` (in start order) stay.

    `web` names the process that answers `/healthz` and `/readyz`.
    """

    migrate: tuple[str, ...]
    processes: Mapping[str, Command]
    web: str = "gunicorn"


def stack_commands(home: Path) -> Commands:
    """The commands of Muster itself, with files in `home`."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "celery_worker")
    # Without other workers on the broker there is no peer to discover, which would cost a second.
    worker = ("worker", "--without-gossip", "--without-mingle", "--loglevel=WARNING")
    # Each has its own node name, for Celery's commands.
    dispatcher = (*worker, "--queues=dispatch", "--hostname=dispatcher@%h")
    others = (*worker, "--queues=notify,sweep", "--hostname=celery@%h")
    schedule = home / RUNTIME_DIRECTORIES[1] / "schedule"
    beat = ("beat", f"--schedule={schedule}", "--pidfile=", "--loglevel=WARNING")
    return Commands(
        migrate=(*python, "flask", "--app", "wsgi", "db", "upgrade"),
        processes={
            # When the parent is killed, nothing can kill these later, so they exit at once without
            # finishing requests.
            "gunicorn": Command(
                (*python, "gunicorn", "-c", "gunicorn.conf.py", "--no-control-socket", "wsgi:app"),
                needs_schema=False,
                serves=True,
                stop_seconds=12.0,  # its own requests get 10
                death_signal=signal.SIGQUIT,
            ),
            # Not SIGQUIT: if its broker disappears at the same moment, Celery can wait for itself
            # forever. Its pool processes have also asked the kernel for SIGKILL.
            "celery": Command(
                (*celery, *others, "--concurrency=2"), serves=True, death_signal=signal.SIGKILL
            ),
            # The dispatcher's passes run one at a time anyway, and handing one to a child costs as
            # much as a query. In its own worker no pass waits for a sweep.
            "dispatcher": Command(
                (*celery, *dispatcher, "--pool=solo"), serves=True, death_signal=signal.SIGKILL
            ),
            "beat": Command((*celery, *beat), serves=True),
        },
    )
