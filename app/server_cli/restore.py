"""`muster-server restore`: a server of a backup, which goes on with its machines."""

import sys
from collections.abc import Mapping
from pathlib import Path

import click
import psycopg2

from app.server_cli.backups import after_restore, load, operations, target
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.operations import RestoreOptions
from app.server_cli.backups.passphrase import read_passphrase
from app.server_cli.installation.local_server import Server

NEXT_STEPS = """
Restored, as of {at}. What is left to do:
  1. The old server must not run any more: two of them would order the same machines.
  2. Start this one at the old one's address, or tell the machines the new one.
  3. Tasks of before wait until each machine has been heard of, {lease} at most. Decommission
     those that will not come back.
  4. What was taken away after {at} is there again: look at accounts, members, personal
     tokens and machines. Everybody signs in again; enrollment tokens that were not used are void.
"""


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="The home of a stack (as MUSTER_HOME) whose own database is to be filled.",
)
@click.option("--replace", is_flag=True, help="Lose what the database has.")
@click.option(
    "--keys-to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file for the backup's keys, as environment variables, readable by you alone.",
)
@click.option("--keep-logins", is_flag=True, help="Let whoever was signed in stay so.")
@click.option(
    "--skip",
    type=click.IntRange(1, 10**9),
    default=after_restore.SEQUENCE_STEP,
    show_default=True,
    help="How many numbers of tasks to leave out, which the old server may have given since.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Its first line is the passphrase.",
)
def command(
    file: Path,
    into: Path | None,
    replace: bool,
    keys_to: Path | None,
    keep_logins: bool,
    skip: int,
    passphrase_file: Path | None,
) -> None:
    """Fill an empty database with the backup in FILE: that of the server which is installed here,
    else that of DATABASE_URL, else the embedded one of MUSTER_HOME. No server may run on it.
    FILE is read to its end before anything is changed; what is cut off is done once more.

    The keys of a stack with a home go to its secrets.json. For a server that has its keys in the
    environment, --keys-to writes them to a file.

    \b
      muster-server restore muster-2026-11-27 --into /srv/muster
      DATABASE_URL=postgresql://muster@db/muster \\
        muster-server restore muster-2026-11-27 --keys-to /etc/muster/keys.env
    """
    try:
        passphrase = read_passphrase(passphrase_file, is_new=False)
        _print(f"reading {file}")
        whole = load.check_backup(file, passphrase)
        server = target.find_server(into)
        _write_keys(server, keys_to, whole.keys)
        with target.restore_settings(server, whole.keys) as settings:
            # Before the rows come: keys without rows do no harm, rows without keys cannot be read.
            if not target.has_keys(server) and (
                before := target.store_keys(server.home, whole.keys)
            ):
                _print(f"the keys that were in {server.home} lie in {before} now")
            how = RestoreOptions(replace=replace, keep_logins=keep_logins, step=skip)
            operations.restore_backup(file, passphrase, settings, whole, how, _print)
    except (BackupError, psycopg2.Error, OSError) as problem:
        raise click.ClickException(str(problem).strip()) from None
    minutes = f"{settings['LEASE_SECONDS'] / 60:.0f} minutes"
    sys.stdout.write(NEXT_STEPS.format(at=whole.header["madeAt"], lease=minutes))


def _write_keys(of: Server, keys_to: Path | None, keys: Mapping[str, str]) -> None:
    """Those of a server that has them in its environment. Raises BackupError where it has others,
    and no file is named.
    """
    if keys_to is not None:
        operations.write_keys(keys_to, keys)
        _print(f"its keys are in {keys_to}: the server needs them in its environment")
    elif target.has_keys(of) and (names := target.differing_keys(of, keys)):
        raise BackupError(
            f"the environment has not the backup's {', '.join(names)}: --keys-to FILE writes them"
        )


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
