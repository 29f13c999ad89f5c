"""The units of systemd: one a process, below one target."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from app.embedded.commands import OWN_DIRECTORIES, commands
from app.embedded.stack import ROOT
from app.operate.installed.durable import keep_names
from app.operate.installed.places import ACCOUNT, Places
from app.operate.local.places import port

TARGET = "muster.target"
ENGINES = "muster-engines.service"
MIGRATE = "muster-migrate.service"
# By the names that the stack has for them.
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
    "PrivateTmp": "yes",  # under strict nobody writes /tmp, and gunicorn has to
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    # The C library asks netlink which kinds of addresses the host has.
    "RestrictAddressFamilies": "AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallFilter": "@system-service",
    "SystemCallErrorNumber": "EPERM",  # a program that tries something else gets an error to handle
    "LockPersonality": "yes",
    "UMask": "0027",
}
_BIND = "CAP_NET_BIND_SERVICE"
_HOMES = tuple(map(Path, ("/home", "/root", "/run/user")))


def write(places: Places, settings: Mapping[str, str]) -> None:
    """Write those of an installation, in place of what there was: each is there at any moment.

    Raises OperateError, OSError.
    """
    has_engines = not (settings.get("DATABASE_URL") and settings.get("REDIS_URL"))
    made = all_of(places, port=port(environ=settings), has_engines=has_engines)
    directory = places.written(places.units)
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
    keep_names(directory)


def program(text: str) -> str:
    """The program that a unit of ours starts."""
    [line] = (line for line in text.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(line.removeprefix("ExecStart="))
    return words[0].replace("%%", "%").replace("$$", "$")


def all_of(places: Places, *, port: int, has_engines: bool) -> dict[str, str]:
    """The units' texts, by their names."""
    table = commands(places.home)
    made = {TARGET: _target(places, has_engines)}
    if has_engines:
        made[ENGINES] = _engines(places)
    made[MIGRATE] = _unit(
        "Muster: the database's tables",
        _after([ENGINES] if has_engines else []),
        {"Type": "oneshot", "RemainAfterExit": "yes", "TimeoutStartSec": "15min"},
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
        }
        if process == "gunicorn" and port < 1024 and not places.is_user:
            service["AmbientCapabilities"] = _BIND
        after = _after([ENGINES, MIGRATE] if has_engines else [MIGRATE])
        made[name] = _unit(f"Muster: {what}", after, service, command.argv, places)
    return made


def _target(places: Places, has_engines: bool) -> str:
    wanted = [name for name in SERVICES if has_engines or name != ENGINES]
    wanted_by = "default.target" if places.is_user else "multi-user.target"
    return (
        f"[Unit]\nDescription=Muster\nWants={' '.join(wanted)}\n\n[Install]\nWantedBy={wanted_by}\n"
    )


def _engines(places: Places) -> str:
    service = {
        "Type": "notify",
        "NotifyAccess": "main",
        "Restart": "always",
        "RestartSec": "2",
        # What requires them stays up while they come back: it waits for them by itself.
        "RestartMode": "direct",
        "KillMode": "mixed",
        "TimeoutStartSec": "3min",
        "TimeoutStopSec": "60",
    }
    argv = (sys.executable, "-m", "app.operate", "engines")
    return _unit("Muster: PostgreSQL and Valkey", {}, service, argv, places)


def _after(names: list[str]) -> dict[str, str]:
    joined = " ".join(names)
    return {"Requires": joined, "After": f"{joined} network-online.target"} if names else {}


def _unit(
    what: str,
    order: Mapping[str, str],
    service: Mapping[str, str],
    argv: tuple[str, ...],
    places: Places,
) -> str:
    unit = {"Description": what, "PartOf": TARGET, **order}
    if "After" in unit and not places.is_user:
        unit["Wants"] = "network-online.target"
    else:
        unit = {name: value.replace(" network-online.target", "") for name, value in unit.items()}
    lines = {
        **service,
        "ExecStart": " ".join(map(_word, argv)),
        "WorkingDirectory": _path(ROOT),
        "EnvironmentFile": _path(places.settings),
    }
    if not places.is_user:
        lines |= {"User": ACCOUNT, "Group": ACCOUNT, **_HARDENING}
        lines["ProtectHome"] = "read-only" if _runs_from_a_home(argv[0]) else "yes"
        lines["CapabilityBoundingSet"] = service.get("AmbientCapabilities", "")
        lines["ReadWritePaths"] = _path(places.home)
    return _section("Unit", unit) + "\n" + _section("Service", lines)


def _runs_from_a_home(program: str) -> bool:
    """Whether what runs lies in somebody's home, and would not start where those are hidden."""
    needed = (program, os.path.realpath(program), sys.prefix, sys.base_prefix, ROOT)
    return any(home in Path(each).parents for each in needed for home in _HOMES)


def _section(name: str, lines: Mapping[str, str]) -> str:
    return f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in lines.items())


def _word(word: str) -> str:
    """`%` begins a specifier of systemd's, `$` a variable, and spaces end words."""
    escaped = word.replace("%", "%%").replace("$", "$$")
    if any(character in word for character in " \t'\"\\;"):
        escaped = escaped.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return escaped


def _path(path: Path) -> str:
    return str(path).replace("%", "%%")


def directories(places: Places) -> list[Path]:
    """What has to be in the home before the processes start."""
    return [places.home / name for name in OWN_DIRECTORIES]
