"""`muster-server logs`: what the server's processes have said."""

import os
import shutil
from pathlib import Path

import click

from app.server_cli.installation import local_server, units
from app.server_cli.installation.local_server import Server
from app.server_cli.local.errors import OperateError

# What a stack calls the processes that are units elsewhere.
_STACK_PROCESSES: dict[str, tuple[str, ...]] = {
    "web": ("gunicorn",),
    "dispatch": ("dispatcher",),
    "jobs": ("celery",),
    "engines": ("postgres", "valkey"),
}


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
        argv = _journalctl_command(
            local_server.find_server(home), process, follow=follow, lines=lines
        )
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    try:
        os.execvp(argv[0], argv)
    except OSError as problem:
        raise click.ClickException(f"{argv[0]} cannot be run: {problem.strerror}") from None


def _journalctl_command(
    server: Server, process: str | None, *, follow: bool, lines: int
) -> list[str]:
    """Raises OperateError."""
    if server.paths is not None:
        named = [f"--unit={unit}" for unit in _units(process)]
        argv = [*server.paths.journalctl, *named, f"--lines={lines}"]
        return [*argv, "--follow"] if follow else [*argv, "--no-pager"]
    logs = _files(server.home / "logs", process)
    tail = shutil.which("tail") or "tail"
    return [tail, *(["-F"] if follow else []), f"--lines={lines}", *map(str, logs)]


def _files(place: Path, process: str | None) -> list[Path]:
    """Those of a stack, which names some processes otherwise. Raises OperateError."""
    there = {path.stem: path for path in sorted(place.glob("*.log"))}
    if process is None and there:
        return list(there.values())
    found = [
        there[name] for name in _STACK_PROCESSES.get(process or "", (process,)) if name in there
    ]
    if not found:
        known = f", but of {', '.join(there)}" if there else ""
        raise OperateError(f"there is no log of {process or 'a server'} in {place}{known}")
    return found


def _units(process: str | None) -> list[str]:
    """By their names, for `muster-*` may be others' too: a worker's, say. Raises OperateError."""
    there = {name.removeprefix("muster-").removesuffix(".service"): name for name in units.SERVICES}
    if process is None:
        return list(there.values())
    if process not in there:
        raise OperateError(f"{process!r} is no process of the server's: {', '.join(there)}")
    return [there[process]]
