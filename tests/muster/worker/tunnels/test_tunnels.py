"""Tunnels of a real worker on a fake server. What it runs is a stand-in: tunnel_stand_in.py."""

import ast
import shlex
import signal
from itertools import pairwise
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Forget, Stop, Stopped, Tunnel, TunnelFacts, WorkspaceFacts
from muster.worker import processes
from muster.worker.clock import boot_seconds
from muster.worker.daemon import Daemon
from muster.worker.tunnels import command as tunnel_command
from muster.worker.tunnels import tunnel_run
from muster.worker.tunnels.output import Address, Login, OutputReader
from muster.worker.tunnels.tunnel_run import CONNECT_LIMIT, PAUSES
from tests.muster.worker import tunnel_stand_in
from tests.muster.worker.repositories import repository, root, until
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

LIMITS = CONNECT_LIMIT, PAUSES  # before they are made quick
STAND_IN = Path(tunnel_stand_in.__file__).resolve()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.PAUSES", (0.02, 0.04, 0.08))
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run._GRACE", 0.5)


class Tunnelled:
    """A worker that holds a workspace, and what its tunnel is to do at each start."""

    def __init__(self, worker: WorkerHome, *plan: str) -> None:
        self.worker, self.server = worker, worker.server
        root = worker.layout.home.parent
        self.plan = root / "tunnel" / "plan"
        self.plan.parent.mkdir()
        self.plan.parent.chmod(0o777)
        self.plan.write_text("\n".join(plan))
        stand_in = root / "stand-in"  # the tests' own directory is closed to other uids
        stand_in.write_text(STAND_IN.read_text())
        program = ["python3", str(stand_in), str(self.plan)]
        self.command = (
            shlex.join([*program, "tunnel", "--accept-server-license-terms", "--name"]) + " {name}"
        )

    def start(self) -> "Tunnelled":
        """In this process, with its pauses and limits."""
        layout = self.worker.layout
        daemon = Daemon(layout.home, tunnel_command=self.command, file_roots=layout.file_roots)
        self.worker.take(daemon)
        self.hold()
        return self

    def spawn(self) -> "Tunnelled":
        self.worker.spawn("--tunnel-command", self.command)
        return self

    def hold(self) -> None:
        self.worker.run("true")
        self.server.until(lambda: [b for b in self.server.bodies(WorkspaceFacts) if b.head_commit])

    def open(self, number: int = 1, ttl: float = 600.0) -> None:
        self.server.send(Tunnel(7, 1, number, "open", ttl))

    def close(self, number: int = 1) -> None:
        self.server.send(Tunnel(7, 1, number, "closed"))

    def until(self, state: str, number: int = 1) -> TunnelFacts:
        def found() -> list[TunnelFacts]:
            return [b for b in self.told() if (b.state, b.number) == (state, number)]

        return self.server.until(found)[-1]

    def told(self) -> list[TunnelFacts]:
        return [body for body in self.server.bodies(TunnelFacts) if isinstance(body, TunnelFacts)]

    def states(self) -> list[str]:
        return [body.state for body in self.told()]

    def living(self) -> list[processes.Process]:
        return tunnel_command.marked(str(self.worker.layout.attempt(AttemptKey(7, 1)).resolve()))

    def facts(self) -> dict[str, object]:
        return dict(ast.literal_eval(self.plan.with_suffix(".facts").read_text()))


@pytest.mark.parametrize("how", ["connect", "slow pieces"])
def test_a_tunnel_is_connected_where_its_command_says(worker: WorkerHome, how: str) -> None:
    tunnel = Tunnelled(worker, how).start()
    tunnel.open()
    name = tunnel_command.name("machine", AttemptKey(7, 1))
    workspace = worker.layout.workspace(AttemptKey(7, 1))
    assert tunnel.until("connected").url == f"https://vscode.dev/tunnel/{name}{workspace}"
    assert tunnel.states() == ["starting", "connected"]
    tunnel.close()
    tunnel.until("closed")
    assert not tunnel.living()


