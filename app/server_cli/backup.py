"""`muster-server backup`: back up the whole server to one encrypted file."""

import sys
from pathlib import Path

import click
import psycopg2

from app.server_cli.backups import load, operations, schema, target
from app.server_cli.backups.errors import BackupError
from app.server_cli.backups.passphrase import read_passphrase
from muster import __version__


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--verify", is_flag=True, help="Read all of FILE and check that it is complete.")
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File whose first line is the passphrase.",
)
def command(file: Path, verify: bool, passphrase_file: Path | None) -> None:
    """Back up the running server to FILE: a snapshot of its database, and the keys that decrypt the
    secrets in it. FILE appears only when it is complete.

    The backup is encrypted with a passphrase: MUSTER_BACKUP_PASSPHRASE, the first line of
    --passphrase-file, or what you type. Anyone with the file and the passphrase can run the server;
    without the passphrase, no one can read the backup. The files of machines (workspaces, mirrors)
    aren't included.

    \b
      muster-server backup /backups/muster-$(date +%F)
      muster-server backup --verify /backups/muster-2026-11-27
    """
    try:
        passphrase = read_passphrase(passphrase_file, is_new=not verify)
        if not verify:
            with target.backup_settings(target.find_server()) as settings:
                url = settings["SQLALCHEMY_DATABASE_URI"]
                operations.create_backup(file, passphrase, url, operations.get_keys(settings))
        whole = load.check_backup(file, passphrase)
    except (BackupError, psycopg2.Error, OSError) as problem:
        raise click.ClickException(str(problem).strip()) from None
    _print_contents(file, whole)


def _print_contents(file: Path, whole: load.Contents) -> None:
    header, rows = whole.header, sum(whole.rows.values())
    sys.stdout.write(
        f"{file} is complete: {rows} rows in {len(whole.rows)} tables, "
        f"{file.stat().st_size / (1 << 20):.1f} MiB, created at {header['madeAt']} by Muster "
        f"{header['version']} (schema {header['revision']}).\n"
    )
    if needed := schema.required_release_hint(header["revision"]):
        sys.stdout.write(f"To restore it, you need {needed} instead of this one, {__version__}.\n")
