"""`muster-server uninstall`: what `install` has written is gone, the data only if that is asked."""

import contextlib
import shutil
from pathlib import Path

import click

from app.server_cli.installation import account, paths, systemd, units
from app.server_cli.installation.paths import InstallationPaths
from app.server_cli.local.errors import OperateError


@click.command("uninstall")
@click.option("--user", is_flag=True, help="The server that is yours alone.")
@click.option("--purge", is_flag=True, help="Its data and keys, too, for ever; backups stay.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--root", type=click.Path(file_okay=False, path_type=Path), help="As with install.")
def command(user: bool, purge: bool, yes: bool, root: Path | None) -> None:
    """Stop the server that `install` has made, and take its units away.

    Settings with their keys, and the data, stay for another `install`, unless --purge is given. The
    backups that upgrades have made always stay. The package itself is removed by what installed it,
    as by `uv tool uninstall muster-server`.
    """
    try:
        where = paths.find_paths(user=user, root=(root or Path("/")).absolute())
        if not yes:
            lost = f" {where.home} and all keys are deleted for ever." if purge else ""
            stays = f" Backups in {where.backups} stay." if purge else ""
            click.confirm(f"Stop Muster and remove its units?{lost}{stays}", abort=True)
        _uninstall(where, purge=purge)
    except (OperateError, OSError) as problem:
        raise click.ClickException(str(problem)) from None


def _uninstall(where: InstallationPaths, *, purge: bool) -> None:
    if where.root == Path("/") and systemd.is_unresponsive(where):
        # What it runs would go on, and with --purge without the data below it.
        raise OperateError(systemd.unresponsive_message(where, "removed", account.current_user()))
    directory = where.rooted(where.units)
    there = [name for name in units.NAMES if (directory / name).exists()]
    runs = where.root == Path("/") and systemd.is_running(where)
    if runs and there:
        systemd.call_systemctl(where, "disable", "--now", *reversed(there))
    for name in there:
        (directory / name).unlink()
        for link in directory.glob(f"*.wants/{name}"):  # where no systemd has taken it away
            link.unlink()
    if runs:
        systemd.call_systemctl(where, "daemon-reload")
    click.echo(f"removed    {len(there)} units of {directory}")
    if runs and where.linger_marker.exists() and systemd.has_linger(account.current_user()):
        click.echo(
            "kept       services of yours still start without a log-in; if no other needs that:"
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
        settings.parent.rmdir()  # where nothing else is in it
    shutil.rmtree(where.rooted(where.home), ignore_errors=True)
    click.echo("removed    settings, keys and data")
    if where.root == Path("/") and not where.is_user and account.remove_account(where.home):
        click.echo(f"removed    the account {paths.ACCOUNT}")
    _remove_releases(where)


def _remove_releases(where: InstallationPaths) -> None:
    """Last, for it may be one of them that does this."""
    releases = where.rooted(where.releases)
    if not releases.is_dir():
        return
    shutil.rmtree(releases, ignore_errors=True)
    with contextlib.suppress(OSError):
        releases.parent.rmdir()  # where no backups are in it
    click.echo(f"removed    {releases}, the releases that were upgraded to")
