"""`muster-server engines`: run only PostgreSQL and Valkey, as the unit muster-engines does."""

import os
import signal
import socket
import sys
from collections.abc import Mapping

import click

from app import embedded
from app.embedded import keys
from app.embedded.processes import process_error, wait_until
from app.embedded.services import Services
from app.embedded.stack import ADDRESSES_FILE
from app.server_cli.local import paths


@click.command("engines")
def command() -> None:
    """Run PostgreSQL and Valkey in MUSTER_HOME until SIGTERM.

    Writes their addresses there for the server's other processes. Doesn't run
    PostgreSQL if DATABASE_URL is set, or Valkey if REDIS_URL is set.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        _run()
    except embedded.EmbeddedError as problem:
        raise click.ClickException(str(problem)) from None
    except KeyboardInterrupt:
        sys.exit(0)


def _run() -> None:
    home = paths.stack_home()
    given = {name: os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")}
    with embedded.start(
        home, database_url=given["DATABASE_URL"], redis_url=given["REDIS_URL"]
    ) as services:
        keys.write_private(home / ADDRESSES_FILE, _addresses(services))
        try:
            notify_systemd("READY=1")
            running = list(services.processes.values())
            while True:
                wait_until(lambda: any(each.poll() is not None for each in running), 60, pause=0.5)
                for process in running:
                    if process.poll() is not None:
                        raise process_error(process, "exited")
        finally:
            (home / ADDRESSES_FILE).unlink(missing_ok=True)


def _addresses(services: Services) -> dict[str, str]:
    return {"DATABASE_URL": services.database_url, "REDIS_URL": services.redis_url}


def notify_systemd(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Notify systemd like sd_notify(3). Does nothing if systemd didn't start us. Raises OSError."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    # `@` stands for the leading null byte of an abstract socket's name.
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.connect(f"\0{address[1:]}" if address.startswith("@") else address)
        sock.sendall(state.encode())
