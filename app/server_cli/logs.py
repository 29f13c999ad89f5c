"""`muster-server logs`: show the logs of the server's processes."""

import os
import shutil
from pathlib import Path

import click

from app.server_cli.installation import local_server, units
from app.server_cli.installation.local_server import Server
from app.server_cli.local.errors import OperateError

# A stack's names for the processes that are units in an installation.
_STACK_PROCESSES: dict[str, tuple[str, ...]] = {
    "web": ("gunicorn",),
    "dispatch": ("dispatcher",),
    "jobs": ("celery",),
    "engines": ("postgres", "valkey"),
}


@click.command("logs")
@click.option("--home", type=click.Path(path_type=Path), help="The stack's data directory.")
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines.")
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help="Number of lines to show, counted from the end.",
)
@click.argument("process", required=False)
def command(home: Path | None, follow: bool, lines: int, process: str | None) -> None:
    """Show the last lines of the server's logs, or those of one PROCESS.

    PROCESS is web, dispatch, jobs, beat, migrate or engines; their logs are in systemd's journal. A
    stack's logs are files in its home.
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
        raise click.ClickException(f"can't run {argv[0]}: {problem.strerror}") from None


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
    """Return a stack's log files; some processes have other names there. Raises OperateError."""
    there = {path.stem: path for path in sorted(place.glob("*.log"))}
    if process is None and there:
        return list(there.values())
    found = [
        there[name] for name in _STACK_PROCESSES.get(process or "", (process,)) if name in there
    ]
    if not found:
        known = f"; there are logs of {', '.join(there)}" if there else ""
        raise OperateError(f"no log of {process or 'a server'} in {place}{known}")
    return found


def _units(process: str | None) -> list[str]:
    """Return units by name, because `muster-*` also matches others, such as a worker's. Raises
    OperateError.
    """
    there = {name.removeprefix("muster-").removesuffix(".service"): name for name in units.SERVICES}
    if process is None:
        return list(there.values())
    if process not in there:
        raise OperateError(f"{process!r} isn't a process of the server; use {', '.join(there)}")
    return [there[process]]
