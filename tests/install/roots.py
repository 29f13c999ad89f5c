"""A fresh Debian root over one that `make bring` has made, with its own namespaces. Its changes are
stored separately, and so can be listed.

The network is this machine's, because it has the package index; that of `containers` is separate,
without external access. Only root can have one.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Self

import psutil

from tests.install.people import PASSED, SECONDS
from tests.programs import find
from tests.wait import exit_of, wait_for_output, wait_until

AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
BOOT_SECONDS = 60.0
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
IDLE = "sleep 3600"
# A process 1 that reaps, and one that starts units.
REAPS = f"exec sh -c 'while :; do {IDLE} & wait; done'"
INITS = {
    "plain": REAPS,
    "containers": f"ip link set lo up\n{REAPS}",
    "systemd": "exec setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time "
    "/lib/systemd/systemd --log-target=journal --show-status=0",
}
# A separate version 2 control group, wherever that is mounted here, or isn't.
APART = """
set -eu
mount -t cgroup2 cgroup2 "$PLACE/root"
mkdir -p "$PLACE/root/$GROUP"
echo $$ >"$PLACE/root/$GROUP/cgroup.procs"
umount "$PLACE/root"
exec unshare --mount --propagation private --pid --fork --kill-child --uts --ipc --cgroup $APART \
    sh -c "$ENTER"
"""
ENTER = """
set -eu
cd "$PLACE"
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=upper,workdir=work" root
cd root
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for each in null zero full random urandom tty; do
    : >"dev/$each"
    mount --bind "/dev/$each" "dev/$each"
