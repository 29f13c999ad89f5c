"""`muster-server upgrade`: another release in place of this one, while it serves."""

import os
import signal
import sys
from pathlib import Path

import click

from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.passphrase import VARIABLE, read_passphrase
from app.server_cli.installation import local_server, systemd, units
from app.server_cli.local.command import run_steps
from app.server_cli.local.errors import OperateError
from app.server_cli.local.screen import Screen
from app.server_cli.upgrades import releases, wheel
from app.server_cli.upgrades.releases import SWITCHING, InterruptedUpgrade, Release
from app.server_cli.upgrades.run import Upgrade, default_backup_path
from app.server_cli.upgrades.server import InstalledServer
from app.server_cli.upgrades.wheel import Wheel
from muster import __version__

FILE_TYPE = click.Path(dir_okay=False, path_type=Path)
NOT_INSTALLED = """\
no server of `muster-server install` is here. What `muster-server up` runs is upgraded so: stop it,
install the new package by what has installed this one, start it again. Of a checkout: stop it,
take the new source, `make up`. The database is migrated at the start."""


@click.command("upgrade")
@click.argument("file", metavar="WHEEL", type=FILE_TYPE, required=False)
@click.option(
    "--rollback", is_flag=True, help="To the release before, or from one that was cut off."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done.")
@click.option("--backup", type=FILE_TYPE, help="Where the backup of before goes.")
@click.option("--no-backup", is_flag=True, help="Make none: what goes wrong stays wrong.")
@click.option(
    "--passphrase-file", type=FILE_TYPE, help="Its first line is the backup's passphrase."
)
def command(
    file: Path | None,
    rollback: bool,
    dry_run: bool,
    backup: Path | None,
    no_backup: bool,
    passphrase_file: Path | None,
) -> None:
    """Have the installed server be the release of WHEEL (muster_server-….whl), while it serves.

    The release is installed beside this one; the server is backed up, under the passphrase of
    MUSTER_BACKUP_PASSPHRASE, --passphrase-file, or what you type; its database is migrated; its
    processes are restarted, one after the other. If one of them is not well it is all as it was.
    Attempts on machines go on meanwhile. Cut off at any moment, it is given once more, or
    --rollback.
    """
    if rollback == (file is not None):
        raise click.UsageError("name the WHEEL to upgrade to, or --rollback")
    if rollback and (dry_run or backup or no_backup or passphrase_file):
        raise click.UsageError(
            "--rollback takes no other option: it goes back, and makes no backup"
        )

    def run_upgrade(screen: Screen) -> None:
        try:
            upgrade = _prepare_upgrade(screen)
            if rollback:
                with releases.lock_upgrade(upgrade.server.paths):
                    upgrade.roll_back()
                return
            assert file is not None
            _upgrade(upgrade, wheel.read_wheel(file.absolute()))
        except BackupError as problem:
            raise OperateError(str(problem)) from None

    def _upgrade(upgrade: Upgrade, found: Wheel) -> None:
        begun = upgrade.find_interrupted(found)
        if begun is not None and backup is not None:
            raise OperateError(
                f"the upgrade that was cut off while {begun.step} goes on, for which a backup of "
                "before comes too late: leave out --backup"
            )
        usual = default_backup_path(upgrade.server.paths.backups, __version__)
        place = None if no_backup or begun else (backup or usual).absolute()
        if dry_run:
            _print_steps(upgrade, found, begun, place)
            return
        passphrase = read_passphrase(passphrase_file, is_new=True) if place else ""
        with releases.lock_upgrade(upgrade.server.paths):
            upgrade.run(found, place, passphrase)

    sys.exit(
        run_steps(run_upgrade, "interrupted; the same again goes on, --rollback goes back", 130)
    )


def _prepare_upgrade(screen: Screen) -> Upgrade:
    """Raises OperateError where nothing can be upgraded."""
    server = local_server.find_server()
    if server.paths is None:
        raise OperateError(NOT_INSTALLED)
    if not systemd.is_running(server.paths):
        raise OperateError("no systemd runs here, which would restart the server's processes")
    now = Release(__version__, sys.executable)
    _require_current_release(InstalledServer(server), now)
    os.umask(0o022)  # the server's account has to read what is installed
    # A terminal that is gone, or a line that is cut, ends nothing half-way.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    screen.ignore_closed_output()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return Upgrade(InstalledServer(server), now, screen)


def _require_current_release(server: InstalledServer, now: Release) -> None:
    """It is the release that runs which does it, for it is what knows the way back."""
    used, begun = releases.load_releases(server.paths), releases.load_interrupted(server.paths)
    python = used.now.python if used else begun.before.python if begun else ""
    if not python:
        unit = server.paths.units / units.PROCESSES["gunicorn"][0]
        python = units.unit_program(unit.read_text())
    if Path(python).parent != Path(now.python).parent:
        program = Path(python).with_name("muster-server")
        raise OperateError(f"another muster-server is installed: run `{program} upgrade …`")


def _print_steps(
    upgrade: Upgrade, found: Wheel, begun: InterruptedUpgrade | None, backup: Path | None
) -> None:
    """Those that are left of the upgrade that has `begun`, if one has."""
    say = upgrade.screen.line
    if begun is None:
        say(f"Muster {upgrade.current.version} would become {found.version}:")
        say(f"  install it in {upgrade.release_directory(found)}")
        say(f"  back up to {backup}" if backup else "  make no backup")
    else:
        say(f"The upgrade to {found.version} that was cut off while {begun.step} would go on:")
        say("  make no backup" + (f": that of before is {begun.backup}" if begun.backup else ""))
    if begun is None or begun.step != SWITCHING:
        say("  migrate the database, while the server goes on")
    say("  restart dispatch, jobs, beat and web, one after the other, and look at each")
    secret = f" {VARIABLE} or --passphrase-file has the backup's passphrase." if backup else ""
    say(f"Nothing was done.{secret}")
