"""What a whole stack consists of beside the two servers."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Command:
    """A process of the stack, run from the repository's root.

    `env` is laid over the stack's. `needs_schema` keeps it back until the tables are there.
    `stop_seconds` is how long it may take for an orderly end on SIGTERM; `death_signal` is what it
    gets when its parent dies.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    needs_schema: bool = True
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Commands:
    """`migrate` runs to its end; `processes`, in their order of start, stay.

    `web` names the one that answers `/healthz` and `/readyz`.
    """

    migrate: tuple[str, ...]
    processes: Mapping[str, Command]
    web: str = "gunicorn"


def commands(home: Path) -> Commands:
    """Muster itself, its files in `home`."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "celery_worker")
    # Alone on its broker there is nobody to greet; greeting costs a second.
    worker = ("worker", "--without-gossip", "--without-mingle", "--loglevel=WARNING")
    # Each has a node name of its own, for Celery's own commands.
    dispatcher = (*worker, "--queues=dispatch", "--hostname=dispatcher@%h")
    others = (*worker, "--queues=notify,sweep", "--hostname=celery@%h")
    schedule = home / "celerybeat-schedule"
    beat = ("beat", f"--schedule={schedule}", "--pidfile=", "--loglevel=WARNING")
    return Commands(
        migrate=(*python, "flask", "--app", "wsgi", "db", "upgrade"),
        processes={
            # When the parent was killed nobody is left to kill them after a while: they get the
            # short end, without waiting for what is under way.
            "gunicorn": Command(
                (*python, "gunicorn", "-c", "gunicorn.conf.py", "--no-control-socket", "wsgi:app"),
                needs_schema=False,
                stop_seconds=12.0,  # it gives its own requests 10
                death_signal=signal.SIGQUIT,
            ),
            # Not SIGQUIT: with its broker gone at the same moment it can wait for itself for ever.
            # A pool asked the kernel for the same signal.
            "celery": Command((*celery, *others, "--concurrency=2"), death_signal=signal.SIGKILL),
            # One pass at a time anyway, and handing it to a child costs as much as a query. Nor
            # does a pass wait here until a sweep is done.
            "dispatcher": Command(
                (*celery, *dispatcher, "--pool=solo"), death_signal=signal.SIGKILL
            ),
            "beat": Command((*celery, *beat)),
        },
    )
