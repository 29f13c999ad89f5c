"""The processes of a whole stack beside the two servers."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Where the server's processes write, in a stack's home; what was there is of an earlier start.
RUNTIME_DIRECTORIES = ("metrics", "beat")


@dataclass(frozen=True)
class Command:
    """A process of the stack, run from the repository's root.

    `env` is laid over the stack's environment. With `needs_schema` it is started only when the
    tables exist. One that `serves` needs no rights of root's: under root it runs as the server's
    account (`server_account`). `stop_seconds` is how long it may take to end after SIGTERM;
    `death_signal` is sent to it when its parent dies.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    needs_schema: bool = True
    serves: bool = False
    stop_seconds: float = 10.0
    death_signal: signal.Signals = signal.SIGTERM


@dataclass(frozen=True)
class Commands:
    """The commands of a stack: `migrate` runs to its end, `processes` (in their order of start)
    stay.

    `web` names the process that answers `/healthz` and `/readyz`.
    """

    migrate: tuple[str, ...]
    processes: Mapping[str, Command]
    web: str = "gunicorn"


def stack_commands(home: Path) -> Commands:
    """The commands of Muster itself, with files in `home`."""
    python = (sys.executable, "-m")
    celery = (*python, "celery", "-A", "celery_worker")
    # Without other workers on the broker there is nobody to greet, and greeting costs a second.
    worker = ("worker", "--without-gossip", "--without-mingle", "--loglevel=WARNING")
    # Each has a node name of its own, for Celery's own commands.
    dispatcher = (*worker, "--queues=dispatch", "--hostname=dispatcher@%h")
    others = (*worker, "--queues=notify,sweep", "--hostname=celery@%h")
    schedule = home / RUNTIME_DIRECTORIES[1] / "schedule"
    beat = ("beat", f"--schedule={schedule}", "--pidfile=", "--loglevel=WARNING")
    return Commands(
        migrate=(*python, "flask", "--app", "wsgi", "db", "upgrade"),
        processes={
            # When the parent was killed, nobody is left to kill these after a while: so they are
            # told to end at once, without waiting for what is under way.
            "gunicorn": Command(
                (*python, "gunicorn", "-c", "gunicorn.conf.py", "--no-control-socket", "wsgi:app"),
                needs_schema=False,
                serves=True,
                stop_seconds=12.0,  # it gives its own requests 10
                death_signal=signal.SIGQUIT,
            ),
            # Not SIGQUIT: with its broker gone at the same moment Celery can wait for itself for
            # ever. Its pool's processes have asked the kernel for SIGKILL too.
            "celery": Command(
                (*celery, *others, "--concurrency=2"), serves=True, death_signal=signal.SIGKILL
            ),
            # Passes of the dispatcher run one at a time anyway, and handing one to a child process
            # costs as much as a query. In a worker of its own a pass waits for no sweep.
            "dispatcher": Command(
                (*celery, *dispatcher, "--pool=solo"), serves=True, death_signal=signal.SIGKILL
            ),
            "beat": Command((*celery, *beat), serves=True),
        },
    )
