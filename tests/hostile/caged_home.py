"""A worker's home and its repositories, for a daemon that runs as somebody, in a cage."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from muster.worker.server.credentials import Credentials, CredentialStore
from tests.hostile.cage import Cage
from tests.hostile.users import ATTEMPTS, PATH, SOURCES, User
from tests.hostile.witness import Witness
from tests.muster.worker import uids
from tests.muster.worker.repositories import ENVIRONMENT, Repository
from tests.muster.worker.worker_home import WorkerHome
from tests.wait import failure_of


class Remote(Repository):
    """One that may belong to another user than whoever looks at it."""

    def git(self, *args: str, given: str = "") -> str:
        return super().git("-c", "safe.directory=*", *args, given=given)

    def holds(self, words: bytes) -> bool:
        """Whether any object of it has these words in it."""
        command = ["git", "-c", "safe.directory=*", "cat-file", "--batch-all-objects"]
        command += ["--batch", "--unordered"]
        done = subprocess.run(
            command, cwd=self.path, env=ENVIRONMENT, capture_output=True, check=True
        )
        return words in done.stdout


class CagedHome(WorkerHome):
    """A worker's home whose daemon runs in a cage, as a user."""

    def __init__(
        self,
        directory: Path,
        server: Witness,
        repository: Repository,
        user: User,
        cage: Cage,
        slots: int,
    ) -> None:
        self.user, self.cage, self.slots = user, cage, slots
        super().__init__(directory, server, repository)
        user.own(directory)

    def join_server(self, renew_at: float = 1e12) -> None:
        url, jwt, secret = self.server.url, self.server.jwt, self.server.secret
        given = Credentials(url, "machine", "m", self.slots, jwt, renew_at, secret)
        CredentialStore(self.layout.credentials).save(given)

    def spawn(self, *options: str, **_: Any) -> subprocess.Popen[bytes]:
        connected = len(self.server.hellos)
        given = uids.option(ATTEMPTS)
        given += [word for root in self.layout.file_roots for word in ("--file-root", str(root))]
        command = [sys.executable, "-m", "muster", "worker", "run", "--home", str(self.layout.home)]
        operator = self.layout.home.parent / "operator"
        self.process = subprocess.Popen(
            self.cage.entered(*self.user.command(*command, *given, *options)),
            cwd=SOURCES,
            env={"PATH": PATH, "HOME": str(operator), "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._problem = failure_of(self.process)
        self.server.wait_until_connected(connected + 1)
        return self.process
