"""How far this machine can contain what runs for an attempt, by trying it."""

import shutil

from muster.protocol.frames import Room
from muster.worker.doctor.finding import Machine, ask

_NOTHING = ("/bin/sh", "-c", ":")


def room_level(machine: Machine) -> Room:
    """The best level at which a trial works, and in words what the better ones lack."""
    lacks = []
    for level, program, trial in (
        ("full", "bwrap", _sandbox(machine)),
        ("processes", "unshare", _processes(machine)),
    ):
        if shutil.which(program) is None:
            lacks.append(f"{program} is not installed")
            continue
        said = ask(trial)
        if said.ok:
            return Room("full" if level == "full" else "processes", lacks)
        lacks.append(said.text.partition("\n")[0] or f"{program} fails")
    return Room("none", lacks)


def _sandbox(machine: Machine) -> list[str]:
    user = [] if machine.is_root else ["--unshare-user"]
    mounts = ["--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]
    return ["bwrap", "--unshare-pid", "--unshare-ipc", *user, *mounts, "--", *_NOTHING]


def _processes(machine: Machine) -> list[str]:
    user = [] if machine.is_root else ["--user", "--map-current-user"]
    return ["unshare", "--pid", "--fork", "--kill-child", *user, *_NOTHING]
