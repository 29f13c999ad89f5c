"""Tunnels of a real worker on a fake server: how they connect, and are started again."""

from itertools import pairwise

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Tunnel
from muster.worker.clock import boot_seconds
from muster.worker.tunnels import command as tunnel_command
from muster.worker.tunnels import tunnel_run
from muster.worker.tunnels.tunnel_run import CONNECT_TIMEOUT_SECONDS, RESTART_DELAYS_SECONDS
from tests.muster.worker.repositories import repository, root, wait_for
from tests.muster.worker.tunnels.tunnel_worker import TunnelWorker, quick
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]

LIMITS = CONNECT_TIMEOUT_SECONDS, RESTART_DELAYS_SECONDS  # before they are made quick


@pytest.mark.parametrize("how", ["connect", "slow pieces"])
def test_a_tunnel_is_connected_where_its_command_says(worker: WorkerHome, how: str) -> None:
    tunnel = TunnelWorker(worker, how).start()
    tunnel.open()
    name = tunnel_command.tunnel_name("machine", AttemptKey(7, 1))
    assert tunnel.wait_for_state("connected").url == f"https://vscode.dev/tunnel/{name}/workspace"
    assert tunnel.states() == ["starting", "connected"]
    tunnel.close()
    tunnel.wait_for_state("closed")
    assert not tunnel.living()


def test_it_runs_in_the_workspace_as_its_uid_with_nothing_of_the_daemons(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAEMONS_SECRET", "x")
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    facts, workspace = tunnel.facts(), worker.layout.workspace(AttemptKey(7, 1))
    env = facts["env"]
    assert isinstance(env, dict)
    assert facts["cwd"] == "/workspace"
    assert facts["uid"] == workspace.stat().st_uid
    assert "DAEMONS_SECRET" not in env
    assert env["HOME"] == "/home/muster"
    assert env["GIT_AUTHOR_EMAIL"] == "ada@dev.example"


def test_a_required_log_in_is_reported(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "login").start()
    tunnel.open()
    waits = tunnel.server.wait_for(
        lambda: [b for b in tunnel.reported_facts() if b.waits_for_login]
    )[0]
    assert waits.state == "starting"
    assert waits.error == "log in at https://github.com/login/device with the code C98F-F1F6"
    tunnel.close()
    tunnel.wait_for_state("closed")


def test_a_command_that_says_nothing_more_is_not_listened_to_any_more(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of its output stays readable forever: polling for it would loop."""
    looks: list[int] = []

    def counted(handle: int) -> tuple[bytes, bool]:
        looks.append(handle)
        return whatever(handle)

    whatever = tunnel_run._read_available
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run._read_available", counted)
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_TIMEOUT_SECONDS", 0.5)
    tunnel = TunnelWorker(worker, "mute").start()
    tunnel.open()
    assert tunnel.wait_for_state("failed").error.startswith("not connected within")
    assert len(looks) < 10


def test_what_does_not_connect_in_time_has_failed(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_TIMEOUT_SECONDS", 0.5)
    tunnel = TunnelWorker(worker, "deaf").start()
    tunnel.open()
    assert tunnel.wait_for_state("failed").error.startswith("not connected within")
    assert not tunnel.living()


def test_the_time_for_a_log_in_is_longer_than_that_to_connect(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.CONNECT_TIMEOUT_SECONDS", 2.0)
    tunnel = TunnelWorker(worker, "login wait connect").start()
    tunnel.open()
    tunnel.server.wait_for(lambda: [b for b in tunnel.reported_facts() if b.waits_for_login])
    asked = boot_seconds()
    wait_for(lambda: boot_seconds() > asked + 2.0 or "failed" in tunnel.states())
    tunnel.plan.with_suffix(".go").touch()
    tunnel.wait_for_state("connected")


def test_a_crash_is_followed_by_a_restart(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect crash", "connect").start()
    tunnel.open()
    tunnel.server.wait_for(lambda: tunnel.states().count("connected") == 2)
    assert [b.restarts for b in tunnel.reported_facts()][-1] == 1
    assert "exited with code 3: error creating tunnel session" in "".join(
        b.error for b in tunnel.reported_facts()
    )


def test_its_limits_are_those_that_are_promised() -> None:
    assert LIMITS == (30.0, (2.0, 4.0, 8.0))


def test_it_is_started_again_after_ever_longer_pauses(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = (0.1, 0.2, 0.4)
    monkeypatch.setattr("muster.worker.tunnels.tunnel_run.RESTART_DELAYS_SECONDS", pauses)
    tunnel = TunnelWorker(worker, "crash").start()
    tunnel.open()
    tunnel.wait_for_state("failed")
    starts = [float(line) for line in tunnel.plan.with_suffix(".times").read_text().split()]
    waited = [later - earlier for earlier, later in pairwise(starts)]
    assert all(took >= pause for took, pause in zip(waited, pauses, strict=True))


def test_the_fourth_crash_is_the_last(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "crash").start()
    tunnel.open()
    assert tunnel.wait_for_state("failed").restarts == 3
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b"...."


def test_an_order_that_comes_again_opens_nothing_and_a_new_start_does(worker: WorkerHome) -> None:
    tunnel = TunnelWorker(worker, "connect").start()
    tunnel.open()
    tunnel.wait_for_state("connected")
    tunnel.open()
    tunnel.open(number=2)
    tunnel.wait_for_state("connected", number=2)
    assert [(b.number, b.state) for b in tunnel.reported_facts()] == [
        *[(1, "starting"), (1, "connected"), (1, "closed")],
        *[(2, "starting"), (2, "connected")],
    ]
    tunnel.open()
    tunnel.close(number=2)
    tunnel.wait_for_state("closed", number=2)
    assert tunnel.plan.with_suffix(".starts").read_bytes() == b".."


def test_a_missing_command_and_a_missing_workspace_are_named(
    worker: WorkerHome,
) -> None:
    tunnel = TunnelWorker(worker, "connect")
    tunnel.command = "no-such-editor tunnel --name {name}"
    tunnel.start()
    tunnel.open()
    assert tunnel.wait_for_state("failed").error == "not found on this machine: no-such-editor"
    tunnel.server.send(Tunnel(8, 1, 1, "open", 60.0))
    tunnel.server.wait_for(
        lambda: [b for b in tunnel.reported_facts() if b.error == "there is no workspace"]
    )
    tunnel.server.send(Tunnel(9, 1, 1, "closed"))
    tunnel.server.wait_for(lambda: "closed" in tunnel.states())


@pytest.mark.parametrize("task_id", [1, 42, 10**9, 2**62 - 1])
def test_a_name_is_the_attempts_alone_and_short_enough(task_id: int) -> None:
    names = {
        tunnel_command.tunnel_name(machine, AttemptKey(task, attempt))
        for machine in ("a", "b")
        for task in (task_id, task_id + 1)
        for attempt in (1, 2**31 - 1)
    }
    assert len(names) == 8
    assert all(len(name) <= 20 and name.replace("-", "").isalnum() for name in names)
