"""`muster-server doctor`: check this host, PostgreSQL and Redis, with advice."""

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from app.embedded.stack import ROOT
from app.server_cli.installation import checks, local_server
from app.server_cli.installation.local_server import Server
from app.server_cli.local.errors import OperateError
from app.services.doctor.finding import Finding
from muster import __version__


@click.command("doctor")
@click.option("--home", type=click.Path(path_type=Path), help="The stack's data directory.")
@click.option("--json", "as_json", is_flag=True, help="Print a list of {name, ok, text, advice}.")
def command(home: Path | None, as_json: bool) -> None:
    """Check the host and services, with advice on problems. Exits with 1 if there are any.

    Checks the server that `muster-server install` installed, else the stack of MUSTER_HOME.
    """
    try:
        server = local_server.find_server(home)
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    if not as_json:
        of = f" of {server.paths.settings}" if server.paths else f" of {server.home}"
        click.echo(f"Muster {__version__}, in {sys.prefix}; checking the server{of}")
    found = list(checks.check_installation(server))
    if not as_json:
        _print_findings(found)
    status, server_findings = _run_server_doctor(server)
    if as_json:
        both = [*found, *server_findings]
        click.echo(json.dumps([{**each._asdict(), "ok": each.ok} for each in both], indent=2))
    else:
        _print_findings(server_findings)
    sys.exit(status or int(not all(each.ok for each in found)))


def _print_findings(found: Iterable[Finding]) -> None:
    for each in found:
        click.echo(checks.format_finding(each))


def _run_server_doctor(server: Server) -> tuple[int, list[Finding]]:
    """Run the server's own doctor, which needs keys. Returns its exit code and findings."""
    if server.paths is not None and checks.missing_keys(server):
        return 1, []
    env = {**server.environment, "MUSTER_HOME": str(server.home)}
    if server.paths is not None and not checks.has_addresses(server):
        env = {**env, **checks.UNREACHABLE_ADDRESSES}
    argv = [sys.executable, "-m", "flask", "--app", "wsgi", "doctor", "--json"]
    done = subprocess.run(argv, cwd=ROOT, env=env, check=False, stdout=subprocess.PIPE)
    entries = json.loads(done.stdout) if done.stdout else []
    found = [Finding(each["name"], each["text"], each["advice"]) for each in entries]
    return done.returncode, [checks.add_unit_advice(server, each) for each in found]
