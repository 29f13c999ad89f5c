"""`muster-server status`: whether it runs, in which version, and what is missing."""

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
@click.option("--home", type=click.Path(path_type=Path), help="Of the stack that lies there.")
@click.option("--json", "as_json", is_flag=True, help="{ready, version, missing, units, …}")
def command(home: Path | None, as_json: bool) -> None:
    """Say how the server is. Exits with 1 where it cannot serve.

    Looks at what `muster-server install` has installed, else at the stack of MUSTER_HOME.
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
    # In this order: who is ready, though it was starting just now, has a version too.
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
    """The upgrade that was cut off, or runs. Raises OperateError."""
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
            f"!! an upgrade from {begun['from']} to {begun['to']} runs, or was cut off while "
            f"{begun['step']}: `muster-server upgrade` with its wheel goes on, --rollback goes back"
        )
    for name, state in found["units"].items():
        click.echo(f"{'ok' if state == 'active' else '!!'} {name}: {state}")
    settings = f", settings {found['settings']}" if found["settings"] else ""
    where = f"port {found['port']}, {found['home']}{settings}"
    if found["version"] is None:
        click.echo(f"!! nothing answers on {where}: `muster-server doctor` says what to do")
        return
    missing = f": missing {', '.join(found['missing'])}" if found["missing"] else ""
    sign = "ok" if found["ready"] else "!!"
    ready = "is ready" if found["ready"] else "is not ready"
    more = "" if found["ready"] else ": `muster-server doctor` says what to do"
    click.echo(f"{sign} Muster {found['version']} {ready}{missing} ({where}){more}")
    if found["version"] != found["installedVersion"]:
        click.echo(f"!! {found['installedVersion']} is installed: what runs was started before")
    click.echo(f"ok this command is of {found['installedVersion']}, in {found['release']}")
