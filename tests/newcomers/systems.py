"""A cell's own system: an overlay over this machine's or over a Debian root.

It has its own namespaces, and a network with only loopback, so that a cell can neither download
anything nor reach this machine's services. Everything it writes is in memory, and disappears with
it.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

INSIDE = Path(__file__).with_name("inside")
# Processes with this name in their command line are the cell's environment, not Muster's.
ENVIRONMENT_MARK = "/mnt/inside/"
LEFTOVER_SECONDS = 5.0
KILLED = -9

# A separate version 2 control group, wherever this machine has mounted that, or hasn't.
_OUTER = """
set -eu
mount -t cgroup2 cgroup2 "$PLACE/root"
mkdir "$PLACE/root/$CGROUP"
echo $$ >"$PLACE/root/$CGROUP/cgroup.procs"
umount "$PLACE/root"
exec unshare --mount --propagation private --pid --fork --kill-child --uts --ipc --cgroup $NET \
    sh -c "$ENTER" enter "$@"
"""
_ENTER = """
set -eu
exec 3>"$PLACE/report"
cd "$PLACE"
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=upper,workdir=work" root
cd root
mkdir -p proc sys dev run mnt
mount -t proc proc proc
if [ -n "$NET" ]; then
    mount -t sysfs -o ro sysfs sys
    "$PYTHON" -I "$INSIDE/raise_loopback.py"
fi
if [ -n "$HAS_CGROUPS" ] && [ -d sys/fs/cgroup ]; then mount -t cgroup2 cgroup2 sys/fs/cgroup; fi
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for each in null zero full random urandom tty; do
    : >"dev/$each"
    mount --bind "/dev/$each" "dev/$each"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
ln -s /proc/self/fd/0 dev/stdin
ln -s /proc/self/fd/1 dev/stdout
ln -s /proc/self/fd/2 dev/stderr
mount -t tmpfs -o mode=1777 tmpfs dev/shm
mount -t tmpfs -o mode=755 tmpfs run
printf '%s' "$BINDS" | while IFS='|' read -r source target; do
    mkdir -p ".$target"
    mount --bind "$source" ".$target"
