"""A server that `muster-server install --user` has made, with a machine; systemd is a fake.

All is of one person without rights: what systemd would start runs with their settings.
"""

import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from app.embedded import ports
from app.server_cli.installation import settings
from app.server_cli.local import admin
from app.server_cli.local.api import ApiClient
from demo.repository import Repository
from tests.chaos.world import end_all_of
from tests.flows.running_stack import PASSWORD, RunningStack, wait_for
from tests.install import fake_systemctl
from tests.install.people import Person
from tests.install.two_versions import Release
from tests.wait import exit_of

# An operator's existing lines in the file, which `install` keeps.
SETTINGS = {
    "MUSTER_EMBEDDED_FSYNC": "off",
    "MUSTER_HEARTBEAT_SECONDS": "1",
    "MUSTER_MAX_LOAD_PERCENT": "101",
    "MUSTER_MAX_DISK_PERCENT": "101",
    "MUSTER_WEB_WORKERS": "1",
}
PASSPHRASE = "correct horse battery staple"
TIMEOUT_SECONDS = 900.0


class InstalledServer(RunningStack):
    """`program` is the `muster-server` that the person has on their PATH, `python` that of its
    environment.
    """

    def __init__(self, person: Person, program: Path, python: str) -> None:
        self.person, self.program = person, program
        self.home, self.python = person.home, program.resolve().parent / "python"
        self.port = ports.find_free_port()
        self.logs, self.notes = person.home / "logs", person.home / "notes"
        self.units = person.home / ".config" / "systemd" / "user"
        person.output_of("mkdir", "-p", self.logs, self.notes, self.units)
        person.output_of("chmod", "1777", self.notes)  # stages may have their own uids
        self._systemd = self._begin(python)

    def _begin(self, python: str) -> "subprocess.Popen[bytes]":
        """Start the fake's manager; `systemctl` is among the person's tools."""
        fake = shutil.copy(fake_systemctl.__file__, self.person.home / "fake_systemctl.py")
        door = self.person.home / "systemd"
        (tool := self.person.tools[0] / "systemctl").write_text(
            f'#!/bin/sh\nexec {python} {fake} call {door} "$@"\n'
        )
        tool.chmod(0o755)
        # The real user who runs the tests must not get lingering.
        (other := self.person.tools[0] / "loginctl").write_text("#!/bin/sh\nexit 1\n")
        other.chmod(0o755)
        argv = (python, fake, "serve", door, self.units, self.logs)
        started = self.person.start(*argv, log=self.logs / "systemd.log", env={})
        wait_for(
            door.exists, "fake of systemd", problem=exit_of(started, self.logs / "systemd.log")
        )
        return started

    def install(self, **more: str) -> None:
        """With more settings, by their variables."""
        written = self.person.home / ".config" / "muster" / "muster.env"
        self.person.output_of("mkdir", "-p", written.parent)
        settings.write_settings(written, {**SETTINGS, **more})
        os.chown(written, self.person.account.pw_uid, self.person.account.pw_gid)
        url = f"http://127.0.0.1:{self.port}"
        (answers := self.person.home / "answers.toml").write_text(
            f'url = "{url}"\nport = {self.port}\n'
        )
        asked = ("install", "--user", "--answers", answers)
        self.person.output_of("env", f"MUSTER_ADMIN_PASSWORD={PASSWORD}", self.program, *asked)
        self.api = ApiClient(url)
        wait_for(lambda: self.get("/readyz").get("status") == "ready", "readiness", TIMEOUT_SECONDS)
        self.api.login(admin.ADMIN_NAME, PASSWORD)

    def get(self, path: str) -> dict[str, object]:
        """The answer, of any status; nothing where there is none."""
        try:
            return dict(httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).json())
        except (httpx.HTTPError, ValueError):
            return {}

    @property
    def version(self) -> object:
        return self.get("/healthz").get("version")

    def furnish(self, slots: int = 10) -> None:
        """A repository, and a machine with a worker of the environment that was installed first."""
        self.fill_repository()
        token = self.api.post("/api/admin/worker-tokens", {})["token"]
        (given := self.person.home / "token").write_text(str(token))
        worker = f"{self.python} -m muster worker"
        home = self.person.home / "machine"
        asked = f"--token - --name m --slots {slots} --home {home} <{given}"
        self.person.output_of("sh", "-c", f"{worker} enroll --server {self.api.url} {asked}")
        seen = ("--file-root", self.person.home, "--mount", f"{self.notes}:rw")
        argv = (self.python, "-m", "muster", "worker", "run", "--home", home, *seen)
        self.worker = self.person.start(*argv, log=self.logs / "worker.log", env={})
        wait_for(self._is_online, "machine", TIMEOUT_SECONDS, problem=self.find_problem)

    def find_problem(self) -> str | None:
        return exit_of(self.worker, self.logs / "worker.log")()

    def fill_repository(self) -> None:
        self.repository = Repository(self.person.home / "repository.git")
        self.repository.fill()
        account = self.person.account
        for path in [self.repository.path, *self.repository.path.rglob("*")]:
            os.chown(path, account.pw_uid, account.pw_gid)  # git trusts only its owner

    def _is_online(self) -> bool:
        found = self.api.get("/api/web/machines")["items"]
        return any(machine["status"] == "online" for machine in found)

    def begin(self, *words: str | Path, log: Path) -> "subprocess.Popen[bytes]":
        """Start `muster-server` with these words, in the background."""
        # Installed code compiles when it is used, which is less work.
        env = {"MUSTER_BACKUP_PASSPHRASE": PASSPHRASE, "UV_COMPILE_BYTECODE": "0"}
        return self.person.start(self.program, *words, log=log, env=env)

    def upgrade(self, release: Release, *options: str) -> tuple[int, str]:
        """Return the exit status and the output."""
        return self.run("upgrade", release.server, *options)

    def run(self, *words: str | Path) -> tuple[int, str]:
        log = self.logs / "command.log"
        status = self.begin(*words, log=log).wait(TIMEOUT_SECONDS)
        return status, log.read_text()

    def muster(self, *words: str) -> str:
        """Return the output of the first installed environment's command with this server."""
        variables = (f"MUSTER_SERVER={self.api.url}", f"MUSTER_TOKEN={self.api.token}")
        return self.person.output_of("env", *variables, self.python, "-m", "muster", *words)

    def status(self) -> dict[str, object]:
        return dict(json.loads(self.run("status", "--json")[1]))

    @contextmanager
    def watched(self) -> Iterator[Mapping[str, float]]:
        """`longest`: the seconds for which no request was answered, at most, within."""
        seen, over = {"longest": 0.0}, threading.Event()

        def watch() -> None:
            last = time.monotonic()
            while not over.wait(0.05):
                if self.get("/healthz"):
                    last = time.monotonic()
                seen["longest"] = max(seen["longest"], time.monotonic() - last)

        (thread := threading.Thread(target=watch)).start()
        try:
            yield seen
        finally:
            over.set()
            thread.join()

    def stop(self) -> None:
        if hasattr(self, "worker"):
            self.worker.send_signal(signal.SIGTERM)
            self.worker.wait(60)
        self._systemd.send_signal(signal.SIGTERM)
        self._systemd.wait(120)
        end_all_of(self.person.home)  # shims outlive their daemon
