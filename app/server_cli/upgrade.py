"""`muster-server upgrade`: replace the running release with another one."""

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
this host has no server from `muster-server install`. To upgrade the one `muster-server up` runs:
stop it, install the new package with the tool that installed this one, start it again. To upgrade
a checkout: stop it, update the source, `make up`. Starting it migrates the database."""


@click.command("upgrade")
@click.argument("file", metavar="WHEEL", type=FILE_TYPE, required=False)
@click.option(
    "--rollback",
    is_flag=True,
    help="Go back to the previous release, or undo an interrupted upgrade.",
)
@click.option("--dry-run", is_flag=True, help="Show the steps without running them.")
@click.option("--backup", type=FILE_TYPE, help="Path of the backup made before the upgrade.")
@click.option("--no-backup", is_flag=True, help="Skip the backup; you can't restore lost data.")
@click.option(
    "--passphrase-file", type=FILE_TYPE, help="File whose first line is the backup's passphrase."
)
def command(
    file: Path | None,
    rollback: bool,
    dry_run: bool,
    backup: Path | None,
    no_backup: bool,
    passphrase_file: Path | None,
) -> None:
    """Upgrade the installed server to the release of WHEEL (muster_server-….whl) while it runs.

    Installs the release beside this one; backs up the server, with the passphrase of
    MUSTER_BACKUP_PASSPHRASE, --passphrase-file, or what you type; migrates the database; restarts
    the processes one at a time. If a process is unhealthy, everything is rolled back.
    Attempts on machines keep running. If interrupted, run the same command again, or use
    --rollback.
    """
    if rollback == (file is not None):
        raise click.UsageError("give the WHEEL to upgrade to, or use --rollback")
    if rollback and (dry_run or backup or no_backup or passphrase_file):
        raise click.UsageError("--rollback takes no other options and makes no backup")

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
                f"resuming the upgrade that stopped while {begun.step}: too late for a backup, "
                "remove --backup"
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
        run_steps(
            run_upgrade,
            "interrupted; run the same command to continue, or --rollback to go back",
            130,
        )
    )


def _prepare_upgrade(screen: Screen) -> Upgrade:
    """Return the upgrade of the installed server. Raises OperateError if there is none."""
    server = local_server.find_server()
    if server.paths is None:
        raise OperateError(NOT_INSTALLED)
    if not systemd.is_running(server.paths):
        raise OperateError("systemd isn't running here, so it can't restart the server's processes")
    now = Release(__version__, sys.executable)
    _require_current_release(InstalledServer(server), now)
    os.umask(0o022)  # the server's account must be able to read what is installed
    # A closed terminal or a lost connection must not interrupt the upgrade.
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    screen.ignore_closed_output()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return Upgrade(InstalledServer(server), now, screen)


def _require_current_release(server: InstalledServer, now: Release) -> None:
    """Raise OperateError unless this is the running release, which alone knows the way back."""
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
    """Print the steps; of a `begun` upgrade, the remaining ones."""
    say = upgrade.screen.line
    if begun is None:
        say(f"Upgrading Muster {upgrade.current.version} to {found.version} would:")
        say(f"  install it in {upgrade.release_directory(found)}")
        say(f"  back up to {backup}" if backup else "  make no backup")
    else:
        say(
            f"Resuming the upgrade to {found.version} that was interrupted while {begun.step} "
            "would:"
        )
        say("  make no backup" + (f": the earlier one is {begun.backup}" if begun.backup else ""))
    if begun is None or begun.step != SWITCHING:
        say("  migrate the database, while the server keeps running")
    say("  restart dispatch, jobs, beat and web, one after the other, and check each")
    secret = f" Set {VARIABLE} or --passphrase-file for the backup's passphrase." if backup else ""
    say(f"Nothing was changed.{secret}")
