"""Check an installation for problems that its processes can't report because they may not run."""

import stat
from collections.abc import Iterator

import config
from app.embedded import keys, probes
from app.server_cli.installation import systemd, units
from app.server_cli.installation.local_server import Server
from app.server_cli.installation.paths import InstallationPaths
from app.services.doctor.finding import Finding

UNREACHABLE_ADDRESSES = {
    "DATABASE_URL": "postgresql://127.0.0.1:1/no",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
"""Addresses that the other checks use while the engines are down."""

_UNITS = {
    "PostgreSQL": units.ENGINES,
    "Redis": units.ENGINES,
    "migrations": units.MIGRATE,
    "dispatcher": units.PROCESSES["dispatcher"][0],
    "sweeper": units.PROCESSES["celery"][0],
    "beat": units.PROCESSES["beat"][0],
}
"""The systemd unit behind each check, if any."""


def check_installation(server: Server) -> Iterator[Finding]:
    """Check an installation. Yields nothing for a stack's home, which has no units."""
    if server.paths is None:
        return
    yield _check_settings(server.paths)
    yield _check_keys(server)
    known = unit_states(server.paths)
    if not has_addresses(server) and known.get(units.ENGINES, "active") == "active":
        known[units.ENGINES] = "they haven't written their addresses"
    for name, state in known.items():
        if state != "active":
            yield _check_unit(server, name, state)


def format_finding(finding: Finding) -> str:
    if finding.ok:
        return f"ok {finding.name}: {finding.text}"
    return f"!! {finding.name}: {finding.text} — {finding.advice}"


def unit_states(places: InstallationPaths) -> dict[str, str]:
    """Return the states of the existing units; empty if no systemd runs."""
    names = [name for name in units.NAMES if (places.units / name).exists()]
    return systemd.unit_states(places, names) if names and systemd.is_running(places) else {}


def add_unit_advice(server: Server, found: Finding) -> Finding:
    """Replace the advice of the server's own doctor with the installation's: its units run the
    processes.
    """
    unit = _UNITS.get(found.name)
    if found.ok or unit is None or server.paths is None:
        return found
    if not (server.paths.units / unit).exists():  # the operator's own PostgreSQL, for example
        return found
    if found.name == "migrations" and "db upgrade" not in found.advice:
        return found
    return found._replace(advice=_restart_advice(server.paths, unit))


def missing_keys(server: Server) -> list[str]:
    """The names of keys that are not set."""
    return [name for name in config.SECRETS if not server.environment.get(name)]


def has_addresses(server: Server) -> bool:
    """Whether the addresses of PostgreSQL and Redis are known. Embedded ones publish theirs when
    they run.
    """
    try:
        made = {name: keys.GENERATORS[name]() for name in missing_keys(server)}
        config.load({**server.environment, **made, "MUSTER_HOME": str(server.home)})
    except config.MissingSetting:
        return False
    return True


def _check_settings(places: InstallationPaths) -> Finding:
    path, found = places.settings, places.settings.stat()
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        text = f"other users can read {path}, which has the keys in it"
        return Finding(
            "settings", text, f"chmod 600 {path}, and consider who may have read the keys"
        )
    if not places.is_user and found.st_uid != 0:
        return Finding("settings", f"{path} doesn't belong to root", f"chown root:root {path}")
    return Finding("settings", f"{path}, readable only by its owner")


def _check_keys(server: Server) -> Finding:
    if not (lacking := missing_keys(server)):
        return Finding("keys", "all are set")
    advice = (
        "put them back: `muster-server restore FILE --keys-to FILE` writes those of a backup. "
        "New keys, which `muster-server install` makes, can't read data that was stored with the "
        "old ones"
    )
    assert server.paths is not None
    return Finding("keys", f"not set in {server.paths.settings}: {', '.join(lacking)}", advice)


def _check_unit(server: Server, name: str, state: str) -> Finding:
    assert server.paths is not None
    advice = _restart_advice(server.paths, name)
    if name == units.ENGINES:
        text = f"PostgreSQL and Valkey aren't running ({state})"
        return Finding(name, text, f"{advice}: usually a full disk")
    if name == units.PROCESSES["gunicorn"][0] and _is_port_in_use(server):
        text = f"another program uses port {server.port} ({state})"
        return Finding(
            name, text, f"stop it, or choose another port with `muster-server install`; {advice}"
        )
    return Finding(name, f"it is {state}", advice)


def _restart_advice(places: InstallationPaths, unit: str) -> str:
    process = unit.removeprefix("muster-").removesuffix(".service")
    logs = f"muster-server logs {process}" if unit in units.SERVICES else "muster-server logs"
    return f"{' '.join(places.systemctl)} restart {unit}; if that doesn't help, see `{logs}`"


def _is_port_in_use(server: Server) -> bool:
    """Whether a program other than our web server, which isn't running, listens there."""
    status, answer = probes.probe(server.port, "/healthz", tls=server.has_tls)
    return status != 0 or "refused" not in answer
