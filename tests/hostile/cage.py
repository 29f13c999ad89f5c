"""What runs, in the kernel's own words: a cgroup that the daemon begins in and nothing can leave.

Whatever is forked below the daemon is in it, whatever session, parent, user or namespaces it has.
The product is not asked.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

_POLLS = 5  # what forks and ends at once can escape a single one


class Running(NamedTuple):
    """A living process as /proc shows it to root."""

    pid: int
    uid: int
    command: str

    def __str__(self) -> str:
        return f"{self.pid} of uid {self.uid}: {self.command[:160]}"


class Cage:
    """A cgroup of the test's own. Raises OSError where none can be made."""

    def __init__(self) -> None:
        self._directory = _hierarchy() / f"muster-hostile-{secrets.token_hex(4)}"
        self._directory.mkdir()

    def entered(self, *command: str) -> list[str]:
        """The command, run from within."""
        enter = 'echo $$ > "$0" && exec "$@"'
        return ["/bin/sh", "-c", enter, str(self._directory / "cgroup.procs"), *command]

    def pids(self) -> set[int]:
        """All that is in it, or in a cgroup below it."""
        found = set()
        for directory, _, _ in os.walk(self._directory):
            with suppress(OSError):
                found |= set(map(int, (Path(directory) / "cgroup.procs").read_text().split()))
        return found

    def running(self) -> list[Running]:
        return [process for pid in sorted(self.pids()) if (process := _running(pid))]

    def living(self, token: str) -> list[Running]:
        """Those that were started with the token, in their arguments or their environment."""
        mark = token.encode()
        found = {}
        for _ in range(_POLLS):
            for pid in self.pids():
                if mark in _read(pid, "cmdline") + _read(pid, "environ") and (it := _running(pid)):
                    found[pid] = it
        return list(found.values())

    def kill(self) -> None:
        """Ends all that is in it, at once."""
        (self._directory / "cgroup.kill").write_text("1")
        while self.running():
            pass

    def remove(self) -> None:
        self.kill()
        directories = [Path(directory) for directory, _, _ in os.walk(self._directory)]
        for directory in reversed(directories):
            directory.rmdir()


def traced_by(pid: int) -> int:
    """Who looks into this process with ptrace; 0 where nobody does."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("TracerPid:"))


def _hierarchy() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise OSError("there is no cgroup v2")


def _running(pid: int) -> Running | None:
    """None for what is gone, or waits for somebody to collect it."""
    stat = _read(pid, "stat")
    if not stat or stat[stat.rindex(b")") + 2 :][:1] in b"ZX":
        return None
    with suppress(OSError):
        words = " ".join(
            _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").split()
        )
        return Running(pid, os.stat(f"/proc/{pid}").st_uid, words)
    return None


def _read(pid: int, name: str) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/{name}").read_bytes()
    return b""
