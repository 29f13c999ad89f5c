"""The systemd units: one per process, below one target."""

import os
import shlex
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import parse_qsl

from app.embedded.commands import RUNTIME_DIRECTORIES, stack_commands
from app.embedded.stack import ROOT
from app.server_cli.installation.atomic_write import sync_directory
from app.server_cli.installation.paths import ACCOUNT, InstallationPaths
from app.server_cli.local.paths import stack_port

TARGET = "muster.target"
ENGINES = "muster-engines.service"
MIGRATE = "muster-migrate.service"
# Keyed by the stack's names of the processes.
PROCESSES = {
    "gunicorn": ("muster-web.service", "the web server"),
    "dispatcher": ("muster-dispatch.service", "tasks to machines"),
    "celery": ("muster-jobs.service", "messages and sweeps"),
    "beat": ("muster-beat.service", "the clock"),
}
SERVICES = (ENGINES, MIGRATE, *(name for name, _ in PROCESSES.values()))
NAMES = (TARGET, *SERVICES)
_HARDENING = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "PrivateTmp": "yes",  # under strict /tmp isn't writable, and gunicorn needs it
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    # The C library asks netlink for the host's address families.
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "SystemCallErrorNumber": "EPERM",  # a program that tries others gets an error it can handle
    "LockPersonality": "yes",
    "UMask": "0027",
}
_BIND = "CAP_NET_BIND_SERVICE"
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))


def write_units(places: InstallationPaths, settings: Mapping[str, str]) -> None:
    """Replace an installation's units; each exists at any moment.

    Raises OperateError, OSError.
    """
    has_engines = not (settings.get("DATABASE_URL") and settings.get("REDIS_URL"))
    files = _paths_in(settings)
    made = render_units(
        places, port=stack_port(environ=settings), has_engines=has_engines, files=files
    )
    directory = places.rooted(places.units)
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in made.items():
        with (fresh := directory / f"{name}.new").open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(directory / name)
    for name in NAMES:
        if name not in made:
            (directory / name).unlink(missing_ok=True)
    sync_directory(directory)


def unit_program(text: str) -> str:
    """Return the program that one of our units starts."""
    [line] = (line for line in text.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
    return words[0].replace("%%", "%").replace("$$", "$")


def render_units(
    places: InstallationPaths, *, port: int, has_engines: bool, files: Iterable[str] = ()
) -> dict[str, str]:
    """Return the units' texts by name. `files`: paths besides the release that processes read."""
    table = stack_commands(places.home)
    homes = _home_protection(places, files)
    made = {TARGET: _render_target(places, has_engines)}
    if has_engines:
        made[ENGINES] = _render_engines(places, homes)
    made[MIGRATE] = _render_unit(
        "Muster: the database's tables",
        _after_units([ENGINES] if has_engines else []),
        {"Type": "oneshot", "RemainAfterExit": "yes", "TimeoutStartSec": "15min", **homes},
        table.migrate,
        places,
    )
    for process, (name, what) in PROCESSES.items():
        command = table.processes[process]
        service = {
            "Type": "exec",
            "Restart": "always",
            "RestartSec": "2",
            "KillMode": "mixed",
            "TimeoutStopSec": f"{command.stop_seconds + 8:.0f}",
            "LimitNOFILE": "65536",
            **homes,
        }
        if process == "gunicorn" and port < 1024 and not places.is_user:
            service["AmbientCapabilities"] = _BIND
        after = _after_units([ENGINES, MIGRATE] if has_engines else [MIGRATE])
        made[name] = _render_unit(f"Muster: {what}", after, service, command.argv, places)
    return made


def _render_target(places: InstallationPaths, has_engines: bool) -> str:
    wanted = [name for name in SERVICES if has_engines or name != ENGINES]
    wanted_by = "default.target" if places.is_user else "multi-user.target"
    return (
        f"[Unit]\nDescription=Muster\nWants={' '.join(wanted)}\n\n[Install]\nWantedBy={wanted_by}\n"
    )


def _render_engines(places: InstallationPaths, homes: Mapping[str, str]) -> str:
    service = {
        "Type": "notify",
        "NotifyAccess": "main",
        "Restart": "always",
        "RestartSec": "2",
        # Units that require it stay up while it restarts: they wait for it.
        "RestartMode": "direct",
        "KillMode": "mixed",
        "TimeoutStartSec": "3min",
        "TimeoutStopSec": "60",
        **homes,
    }
    argv = (sys.executable, "-m", "app.server_cli", "engines")
    return _render_unit("Muster: PostgreSQL and Valkey", {}, service, argv, places)


def _after_units(names: list[str]) -> dict[str, str]:
    joined = " ".join(names)
    return {"Requires": joined, "After": f"{joined} network-online.target"} if names else {}


def _render_unit(
    what: str,
    order: Mapping[str, str],
    service: Mapping[str, str],
    argv: tuple[str, ...],
    places: InstallationPaths,
) -> str:
    unit = {"Description": what, "PartOf": TARGET, **order}
    if "After" in unit and not places.is_user:
        unit["Wants"] = "network-online.target"
    else:
        unit = {name: value.replace(" network-online.target", "") for name, value in unit.items()}
    lines = {
        **service,
        "ExecStart": " ".join(map(_quote_word, argv)),
        "WorkingDirectory": _quote_path(ROOT),
        "EnvironmentFile": _quote_path(places.settings),
    }
    if not places.is_user:
        lines |= {"User": ACCOUNT, "Group": ACCOUNT, **_HARDENING}
        lines["CapabilityBoundingSet"] = service.get("AmbientCapabilities", "")
        lines["ReadWritePaths"] = _quote_path(places.home)
    return _render_section("Unit", unit) + "\n" + _render_section("Service", lines)


def _home_protection(places: InstallationPaths, files: Iterable[str]) -> dict[str, str]:
    """Return the protection of users' homes: hidden, unless the processes need one to start."""
    if places.is_user:
        return {}
    needed = (sys.executable, sys.prefix, sys.base_prefix, str(ROOT), str(places.home), *files)
    return {"ProtectHome": "read-only" if any(map(_is_in_home, needed)) else "yes"}


def _is_in_home(path: str) -> bool:
    # systemd follows links too: `/home` may be a link to `/var/home`.
    homes = {*_HOMES, *(Path(os.path.realpath(home)) for home in _HOMES)}
    spellings = (Path(path), Path(os.path.realpath(path)))
    return any(home in (each, *each.parents) for each in spellings for home in homes)


def _paths_in(settings: Mapping[str, str]) -> list[str]:
    """Return the absolute paths in settings: a certificate, several separated by colons, or one in
    a URL's query (`sslrootcert=`).
    """
    texts = list(settings.values())
    texts += [value for text in texts for _, value in parse_qsl(text.partition("?")[2])]
    parts = [part for text in texts for part in text.split(os.pathsep)]
    return [part for part in parts if part.startswith("/") and not part.startswith("//")]


def _render_section(name: str, lines: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _quote_word(word: str) -> str:
    """Quote `%` (a specifier), `$` (a variable) and spaces (which end words) for systemd."""
    escaped = word.replace("%", "%%").replace("$", "$$")
    if any(character in word for character in " \t'\"\\;"):
        escaped = escaped.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return escaped


def _quote_path(path: Path) -> str:
    return str(path).replace("%", "%%")


def state_directories(places: InstallationPaths) -> list[Path]:
    """Return the directories that must be in the home before the processes start."""
    return [places.home / name for name in RUNTIME_DIRECTORIES]
