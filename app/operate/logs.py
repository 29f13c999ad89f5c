"""`muster-server logs`: what the server's processes have said."""

import os
import shutil
from pathlib import Path

import click

from app.operate.installed import running
from app.operate.installed.running import Server
from app.operate.local.errors import OperateError


@click.command("logs")
@click.option("--home", type=click.Path(path_type=Path), help="Of the stack that lies there.")
@click.option("-f", "--follow", is_flag=True, help="Go on as they say more.")
@click.option("-n", "--lines", type=click.IntRange(0), default=100, show_default=True)
@click.argument("process", required=False)
def command(home: Path | None, follow: bool, lines: int, process: str | None) -> None:
    """Show the last lines of the server's logs, or those of one PROCESS.

    That is web, dispatch, jobs, beat, migrate or engines, and they are in systemd's journal; of a
    stack it is a file in its home.
    """
    try:
        argv = _argv(running.of(home), process, follow=follow, lines=lines)
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    os.execvp(argv[0], argv)


def _argv(server: Server, process: str | None, *, follow: bool, lines: int) -> list[str]:
    """Raises OperateError."""
    name = process or "*"
    if not name.replace("-", "").isalnum() and name != "*":
        raise OperateError(f"{name!r} is no process of the server's")
    if server.places is not None:
        argv = [*server.places.journalctl, f"--unit=muster-{name}", f"--lines={lines}"]
        return [*argv, "--follow"] if follow else [*argv, "--no-pager"]
    logs = sorted((server.home / "logs").glob(f"{name}.log"))
    if not logs:
        raise OperateError(f"there is no {server.home}/logs/{name}.log")
    tail = shutil.which("tail") or "tail"
    return [tail, *(["-F"] if follow else []), f"--lines={lines}", *map(str, logs)]
