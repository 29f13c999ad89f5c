"""What an installation lacks that its processes cannot say: they may not run."""

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
"""Addresses for whoever looks at the rest while the engines are away."""

_UNITS = {
    "PostgreSQL": units.ENGINES,
    "Redis": units.ENGINES,
    "migrations": units.MIGRATE,
    "dispatcher": units.PROCESSES["dispatcher"][0],
    "sweeper": units.PROCESSES["celery"][0],
    "beat": units.PROCESSES["beat"][0],
}
"""What systemd runs for what a check looks at, where it does."""


def check_installation(server: Server) -> Iterator[Finding]:
    """Nothing of a stack's home, which has no units."""
    if server.paths is None:
        return
    yield _check_settings(server.paths)
    yield _check_keys(server)
    known = unit_states(server.paths)
    if not has_addresses(server) and known.get(units.ENGINES, "active") == "active":
        known[units.ENGINES] = "they have left no addresses"
    for name, state in known.items():
        if state != "active":
            yield _check_unit(server, name, state)


def format_finding(finding: Finding) -> str:
    if finding.ok:
        return f"ok {finding.name}: {finding.text}"
    return f"!! {finding.name}: {finding.text} — {finding.advice}"


def unit_states(places: InstallationPaths) -> dict[str, str]:
    """Of the units that are there; of none where no systemd runs."""
    names = [name for name in units.NAMES if (places.units / name).exists()]
    return systemd.unit_states(places, names) if names and systemd.is_running(places) else {}


def add_unit_advice(server: Server, found: Finding) -> Finding:
    """With what an operator of an installation does, where the server's own doctor names what those
    do who run its processes themselves.
    """
    unit = _UNITS.get(found.name)
    if found.ok or unit is None or server.paths is None:
        return found
    if not (server.paths.units / unit).exists():  # PostgreSQL is theirs, say
        return found
    if found.name == "migrations" and "db upgrade" not in found.advice:
        return found
    return found._replace(advice=_restart_advice(server.paths, unit))


def missing_keys(server: Server) -> list[str]:
    """The names of keys that are not set."""
    return [name for name in config.SECRETS if not server.environment.get(name)]


def has_addresses(server: Server) -> bool:
    """Whether PostgreSQL and Redis are known: where they are embedded their process says it."""
    try:
        made = {name: keys.GENERATORS[name]() for name in missing_keys(server)}
        config.load({**server.environment, **made, "MUSTER_HOME": str(server.home)})
    except config.MissingSetting:
        return False
    return True


def _check_settings(places: InstallationPaths) -> Finding:
    path, found = places.settings, places.settings.stat()
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        text = f"{path} is open to others, and the keys are in it"
        return Finding("settings", text, f"chmod 600 {path}, and think about who has read them")
    if not places.is_user and found.st_uid != 0:
        return Finding("settings", f"{path} is not root's", f"chown root:root {path}")
    return Finding("settings", f"{path}, its owner's alone")


def _check_keys(server: Server) -> Finding:
    if not (lacking := missing_keys(server)):
        return Finding("keys", "all are set")
    advice = (
        "put them back: `muster-server restore FILE --keys-to FILE` writes those of a backup. New "
        "ones, which `muster-server install` makes, read nothing that was stored with the old"
    )
    assert server.paths is not None
    return Finding("keys", f"not set in {server.paths.settings}: {', '.join(lacking)}", advice)


def _check_unit(server: Server, name: str, state: str) -> Finding:
    assert server.paths is not None
    advice = _restart_advice(server.paths, name)
    if name == units.ENGINES:
        text = f"PostgreSQL and Valkey do not run ({state})"
        return Finding(name, text, f"{advice}: mostly a full disk")
    if name == units.PROCESSES["gunicorn"][0] and _is_port_in_use(server):
        text = f"another program has port {server.port} ({state})"
        return Finding(name, text, f"stop that, or `muster-server install` with another; {advice}")
    return Finding(name, f"it is {state}", advice)


def _restart_advice(places: InstallationPaths, unit: str) -> str:
    process = unit.removeprefix("muster-").removesuffix(".service")
    logs = f"muster-server logs {process}" if unit in units.SERVICES else "muster-server logs"
    return f"{' '.join(places.systemctl)} restart {unit}; if that is not all, `{logs}` says why"


def _is_port_in_use(server: Server) -> bool:
    """Whether somebody listens there who is not our web server: that does not run."""
    status, answer = probes.probe(server.port, "/healthz", tls=server.has_tls)
    return status != 0 or "refused" not in answer
