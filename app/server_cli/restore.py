"""`muster-server restore`: restore a server from a backup; its machines reconnect."""

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
Restored, as of {at}. Next steps:
  1. Make sure the old server is stopped: two servers would send orders to the same machines.
  2. Start this server at the old one's address, or give the machines the new address.
  3. Existing tasks wait until their machine reconnects, for at most {lease}. Decommission machines
     that won't come back.
  4. Deletions made after {at} are undone: check accounts, members, personal tokens and machines.
     Everyone signs in again; unused enrollment tokens are void.
"""


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    help="Restore to the embedded database in this stack's home (like MUSTER_HOME).",
)
@click.option("--replace", is_flag=True, help="Delete the database's current contents.")
@click.option(
    "--keys-to",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the backup's keys to this new file, as environment variables, readable only "
    "by you.",
)
@click.option("--keep-logins", is_flag=True, help="Keep existing sessions.")
@click.option(
    "--skip",
    type=click.IntRange(1, 10**9),
    default=after_restore.SEQUENCE_STEP,
    show_default=True,
    help="Task numbers to skip, because the old server may have assigned them after the backup.",
)
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase.",
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
    """Fill an empty database with the backup in FILE: the installed server's database, else that of
    DATABASE_URL, else the embedded one of MUSTER_HOME. Stop the server first. FILE is checked
    completely before anything changes. After an interruption, run it again.

    A stack's keys go to secrets.json in its home. For a server that has its keys in the
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
            # Before the rows: keys without rows do no harm, but rows without keys can't be read.
            if not target.has_keys(server) and (
                before := target.store_keys(server.home, whole.keys)
            ):
                _print(f"the previous keys of {server.home} are now in {before}")
            how = RestoreOptions(replace=replace, keep_logins=keep_logins, step=skip)
            operations.restore_backup(file, passphrase, settings, whole, how, _print)
    except (BackupError, psycopg2.Error, OSError) as problem:
        raise click.ClickException(str(problem).strip()) from None
    minutes = f"{settings['LEASE_SECONDS'] / 60:.0f} minutes"
    sys.stdout.write(NEXT_STEPS.format(at=whole.header["madeAt"], lease=minutes))


def _write_keys(of: Server, keys_to: Path | None, keys: Mapping[str, str]) -> None:
    """Write the keys of a server that has them in its environment. Raises BackupError if the
    environment has others and no file is named.
    """
    if keys_to is not None:
        operations.write_keys(keys_to, keys)
        _print(f"its keys are in {keys_to}: add them to the server's environment")
    elif target.has_keys(of) and (names := target.differing_keys(of, keys)):
        raise BackupError(
            f"the environment lacks the backup's {', '.join(names)}: write them with --keys-to FILE"
        )


def _print(line: str) -> None:
    sys.stderr.write(f"{line}\n")
