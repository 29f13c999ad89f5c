"""`muster-server doctor`: what this host, PostgreSQL and Redis lack, with advice."""

import subprocess
import sys
from pathlib import Path

import click

from app.embedded.stack import ROOT
from app.operate.installed import running
from app.operate.local.errors import OperateError
from muster import __version__


@click.command("doctor")
@click.option("--home", type=click.Path(path_type=Path), help="Of the stack that lies there.")
@click.option("--json", "as_json", is_flag=True, help="A list of {name, ok, text, advice}.")
def command(home: Path | None, as_json: bool) -> None:
    """Check the host and the services, with advice for each problem. Exits with 1 if there are any.

    Looks at what `muster-server install` has installed, else at the stack of MUSTER_HOME.
    """
    try:
        server = running.of(home)
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    if not as_json:
        of = f" of {server.places.settings}" if server.places else f" of {server.home}"
        click.echo(f"Muster {__version__}, in {sys.prefix}; looks at the server{of}")
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", "doctor"]
    env = {**server.environment, "MUSTER_HOME": str(server.home)}
    done = subprocess.run([*argv, "--json"] if as_json else argv, cwd=ROOT, env=env, check=False)
    sys.exit(done.returncode)
