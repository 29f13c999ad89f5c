"""An ordinary user with their own home, and their commands."""

import contextlib
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from tests.programs import find

# PostgreSQL wants a user that has a name. Every Debian has this one, and nothing runs as it.
NAME = "daemon"
PASSED = ("SSL_CERT_FILE", "PIP_CERT", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "UV_DEFAULT_INDEX")
SECONDS = 900.0


@dataclass(frozen=True)
class Person:
    """A user without rights, even if root runs the tests. `home` is theirs; `fetched` has downloads
    shared between users."""

    home: Path
    account: pwd.struct_passwd
    fetched: Path
    tools: tuple[Path, ...] = field(default=())

    @classmethod
    def at(cls, home: Path, fetched: Path, tools: tuple[Path, ...] = ()) -> "Person":
        account = pwd.getpwnam(NAME) if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        home.mkdir(parents=True)
        fetched.mkdir(exist_ok=True)
        for path in (home, fetched):
            os.chown(path, account.pw_uid, account.pw_gid)
        return cls(home, account, fetched, tools)

    def environment(self, **more: str) -> dict[str, str]:
        path = os.pathsep.join(map(str, (*self.tools, "/usr/bin", "/bin")))
        passed = {name: os.environ[name] for name in PASSED if name in os.environ}
        caches = {f"{name}_CACHE_DIR": f"{self.fetched}/{name}" for name in ("PIP", "UV")}
        # Only used code is compiled; pip would take half a minute for all of it.
        spared = {**caches, "PIP_NO_COMPILE": "1"}
        about = {"HOME": str(self.home), "PATH": path, "LANG": "C.UTF-8"}
        return {**passed, **spared, **about, **more}

    def start(
        self, *argv: str | Path, log: Path, env: Mapping[str, str]
    ) -> "subprocess.Popen[bytes]":
        with log.open("wb") as out:
            return subprocess.Popen(
                argv,
                env=self.environment(**env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                **self._as_them(),
            )

    def run(
        self, *argv: str | Path, given: str = "", env: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """`given` is the standard input."""
        return subprocess.run(
            argv,
            env=self.environment(**(env or {})),
            input=given,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            **self._as_them(),
        )

    def output_of(self, *argv: str | Path) -> str:
        """Return the output of a command that must succeed."""
        done = self.run(*argv)
        assert done.returncode == 0, f"{argv}:\n{done.stdout}{done.stderr}"
        return done.stdout.strip()

    def running(self) -> list[str]:
        """The processes that have this home in their command or directory."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                words = " ".join(process.cmdline())
                if str(self.home) in f"{words} {process.cwd()}":
                    found.append(words)
        return found

    def _as_them(self) -> dict[str, object]:
        to = {"cwd": self.home}
        if os.geteuid() != 0:
            return to
        ids = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        return {**to, **ids}


def python() -> str:
    """A Python that every user on this host can run, new enough and with venv."""
    for minor in range(15, 10, -1):
        found = Path(f"/usr/bin/python3.{minor}")
        if found.exists() and _has_venv(found):
            return str(found)
    pytest.skip("there is no /usr/bin/python3 of 3.11 or newer with venv and ensurepip")


def _has_venv(program: Path) -> bool:
    argv = [program, "-c", "import venv, ensurepip"]
    return subprocess.run(argv, capture_output=True, check=False).returncode == 0


def tool(name: str, place: Path) -> Path:
    """A copy of a single-file program that every user can run."""
    place.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy(find(name), place / name))
