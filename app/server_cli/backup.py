"""`muster-server backup`: one file with all that the server knows, under a passphrase."""

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
@click.option("--verify", is_flag=True, help="Read FILE to its end and say whether it is whole.")
@click.option(
    "--passphrase-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Its first line is the passphrase.",
)
def command(file: Path, verify: bool, passphrase_file: Path | None) -> None:
    """Write all that the server knows to FILE, while it runs: its database as of one moment, and
    the keys that open what is encrypted in there. FILE is whole, or not there.

    It is sealed with a passphrase: MUSTER_BACKUP_PASSPHRASE, the first line of --passphrase-file,
    or what you type. Who has both has the server; without it nobody has the backup. What machines
    keep (workspaces, mirrors) is not in it.

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
        f"{file} is whole: {rows} rows of {len(whole.rows)} tables, "
        f"{file.stat().st_size / (1 << 20):.1f} MiB, made at {header['madeAt']} "
        f"by Muster {header['version']} (schema {header['revision']}).\n"
    )
    if needed := schema.required_release_hint(header["revision"]):
        sys.stdout.write(f"Restoring it takes {needed}: not this one, {__version__}.\n")