done
hostname newcomer
pivot_root . .
umount -l .
cd /
eval "$PREPARE"
echo ready >&3
read -r line
"$@" 3>&- </dev/null &
code=0
wait $! || code=$?
echo "exit $code" >&3
read -r line || :
"""
_REMOVE_CGROUP = """
set -eu
mount -t cgroup2 cgroup2 "$PLACE/root"
[ ! -d "$PLACE/root/$CGROUP" ] || find "$PLACE/root/$CGROUP" -depth -type d -exec rmdir {} +
"""


@dataclass(frozen=True)
class Run:
    """The result of a command. `leftovers` are the command lines of processes that it left running,
    `changes` the paths that it wrote.
    """

    exit_code: int
    output: str
    seconds: float
    leftovers: tuple[str, ...]
    changes: tuple[str, ...]


@dataclass(eq=False)
class System:
    """`lower` are its layers, the topmost first; `binds` directories of this machine by their place
    in there; `prepare` is a shell script that root runs first. `refuses` names what the kernel is
    to refuse (see inside/refuse.py); `free_megabytes` what its disk has left when that is limited.
    """

    place: Path
    lower: Sequence[Path]
    binds: Mapping[str, Path]
    prepare: str = ""
    refuses: Sequence[str] = ()
    has_network: bool = False
    has_cgroups: bool = True
    free_megabytes: int = 0
    _cgroup: str = field(init=False)
    _process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self._cgroup = f"muster-newcomers-{self.place.name}-{secrets.token_hex(4)}"
        self.place.mkdir()
        if self.free_megabytes:
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", self.place], check=True)
        for name in ("upper", "work", "root"):
            (self.place / name).mkdir()

    @property
    def upper(self) -> Path:
        """All that has been written."""
        return self.place / "upper"

    def run(self, argv: Sequence[str], seconds: float) -> Run:
        """Run a command as this system's root; what still runs afterwards is killed."""
        os.mkfifo(self.place / "report")
        log = self.place / "output"
        with log.open("wb") as output:
            process = self._process = subprocess.Popen(
                [*self._command(), *argv],
                env=self._environment(),
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            return self._follow(process, log, seconds)
        finally:
            self.kill()
            process.communicate()
            self._remove_cgroup()

    def kill(self) -> None:
        """Kill all that runs in it."""
        if self._process is not None:
            self._process.kill()  # and with it, through --kill-child, its processes

    def remove(self) -> None:
        """Remove all that has been written."""
        if self.free_megabytes:
            subprocess.run(["umount", "--lazy", self.place], check=True)
        shutil.rmtree(self.place)

    def _limit_disk(self) -> None:
        disk = os.statvfs(self.place)
        size = (disk.f_blocks - disk.f_bfree) * disk.f_frsize + self.free_megabytes * 1_000_000
        limited = f"remount,size={size}"
        subprocess.run(["mount", "-o", limited, self.place], check=True)

    def _command(self) -> list[str]:
        refusing = [sys.executable, "-I", str(INSIDE / "refuse.py"), *self.refuses, "--"]
        entering = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _OUTER, "outer"]
        return [*(refusing if self.refuses else ()), *entering]

    def _environment(self) -> dict[str, str]:
        binds = "".join(f"{source}|{target}\n" for target, source in self.binds.items())
        return {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "PLACE": str(self.place),
            "LOWER": ":".join(map(str, self.lower)),
            "CGROUP": self._cgroup,
            "NET": "" if self.has_network else "--net",
            "HAS_CGROUPS": "1" if self.has_cgroups else "",
            "BINDS": binds,
            "PREPARE": self.prepare,
            "ENTER": _ENTER,
            "PYTHON": sys.executable,
            "INSIDE": str(INSIDE),
        }

    def _follow(self, process: "subprocess.Popen[bytes]", log: Path, seconds: float) -> Run:
        assert process.stdin is not None
        with _Report(self.place / "report", process) as report:
            if report.line(seconds) != "ready":
                raise RuntimeError(f"the system of this cell wasn't made:\n{log.read_text()}")
            if self.free_megabytes:
                self._limit_disk()
            before, started = _files(self.upper), time.monotonic()
            process.stdin.write(b"go\n")
            process.stdin.flush()
            code = int((report.line(seconds) or f"exit {KILLED}").split()[1])
            lasted = time.monotonic() - started
            leftovers = _await_end(process.pid) if code != KILLED else ()
        after = _files(self.upper)
        changes = sorted(path for path in after if after[path] != before.get(path))
        output = log.read_text(errors="replace")
        return Run(code, output, lasted, leftovers, tuple(changes))

    def _remove_cgroup(self) -> None:
        argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _REMOVE_CGROUP]
        for _ in range(50):  # its processes need a moment to exit
            done = subprocess.run(argv, env=self._environment(), capture_output=True, check=False)
            if done.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self._cgroup} can't be removed: {done.stderr.decode()}")


class _Report:
    """The reports of a system's first process, one per line."""

    def __init__(self, path: Path, process: "subprocess.Popen[bytes]") -> None:
        self._process, self._text = process, ""
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    def __enter__(self) -> "_Report":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def line(self, seconds: float) -> str:
        """The next line; None if the process exits, or on timeout."""
        deadline = time.monotonic() + seconds
        while "\n" not in self._text and time.monotonic() < deadline:
            has_ended = self._process.poll() is not None
            with contextlib.suppress(BlockingIOError):
                self._text += os.read(self._descriptor, 4096).decode()
            if has_ended:
                break
            time.sleep(0.02)
        line, _, self._text = self._text.partition("\n")
        return line


def _await_end(outer: int) -> tuple[str, ...]:
    """What still runs in a system when everything had time to end."""
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while (found := tuple(_running(outer))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def _running(outer: int) -> Iterator[str]:
    first = psutil.Process(outer).children()[0]
    space = os.readlink(f"/proc/{first.pid}/ns/pid")
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            is_inside = os.readlink(f"/proc/{process.pid}/ns/pid") == space
            line = " ".join(process.cmdline())
            if is_inside and process.pid != first.pid and line and ENVIRONMENT_MARK not in line:
                yield line


def _files(top: Path) -> dict[str, tuple[int, int, int]]:
    """All below a directory: size, mode and time of change."""
    found = {}
    for folder, folders, files in os.walk(top):
        for name in (*folders, *files):
            status = os.lstat(path := os.path.join(folder, name))
            inside = path.removeprefix(str(top))
            found[inside] = (status.st_size, status.st_mode, status.st_mtime_ns)
    return found