def test_it_runs_in_the_workspace_as_its_uid_with_nothing_of_the_daemons(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAEMONS_SECRET", "x")
    tunnel = Tunnelled(worker, "connect").start()
    tunnel.open()
    tunnel.until("connected")
    facts, workspace = tunnel.facts(), worker.layout.workspace(AttemptKey(7, 1))
    env = facts["env"]
    assert isinstance(env, dict)
    assert facts["cwd"] == str(workspace)
    assert facts["uid"] == workspace.stat().st_uid
    assert "DAEMONS_SECRET" not in env
    assert env["HOME"] == str(worker.layout.home_of(AttemptKey(7, 1)))
    assert env["GIT_AUTHOR_EMAIL"] == "ada@dev.example"


def test_a_log_in_that_is_needed_is_told(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "login").start()
    tunnel.open()
    waits = tunnel.server.until(lambda: [b for b in tunnel.told() if b.waits_for_login])[0]
    assert waits.state == "starting"
    assert waits.error == "log in at https://github.com/login/device with the code C98F-F1F6"
    tunnel.close()
    tunnel.until("closed")


def test_a_command_that_says_nothing_more_is_not_listened_to_any_more(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of its output is there for ever: whoever looked for it would do nothing else."""
    looks: list[int] = []

    def counted(handle: int) -> tuple[bytes, bool]:
        looks.append(handle)
        return whatever(handle)

    whatever = tunnel_run._whatever
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run._whatever", counted)
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_LIMIT", 0.5)
    tunnel = Tunnelled(worker, "mute").start()
    tunnel.open()
    assert tunnel.until("failed").error.startswith("not connected within")
    assert len(looks) < 10


def test_what_does_not_connect_in_time_has_failed(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_LIMIT", 0.5)
    tunnel = Tunnelled(worker, "deaf").start()
    tunnel.open()
    assert tunnel.until("failed").error.startswith("not connected within")
    assert not tunnel.living()


def test_the_time_for_a_log_in_is_longer_than_that_to_connect(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_LIMIT", 2.0)
    tunnel = Tunnelled(worker, "login wait connect").start()
    tunnel.open()
    tunnel.server.until(lambda: [b for b in tunnel.told() if b.waits_for_login])
    asked = boot_seconds()
    until(lambda: boot_seconds() > asked + 2.0 or "failed" in tunnel.states())
    tunnel.plan.with_suffix(".go").touch()
    tunnel.until("connected")


def test_a_crash_is_followed_by_a_restart(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "connect crash", "connect").start()
    tunnel.open()
    tunnel.server.until(lambda: tunnel.states().count("connected") == 2)
    assert [b.restarts for b in tunnel.told()][-1] == 1
    assert "exit code 3: error creating tunnel session" in "".join(b.error for b in tunnel.told())


def test_its_limits_are_those_that_are_promised() -> None:
    assert LIMITS == (30.0, (2.0, 4.0, 8.0))


def test_it_is_started_again_after_ever_longer_pauses(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = (0.1, 0.2, 0.4)
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.PAUSES", pauses)
    tunnel = Tunnelled(worker, "crash").start()
    tunnel.open()
    tunnel.until("failed")
    starts = [float(line) for line in tunnel.plan.with_suffix(".times").read_text().split()]
    waited = [later - earlier for earlier, later in pairwise(starts)]
    assert all(took >= pause for took, pause in zip(waited, pauses, strict=True))


def test_the_fourth_crash_is_the_last(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "crash").start()
    tunnel.open()
    assert tunnel.until("failed").restarts == 3
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b"...."


def test_what_was_turned_off_from_the_editor_is_not_started_again(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "connect slow off").start()
    tunnel.open()
    assert tunnel.until("closed").error == "it was turned off from the editor"
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b"."


def test_it_ends_with_its_time(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "connect fork").start()
    tunnel.open(ttl=1.0)
    tunnel.until("expired")
    assert tunnel.states() == ["starting", "connected", "expired"]
    assert not tunnel.living()


def test_a_stop_ends_it_before_it_is_confirmed_whatever_it_ignores(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "deaf fork connect").start()
    tunnel.open()
    tunnel.until("connected")
    assert len(tunnel.living()) == 2
    tunnel.server.send(Stop(7, 1, "cancelled"))
    tunnel.server.until_said(Stopped)
    assert not tunnel.living()
    kinds = [type(body).__name__ for body in tunnel.server.bodies()]
    assert tunnel.states()[-1] == "closed"
    assert kinds.index("Stopped") > kinds.index("TunnelFacts")


def test_it_ends_with_an_attempt_that_has_failed(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "connect").start()
    tunnel.open()
    tunnel.until("connected")
    worker.run("exit 3", stage_index=1)
    assert tunnel.until("closed").error == "the attempt has ended"


def test_an_order_that_comes_again_opens_nothing_and_a_new_start_does(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "connect").start()
    tunnel.open()
    tunnel.until("connected")
    tunnel.open()
    tunnel.open(number=2)
    tunnel.until("connected", number=2)
    assert [(b.number, b.state) for b in tunnel.told()] == [
        *[(1, "starting"), (1, "connected"), (1, "closed")],
        *[(2, "starting"), (2, "connected")],
    ]
    tunnel.open()
    tunnel.close(number=2)
    tunnel.until("closed", number=2)
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b".."


def test_a_missing_command_and_a_missing_workspace_are_named(
    worker: WorkerHome,
) -> None:
    tunnel = Tunnelled(worker, "connect")
    tunnel.command = "no-such-editor tunnel --name {name}"
    tunnel.start()
    tunnel.open()
    assert tunnel.until("failed").error == "not found on this machine: no-such-editor"
    tunnel.server.send(Tunnel(8, 1, 1, "open", 60.0))
    tunnel.server.until(lambda: [b for b in tunnel.told() if b.error == "there is no workspace"])
    tunnel.server.send(Tunnel(9, 1, 1, "closed"))
    tunnel.server.until(lambda: "closed" in tunnel.states())


def test_a_daemon_that_leaves_takes_it_along(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "deaf fork connect").start()
    tunnel.open()
    tunnel.until("connected")
    worker.leave()
    assert not tunnel.living()
    worker.start()
    assert tunnel.until("closed").error == "the worker was stopped"


def test_a_daemon_that_was_killed_leaves_none_to_the_next(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "deaf fork connect").spawn()
    tunnel.hold()
    tunnel.open()
    tunnel.until("connected")
    assert len(tunnel.living()) == 2
    worker.kill(signal.SIGKILL)
    tunnel.server.until(lambda: len(tunnel.living()) == 1)  # its leader dies with the daemon
    tunnel.spawn()
    assert tunnel.until("failed").error == "the worker was started again"
    assert not tunnel.living()
    tunnel.open()
    tunnel.open(number=2)
    tunnel.until("connected", number=2)
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b".."


def test_it_is_gone_before_its_workspace_is(worker: WorkerHome) -> None:
    tunnel = Tunnelled(worker, "deaf connect").start()
    tunnel.open()
    tunnel.until("connected")
    tunnel.server.send(Forget(7, 1))
    tunnel.server.until(
        lambda: [b for b in tunnel.server.bodies(WorkspaceFacts) if b.state == "removed"]
    )
    assert not tunnel.living()
    assert not worker.layout.workspace(AttemptKey(7, 1)).exists()


@pytest.mark.parametrize("task_id", [1, 42, 10**9, 2**62 - 1])
def test_a_name_is_the_attempts_alone_and_short_enough(task_id: int) -> None:
    names = {
        tunnel_command.name(machine, AttemptKey(task, attempt))
        for machine in ("a", "b")
        for task in (task_id, task_id + 1)
        for attempt in (1, 2**31 - 1)
    }
    assert len(names) == 8
    assert all(len(name) <= 20 and name.replace("-", "").isalnum() for name in names)


OUTPUT = [
    (
        b"\nOpen this link in your browser https://vscode.dev/tunnel/a/b\n",
        ["https://vscode.dev/tunnel/a/b"],
    ),
    ("  ➜  Open:  https://vscode.dev/tunnel/a\n".encode(), ["https://vscode.dev/tunnel/a"]),
    (
        b"\x1b]8;;x\x07https://insiders.vscode.dev/tunnel/a\x1b]8;;\x07\n",
        ["https://insiders.vscode.dev/tunnel/a"],
    ),
    (b"Open this link in your browser https://vscode.dev/tunnel/half", []),
    (b"see https://aka.ms/vscode-server-license\n", []),
    (b"Open this link in your browser javascript:alert(1)\n", []),
]


@pytest.mark.parametrize(("output", "urls"), OUTPUT)
def test_addresses_are_read_in_pieces_as_in_one(output: bytes, urls: list[str]) -> None:
    for size in (1, 7, len(output)):
        reader = OutputReader()
        pieces = [output[at : at + size] for at in range(0, len(output), size)]
        assert [said for piece in pieces for said in reader.feed(piece)] == list(map(Address, urls))


def test_a_log_in_is_read_and_a_line_without_end_costs_no_memory() -> None:
    reader = OutputReader()
    assert reader.feed(tunnel_stand_in.LOGIN.encode()) == [
        Login("https://github.com/login/device", "C98F-F1F6")
    ]
    for _ in range(100):
        reader.feed(b"x" * 65536)
    assert len(reader._rest) <= 8 << 10
