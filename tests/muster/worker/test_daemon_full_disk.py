"""A worker whose home's disk fills up, and has space again."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Lost, StageFinished
from muster.worker.shim import client as shim_client
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

SIZE = 6 << 20
SPARE = 2 << 20
PRINTED = 8 << 20


@pytest.fixture
def spare(root: Path) -> Iterator[Path]:
    """A file on the home's small disk: removing it frees space."""
    home = root / "home"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=711", "muster-test", str(home)]
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("needs the right to mount")
    try:
        file = home / "spare"
        file.write_bytes(os.urandom(SPARE))
        yield file
    finally:
        subprocess.run(["umount", "--lazy", str(home)], check=True)


@as_root
def test_a_daemon_outlives_a_full_disk_and_tells_what_was_lost(
    spare: Path, worker: WorkerHome
) -> None:
    server = worker.server
    daemon = worker.spawn()
    worker.run(f"echo begin; head -c {PRINTED} /dev/zero | tr '\\0' x; exit 3")
    server.wait_for(lambda: b"begin" in server.log())
    shim = shim_client.attach(worker.layout.attempt(AttemptKey(7, 1)))
    assert shim is not None
    end = shim.wait_for_exit(0, timeout=20)
    shim.close()
    assert end is not None
    assert (end.how, end.code) == ("exit", 3)
    beats = len(server.heartbeats)

    def is_alive() -> bool:
        server.bodies(StageFinished)  # Reads it where it fits on the disk: the exit is no problem.
        return len(server.heartbeats) > beats + 3

    server.wait_for(is_alive)
    assert daemon.poll() is None

    spare.unlink()
    finished = server.wait_for_report(StageFinished)
    assert (finished.how, finished.code) == ("exit", 3)
    assert finished.log_end == end.log_end == PRINTED + len(b"begin\r\n")
    server.wait_for(lambda: len(server.log()) == finished.log_end)
    assert server.lost
    kept = server.log().replace(b"\0", b"")
    assert kept == b"begin\r\n" + b"x" * (len(kept) - 7)
    assert len(kept) + sum(to - start for start, to in server.lost) == finished.log_end
    assert server.bodies(Lost) == []

    # A full disk is tried again a second later; output before that is lost, too.
    again = "for i in $(seq 15); do echo more; sleep 0.1; done; echo more >> README"
    worker.run(again, stage_index=1)
    server.wait_for_report(StageFinished, 2)
    server.wait_for(lambda: server.log().endswith(b"more\r\n"))
    worker.run("echo other", task_id=8)
    server.wait_for_report(StageFinished, 3)
    server.wait_for(lambda: server.log(8, 1) == b"other\r\n")
