"""`muster-server unlock`: unlock an account after failed sign-ins."""

import subprocess
import sys
from pathlib import Path

import click

from app.embedded.stack import ROOT
from app.server_cli.installation import local_server
from app.server_cli.local.errors import OperateError


@click.command("unlock")
@click.argument("name")
@click.option("--home", type=click.Path(path_type=Path), help="The stack's data directory.")
def command(name: str, home: Path | None) -> None:
    """Clear the failed sign-ins of the account NAME, so that its owner can sign in again.

    Uses the server that `muster-server install` installed, else the stack of MUSTER_HOME.
    """
    try:
        server = local_server.find_server(home)
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    env = {**server.environment, "MUSTER_HOME": str(server.home)}
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", "unlock", "--", name]
    sys.exit(subprocess.run(argv, cwd=ROOT, env=env, check=False).returncode)
