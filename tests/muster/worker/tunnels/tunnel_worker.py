"""A worker whose tunnels are stand-ins: tunnel_stand_in.py."""

import ast
import shlex
from functools import partial
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Author, Tunnel, TunnelFacts, WorkspaceFacts
from muster.worker import processes
from muster.worker.tunnels import command as tunnel_command
from tests.muster.worker import tunnel_stand_in
from tests.muster.worker.shared_directory import make_shared
from tests.muster.worker.worker_home import WorkerHome

BOB = Author("Bob Dev", "bob@dev.example")
STAND_IN = Path(tunnel_stand_in.__file__).resolve()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
    monkeypatch.setattr(
        "muster.worker.tunnels.tunnel_run.RESTART_DELAYS_SECONDS", (0.02, 0.04, 0.08)
    )
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run._STOP_GRACE_SECONDS", 0.5)


class TunnelWorker:
    """A worker with a workspace, and its tunnel's action at each start."""

    def __init__(self, worker: WorkerHome, *plan: str) -> None:
        self.worker, self.server = worker, worker.server
        root = worker.layout.home.parent
        self.plan = make_shared(worker.layout) / "plan"
        self.plan.write_text("\n".join(plan))
        stand_in = root / "stand-in"  # the tests' own directory is closed to other uids
        stand_in.write_text(STAND_IN.read_text())
        program = ["python3", str(stand_in), str(self.plan)]
        self.command = (
            shlex.join([*program, "tunnel", "--accept-server-license-terms", "--name"]) + " {name}"
        )

    def start(self) -> "TunnelWorker":
        """In this process, with its pauses and limits."""
        self.worker.run_daemon(self.worker.make_daemon(tunnel_command=self.command))
        self.block()
        return self

    def spawn(self) -> "TunnelWorker":
        self.worker.spawn("--tunnel-command", self.command)
        return self

    def block(self) -> None:
        self.worker.run("true")
        self.server.wait_for(
            lambda: [b for b in self.server.bodies(WorkspaceFacts) if b.head_commit]
        )

    def open(self, number: int = 1, ttl: float = 600.0) -> None:
        self.server.send(Tunnel(7, 1, number, "open", ttl, opened_by=BOB))

    def close(self, number: int = 1) -> None:
        self.server.send(Tunnel(7, 1, number, "closed"))

    def wait_for_state(self, state: str, number: int = 1) -> TunnelFacts:
        def found() -> list[TunnelFacts]:
            return [b for b in self.reported_facts() if (b.state, b.number) == (state, number)]

        return self.server.wait_for(found)[-1]

    def reported_facts(self) -> list[TunnelFacts]:
        return [body for body in self.server.bodies(TunnelFacts) if isinstance(body, TunnelFacts)]

    def states(self) -> list[str]:
        return [body.state for body in self.reported_facts()]

    def living(self) -> list[processes.Process]:
        return tunnel_command.find_marked(
            str(self.worker.layout.attempt(AttemptKey(7, 1)).resolve())
        )

    def change(self, name: str) -> None:
        """Change the workspace as a user could through the tunnel."""
        (self.worker.layout.workspace(AttemptKey(7, 1)) / name).write_text("by hand\n")

    def checkpointed(self) -> list[str]:
        """Return the authors of the commits at the remote that are the first stage's
        checkpoints, the last one first."""
        ref = "refs/muster/7/1/0"
        refs = [found for found in self.worker.repository.refs() if found.startswith(ref)]
        ref = next((found for found in refs if found != ref), ref)  # changed through a tunnel
        log = partial(self.worker.repository.git, "log", "--format=%an")
        return log(ref).split("\n") if refs else []

    def facts(self) -> dict[str, object]:
        return dict(ast.literal_eval(self.plan.with_suffix(".facts").read_text()))
