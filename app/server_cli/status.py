"""`muster-server status`: show whether the server runs, its version, and what is missing."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from app.embedded import probes
from app.server_cli.installation import local_server, systemd, units
from app.server_cli.installation.local_server import Server
from app.server_cli.local.errors import OperateError
from app.server_cli.upgrades import releases
from muster import __version__


@click.command("status")
@click.option("--home", type=click.Path(path_type=Path), help="The stack's data directory.")
@click.option("--json", "as_json", is_flag=True, help="Print {ready, version, missing, units, …}.")
def command(home: Path | None, as_json: bool) -> None:
    """Show the server's status. Exits with 1 if it can't handle requests.

    Checks the server that `muster-server install` installed, else the stack of MUSTER_HOME.
    """
    try:
        found = _collect_status(local_server.find_server(home))
    except OperateError as problem:
        raise click.ClickException(str(problem)) from None
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        _print_status(found)
    sys.exit(0 if found["ready"] else 1)


def _collect_status(server: Server) -> dict[str, Any]:
    # In this order, so that a server that becomes ready in between also has a version.
    status, answer = probes.probe(server.port, "/readyz", tls=server.has_tls)
    alive, health = probes.probe(server.port, "/healthz", tls=server.has_tls)
    names = [] if server.paths is None else _units(server)
    return {
        "ready": status == 200,
        "version": _get_json_field(health, "version") if alive == 200 else None,
        "installedVersion": __version__,
        "release": sys.prefix,
        "interruptedUpgrade": _interrupted_upgrade(server),
        "port": server.port,
        "home": str(server.home),
        "settings": str(server.paths.settings) if server.paths else None,
        "missing": _get_json_field(answer, "missing") or [],
        "units": systemd.unit_states(server.paths, names) if server.paths and names else {},
    }


def _interrupted_upgrade(server: Server) -> dict[str, str] | None:
    """Return the interrupted or running upgrade. Raises OperateError."""
    begun = releases.load_interrupted(server.paths) if server.paths else None
    if begun is None:
        return None
    return {"step": begun.step, "from": begun.before.version, "to": begun.to.version}


def _units(server: Server) -> list[str]:
    assert server.paths is not None
    return [name for name in units.NAMES if (server.paths.units / name).exists()]


def _get_json_field(answer: str, name: str) -> Any:
    try:
        return json.loads(answer).get(name)
    except (ValueError, AttributeError):
        return None


def _print_status(found: dict[str, Any]) -> None:
    if begun := found["interruptedUpgrade"]:
        click.echo(
            f"!! an upgrade from {begun['from']} to {begun['to']} is running, or was interrupted "
            f"while {begun['step']}: to continue, run `muster-server upgrade` with its wheel; to "
            "undo it, use --rollback"
        )
    for name, state in found["units"].items():
        click.echo(f"{'ok' if state == 'active' else '!!'} {name}: {state}")
    settings = f", settings {found['settings']}" if found["settings"] else ""
    where = f"port {found['port']}, {found['home']}{settings}"
    if found["version"] is None:
        click.echo(f"!! no response on {where}: run `muster-server doctor` for advice")
        return
    missing = f": missing {', '.join(found['missing'])}" if found["missing"] else ""
    sign = "ok" if found["ready"] else "!!"
    ready = "is ready" if found["ready"] else "is not ready"
    more = "" if found["ready"] else ": run `muster-server doctor` for advice"
    click.echo(f"{sign} Muster {found['version']} {ready}{missing} ({where}){more}")
    if found["version"] != found["installedVersion"]:
        click.echo(
            f"!! {found['installedVersion']} is installed, but the running version was "
            "started before"
        )
    click.echo(f"ok this command belongs to {found['installedVersion']}, in {found['release']}")