done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for each in dev/shm tmp; do mount -t tmpfs -o mode=1777 tmpfs "$each"; done
mount -t tmpfs -o mode=755 tmpfs run
mount --bind "$GIVEN" mnt
mount --bind "$PIP" srv
mount --bind /etc/resolv.conf etc/resolv.conf
mount --bind "$AUTHORITIES" etc/ssl/certs/ca-certificates.crt
hostname "$GROUP"
pivot_root . mnt/old
umount -l /mnt/old
echo entered
exec >/run/console 2>&1
export container=root
"""
FORGET = """
set -eu
mount -t cgroup2 cgroup2 "$PLACE/root"
[ ! -d "$PLACE/root/$GROUP" ] || find "$PLACE/root/$GROUP" -depth -type d -exec rmdir {} +
"""


class Root:
    """`given` is a directory that is /mnt in there; `pip` one that all roots share, /srv."""

    def __init__(self, kind: str, place: Path, given: Path, pip: Path) -> None:
        self.lower = Path(find(f"debian-{kind}")).with_suffix("")
        self.place, self.given = place, given
        for name in ("upper", "work", "root"):
            (place / name).mkdir(parents=True)
        (given / "old").mkdir(exist_ok=True)
        pip.mkdir(exist_ok=True)
        pip.chmod(0o1777)
        names = {"PLACE": place, "LOWER": self.lower, "GIVEN": given, "PIP": pip}
        self._env = {
            **{name: str(path) for name, path in names.items()},
            "AUTHORITIES": os.environ.get("SSL_CERT_FILE") or AUTHORITIES,
            "GROUP": f"root-{os.getpid()}-{place.name}",
            "ENTER": ENTER + INITS[kind],
            "APART": "--net" if kind == "containers" else "",
            "PATH": PATH,
        }
        self.kind = kind
        self._begun: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.place)

    def start(self) -> None:
        self._outer = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", APART],
            env=self._env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._outer.stdout is not None
        assert self._outer.stdout.readline() == "entered\n"
        children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
        self._first = children.read_text().strip()
        if self.kind == "systemd":
            problem = exit_of(self._outer)
            wait_until(self._has_booted, "boot of systemd", BOOT_SECONDS, problem=problem)

    def _has_booted(self) -> bool:
        state = self.run("systemctl", "is-system-running").stdout.strip()
        assert state != "degraded", self.run("systemctl", "--failed").stdout
        return state == "running"

    def stop(self) -> None:
        """Power it off; its changes stay, and it can start again."""
        if self.kind == "systemd" and self._outer.poll() is None:
            self.run("systemctl", "poweroff")
        elif self._outer.poll() is None:
            os.kill(int(self._first), signal.SIGKILL)
        self._outer.communicate(timeout=SECONDS)
        argv = ["unshare", "--mount", "--propagation", "private", "sh", "-c", FORGET]
        subprocess.run(argv, env=self._env, check=True)

    def command(self, *words: str, user: str = "root", **env: str) -> list[str]:
        """Return the command that runs these words in it."""
        inside = [
            "nsenter",
            f"--target={self._first}",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--net",
        ]
        whose = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--"]
        home = self._home(user)
        named = {**self._passed(), "HOME": home, "USER": user, "PATH": PATH, **env}
        given = [f"{name}={value}" for name, value in named.items()]
        return [
            *inside,
            "--cgroup",
            "--root",
            "env",
            "-i",
            f"--chdir={home}",
            *given,
            *whose,
            *words,
        ]

    def run(
        self, *words: str, given: str = "", user: str = "root", **env: str
    ) -> "subprocess.CompletedProcess[str]":
        argv = self.command(*words, user=user, **env)
        return subprocess.run(
            argv, input=given, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def output_of(self, *words: str, given: str = "", user: str = "root", **env: str) -> str:
        """Return the output of a command that must succeed."""
        done = self.run(*words, given=given, user=user, **env)
        assert done.returncode == 0, f"{words}:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def begin(self, name: str, line: str, *, user: str, **env: str) -> Path:
        """Start a shell line in the background. Returns the file with its output."""
        log = self.place / f"{name}.log"
        with log.open("wb") as out:
            argv = self.command("sh", "-c", line, user=user, **env)
            self._begun[name] = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
            )
        return log

    def wait_until_printed(self, name: str, text: str, seconds: float = 300.0) -> None:
        """Wait until the line has printed this; fail at once if it has exited."""
        wait_for_output(self.place / f"{name}.log", text, self._begun[name], seconds)

    def end(self, name: str, words: str) -> int:
        """Send SIGTERM to the one process with these words. Returns the status of the line."""
        [found] = [pid for pid, line in self.processes().items() if words in line]
        os.kill(found, signal.SIGTERM)
        return self._begun.pop(name).wait(SECONDS)

    def processes(self) -> dict[int, str]:
        """Return its processes except the first, by their pids out here."""
        space, found = os.readlink(f"/proc/{self._first}/ns/pid"), {}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                is_inside = os.readlink(f"/proc/{process.pid}/ns/pid") == space
                line = " ".join(process.cmdline())
                if is_inside and str(process.pid) != self._first and line != IDLE:
                    found[process.pid] = line
        return found

    def written(self) -> dict[str, str]:
        """Return the differences from the root below, by path: the current state."""
        upper, found = self.place / "upper", {}
        for folder, folders, files in os.walk(upper):
            for path in (Path(folder, name) for name in (*folders, *files)):
                inside = path.relative_to(upper)
                if (now := _describe_file(path)) != _describe_file(self.lower / inside):
                    found[f"/{inside}"] = now
        return found

    def _home(self, user: str) -> str:
        accounts = Path(f"/proc/{self._first}/root/etc/passwd").read_text().splitlines()
        [fields] = [each for line in accounts if (each := line.split(":"))[0] == user]
        return fields[5]

    def _passed(self) -> dict[str, str]:
        """Return this machine's access to its package index, as far as its environment shows it."""
        files = ("SSL_CERT_FILE", "PIP_CERT", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE")
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        passed |= {name: AUTHORITIES for name in files if name in os.environ}
        more = {"PIP_CACHE_DIR": "/srv", "LANG": "C.UTF-8", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        return {**passed, **more}


def _describe_file(path: Path) -> str:
    if path.is_symlink():
        return f"link to {path.readlink()}"
    if path.is_dir():
        return "directory"
    if path.is_file():
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return "other" if path.exists() else "nothing"
