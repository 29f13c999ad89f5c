"""A machine in service: a real daemon in a cage, a fake server, and attempts that mean no good."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import (
    Checkpoint,
    Failed,
    Forget,
    Publish,
    Published,
    Repo,
    StageFinished,
    StageStarted,
    Stop,
    Stopped,
    WorkspaceFacts,
)
from tests.hostile.cage import Cage, Running
from tests.hostile.caged_home import CagedHome, Remote
from tests.hostile.users import User
from tests.hostile.witness import Sight, Witness
from tests.muster.worker.fake_pty import TerminalConnection
from tests.muster.worker.repositories import wait_for

ACTS = Path(__file__).with_name("acts")
CANARY = "canary-"
"""How everything begins that nobody may read."""


def canary() -> str:
    return CANARY + secrets.token_hex(8)


class Machine:
    """`shop` is the project that attacks, `bank` the one that is attacked."""

    def __init__(
        self,
        user: User,
        root: Path,
        *options: str,
        heartbeat: float = 0.5,
        lease: float = 60.0,
        slots: int = 20,
    ) -> None:
        self.user, self.root, self.options = user, root, options
        self.secrets: list[str] = []
        self._tasks = 100
        self.attempts: dict[AttemptKey, Attempt] = {}
        self._idle: set[tuple[int, str]] = set()  # users and commands of the daemon's own
        (root / "remotes").mkdir(mode=0o755)
        self.shop = Remote.create(root / "remotes" / "shop.git")
        acts = {f"acts/{act.name}": act.read_text() for act in ACTS.iterdir() if act.is_file()}
        self.shop.commit({"README": "hello\n", **acts})
        self.bank = Remote.create(root / "remotes" / "bank.git")
        self.bank.commit({"ledger": self.secret() + "\n"})
        (root / "operator").mkdir(mode=0o755)
        (root / "operator" / "notes").write_text(self.secret())
        user.own(root / "remotes", root / "operator")
        self.cage = Cage()
        self.server = Witness(self.living)
        self.server.heartbeat_seconds, self.server.lease_seconds = heartbeat, lease
        self.server.jwt, self.server.secret = self.secret(), self.secret()
        places = root / "home", self.server, self.shop
        self.home = CagedHome(*places, user, self.cage, slots)

    def secret(self) -> str:
        """A new one, that nobody may find out."""
        self.secrets.append(canary())
        return self.secrets[-1]

    def attempt(self, project: str = "shop", task_id: int | None = None) -> "Attempt":
        """A new one, that has been given nothing to do yet."""
        self._tasks += 1
        key = AttemptKey(task_id or self._tasks, 1)
        self.attempts[key] = Attempt(self, key, project)
        return self.attempts[key]

    def ran(self, script: str, *, project: str = "shop", **more: Any) -> "Attempt":
        """A new one, that has run this to its end."""
        attempt = self.attempt(project)
        attempt.run(script, **more)
        return attempt

    def living(self, key: AttemptKey) -> list[Running]:
        attempt = self.attempts.get(key)
        return self.cage.living(attempt.token) if attempt else []

    def unexpected_processes(self) -> list[Running]:
        """What runs beside an idle daemon."""
        return [p for p in self.cage.running() if (p.uid, p.command) not in self._idle]

    def _kinds(self) -> set[tuple[int, str]]:
        return {(process.uid, process.command) for process in self.cage.running()}

    def is_in_service(self) -> bool:
        """Whether a task of somebody else's is done here as if nothing had been."""
        assert self.home.process is not None
        if self.home.process.poll() is not None:
            return False
        with self.passing("bank") as honest:
            ended = honest.run("echo in service; echo more >> ledger")
            honest.wait_for_output("in service")
            assert (ended.how, ended.code) == ("exit", 0), ended
            return bool(honest.checkpoint())

    @contextmanager
    def passing(self, project: str = "shop") -> Iterator["Attempt"]:
        """An attempt that is forgotten afterwards."""
        attempt = self.attempt(project)
        yield attempt
        attempt.forget()

    def beats(self, number: int) -> None:
        """Lets some time go by: until the daemon has been heard so often."""
        before = len(self.server.heartbeats)
        self.server.wait_for(lambda: len(self.server.heartbeats) >= before + number)

    def leaked(self) -> list[bytes]:
        """The secrets that reached the attacker's log or repository."""
        logs = [self.server.log(*a.key) for a in self.attempts.values() if a.project == "shop"]
        return [
            secret
            for secret in map(str.encode, self.secrets)
            if self.shop.holds(secret) or any(secret in log for log in logs)
        ]

    def tidy(self) -> None:
        """Forgets all attempts; then nothing of them runs, and the machine is in service."""
        for attempt in self.attempts.values():
            if not attempt.is_forgotten:
                attempt.forget()
        assert self.is_in_service()
        try:
            wait_for(lambda: not self.unexpected_processes(), limit=8)
        except AssertionError:
            raise AssertionError("\n".join(map(str, self.unexpected_processes()))) from None

    def recover(self) -> None:
        """For the next test, whatever the last one has left."""
        self.cage.kill()
        assert self.home.process is not None
        self.home.process.wait()
        self.home.spawn(*self.options)
        for attempt in self.attempts.values():
            with suppress(AssertionError):
                attempt.forget(limit=5)
        self.restart()

    def restart(self) -> None:
        """The daemon anew, as it is before anything is done on it."""
        self.attempts.clear()
        self.cage.kill()
        if self.home.process is not None:
            self.home.process.wait()
        self.home.spawn(*self.options)
        self._idle |= self._kinds()
        # The daemon starts some of its own parts with the first attempt.
        assert self.is_in_service()
        self.beats(3)
        self._idle |= self._kinds()

    def close(self) -> None:
        try:
            self.home.end()
        finally:
            self.cage.remove()
            self.server.close()


