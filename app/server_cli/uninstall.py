"""`muster-server uninstall`: remove what `install` has written; data only on request."""

import contextlib
import shutil
import sys
from pathlib import Path

import click

from app.server_cli.installation import account, paths, systemd, units
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError


@click.command("uninstall")
@click.option("--user", is_flag=True, help="Uninstall your own server.")
@click.option(
    "--purge", is_flag=True, help="Also delete its data and keys permanently; backups are kept."
)
@click.option("-y", "--yes", is_flag=True, help="Skip confirmation.")
@click.option(
    "--root",
    type=click.Path(file_okay=False, path_type=Path),
    help="The directory passed to `install --root`.",
)
def command(user: bool, purge: bool, yes: bool, root: Path | None) -> None:
    """Stop the installed server and remove its units.

    Settings, keys and data are kept for another `install`, unless you add --purge. Backups from
    upgrades are always kept. To remove the package, use the tool that installed it, such as
    `uv tool uninstall muster-server`.
    """
    try:
        where = paths.find_paths(user=user, root=(root or Path("/")).absolute())
        if not yes:
            lost = f" {where.home} and all keys are deleted permanently." if purge else ""
            stays = f" Backups in {where.backups} stay." if purge else ""
            _require_yes(f"Stop Muster and remove its units?{lost}{stays}")
        _uninstall(where, purge=purge)
    except (OperateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None


def _require_yes(question: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError("Not a terminal: pass --yes.")
    if not click.confirm(question, err=True):
        raise click.ClickException("Cancelled.")


def _uninstall(where: InstallationPaths, *, purge: bool) -> None:
    if where.root == Path("/") and systemd.is_unresponsive(where):
        # What it runs would continue, and with --purge would lose the data below it.
        raise OperateError(systemd.unresponsive_message(where, "removed", account.current_user()))
    directory = where.rooted(where.units)
    there = [name for name in units.NAMES if (directory / name).exists()]
    runs = where.root == Path("/") and systemd.is_running(where)
    if runs and there:
        systemd.call_systemctl(where, "disable", "--now", *reversed(there))
    for name in there:
        (directory / name).unlink()
        for link in directory.glob(f"*.wants/{name}"):  # if no systemd has removed it
            link.unlink()
    if runs:
        systemd.call_systemctl(where, "daemon-reload")
    click.echo(f"removed    {len(there)} units of {directory}")
    if runs and where.linger_marker.exists() and systemd.has_linger(account.current_user()):
        click.echo(
            "kept       your services still start without a login; if no other service needs that:"
        )
        click.echo(f"           `loginctl disable-linger {account.current_user()}`")
    where.rooted(where.release).unlink(missing_ok=True)
    if (backups := where.rooted(where.backups)).is_dir():
        click.echo(f"kept       {backups}, the backups before upgrades")
    if not purge:
        click.echo(f"kept       {where.rooted(where.settings)} and {where.rooted(where.home)}")
        _remove_releases(where)
        return
    settings = where.rooted(where.settings)
    settings.unlink(missing_ok=True)
    where.rooted(where.linger_marker).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        settings.parent.rmdir()  # if it has nothing else in it
    shutil.rmtree(where.rooted(where.home), ignore_errors=True)
    click.echo("removed    settings, keys and data")
    if where.root == Path("/") and not where.is_user and account.remove_account(where.home):
        click.echo(f"removed    the account {paths.ACCOUNT}")
    _remove_releases(where)


def _remove_releases(where: InstallationPaths) -> None:
    """Remove the releases last, because one of them may be running this."""
    releases = where.rooted(where.releases)
    if not releases.is_dir():
        return
    shutil.rmtree(releases, ignore_errors=True)
    with contextlib.suppress(OSError):
        releases.parent.rmdir()  # if it has no backups in it
    click.echo(f"removed    {releases}, the releases from upgrades")