class Attempt:
    """One attempt. All that its stages start has its token in the environment or the arguments."""

    def __init__(self, machine: Machine, key: AttemptKey, project: str) -> None:
        self.machine, self.key, self.project = machine, key, project
        self.token = f"hostile-{key.name}-{secrets.token_hex(4)}"
        self.is_forgotten = False
        self._server = machine.server

    def order(self, script: str, stage_index: int = 0, **more: Any) -> None:
        """A shell stage; `$TOKEN` is its token."""
        repository = self.machine.shop if self.project == "shop" else self.machine.bank
        given = {
            "task_id": self.key.task_id,
            "attempt": self.key.attempt,
            "project": self.project,
            "repo": Repo(repository.url, "main", f"muster/{self.key.name}"),
            "env": {"TOKEN": self.token},
        }
        self.machine.home.run(script, stage_index, **{**given, **more})

    def run(self, script: str, stage_index: int = 0, **more: Any) -> StageFinished:
        """Runs the stage to its end. Raises AssertionError if it has none."""
        self.order(script, stage_index, **more)
        return self.ended(stage_index).body

    def ended(self, stage_index: int = 0, limit: float = 40.0) -> Sight:
        """The moment at which the stage was said to have ended."""
        number = stage_index + 1
        sight = self._server.wait_until_seen(
            self.key, StageFinished, Failed, number=number, limit=limit
        )
        assert isinstance(sight.body, StageFinished), sight.body
        return sight

    def started(self) -> None:
        self._server.wait_until_seen(self.key, StageStarted)

    def wait_for_output(self, words: str) -> None:
        """Waits until it has printed that."""
        self._server.wait_for(lambda: words.encode() in self.log)

    def opened_terminal(self) -> TerminalConnection:
        """Somebody looks at its terminal from now on, and may type."""
        calls = self._server.pty.calls
        before = len(calls)
        self._server.open_terminal(*self.key)
        self._server.wait_for(lambda: len(calls) > before)
        return calls[-1]

    @property
    def log(self) -> bytes:
        return self._server.log(*self.key)

    @property
    def workspace(self) -> Path:
        return self.machine.home.layout.workspace(self.key)

    @property
    def living(self) -> list[Running]:
        return self.machine.living(self.key)

    def wait_until_alive(self) -> None:
        wait_for(lambda: self.living, problem=lambda: self._server.find_failure(self.key))

    def checkpoint(self, number: int = 1) -> Checkpoint:
        body = self._server.wait_until_seen(self.key, Checkpoint, number=number).body
        assert isinstance(body, Checkpoint)
        return body

    def publish(self) -> Published:
        self._server.send(Publish(*self.key))
        body = self._server.wait_until_seen(self.key, Published, Failed).body
        assert isinstance(body, Published), body
        return body

    def stop(self) -> Sight:
        self._server.send(Stop(*self.key, reason="cancelled"))
        sight: Sight = self._server.wait_until_seen(self.key, Stopped, limit=40.0)
        return sight

    def forget(self, limit: float = 60.0) -> Sight:
        """Stops what runs and lets the attempt go; the moment at which that was said."""
        self.is_forgotten = True
        self._server.send(Forget(*self.key))

        def removals() -> list[Sight]:
            seen = self._server.seen_with(self.key, WorkspaceFacts)
            return [each for each in seen if each.body.state == "removed"]  # type: ignore[union-attr]

        sight: Sight = self._server.wait_for(removals, limit)[0]
        return sight

    def alive_when(self, *kinds: type) -> list[str]:
        """What of it was alive at the moments when such things were said."""
        with self._server.changed:
            sights = [s for s in self._server.sights if s.key == self.key]
        those = [sight for sight in sights if isinstance(sight.body, kinds)]
        return [f"{type(s.body).__name__}: {process}" for s in those for process in s.alive]
