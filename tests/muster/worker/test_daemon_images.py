"""A task's images: its agent opens the files that its prompt names, and can't change them."""

import hashlib
import os
import shlex

import pytest

from muster.protocol.attempt_key import AttemptKey
from muster.protocol.frames import Checkpoint, ImageFile, Lost, StageFinished, WorkspaceFacts
from tests.image_files import make_png
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

PNG = make_png(640, 480)
LIMIT_SECONDS = 120.0  # to clone, download and run, on a busy host
AGENT = r"""
path=$(printf '%s' "$1" | grep -o '/[^ ]*/images/[^ ]*')
sha256sum < "$path"
touch made; git add --all; git status --porcelain
if [ -w "$path" ] || touch "$(dirname "$path")/new" 2>/dev/null; then echo writable; fi
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("muster.worker.backoff.Backoff.next", lambda self: 0.02)
    monkeypatch.setattr("muster.worker.attempts.images._PAUSES_SECONDS", (0.01, 0.01))


@pytest.fixture(autouse=True)
def _calm(worker: WorkerHome) -> None:
    worker.server.heartbeat_seconds = 2.0  # downloads share its line


def image(worker: WorkerHome, data: bytes = PNG, **more: object) -> ImageFile:
    """An image that the server has."""
    worker.server.files["/api/workers/images/5"] = data
    digest = hashlib.sha256(PNG).hexdigest()
    about = {"size": len(PNG), "digest": digest, "width": 640, "height": 480, **more}
    return ImageFile(id=5, name="login page.png", media_type="image/png", **about)


def run_agent(worker: WorkerHome, *images: ImageFile, **more: object) -> None:
    command = f"sh -c {shlex.quote(AGENT)} agent"
    about = {"kind": "agent", "agent": "custom", "agent_command": command, **more}
    worker.run("Do it.", images=[*images], **about)


@pytest.mark.parametrize("level", ["full", "processes", "none"])
def test_at_each_level_an_agent_reads_an_image_that_it_can_neither_change_nor_commit(
    worker: WorkerHome, level: str
) -> None:
    worker.run_daemon(worker.make_daemon(max_sandbox_level=level))
    run_agent(worker, image(worker))
    server = worker.server
    server.wait_for_report(StageFinished, limit=LIMIT_SECONDS)
    printed = server.log().decode().splitlines()
    assert printed[0].split() == [hashlib.sha256(PNG).hexdigest(), "-"], printed
    assert "A  made" in printed
    assert not [line for line in printed if "5.png" in line]
    if os.geteuid() == 0:
        assert "writable" not in printed
    assert server.wait_for_report(Checkpoint).diff.files_changed == 1
    assert server.downloads == [("/api/workers/images/5", "jwt-1")]


def test_images_go_with_their_attempt_and_are_fetched_once(worker: WorkerHome) -> None:
    worker.start()
    run_agent(worker, image(worker))
    worker.server.wait_for_report(StageFinished, limit=LIMIT_SECONDS)
    run_agent(worker, image(worker), stage_index=1)
    worker.server.wait_for_report(StageFinished, 2, limit=LIMIT_SECONDS)
    assert len(worker.server.downloads) == 1
    directory = worker.layout.attempt_images(AttemptKey(7, 1))
    assert [path.name for path in directory.iterdir()] == ["5.png"]
    worker.forget()
    worker.server.wait_for(
        lambda: [each for each in worker.server.bodies(WorkspaceFacts) if each.state == "removed"],
        LIMIT_SECONDS,
    )
    assert not directory.exists()


@pytest.mark.parametrize("data", [None, PNG + b"\0"], ids=["missing", "another one"])
def test_an_attempt_whose_image_cannot_be_fetched_is_returned(
    worker: WorkerHome, data: bytes | None
) -> None:
    worker.start()
    wanted = image(worker, data or PNG)
    if data is None:
        del worker.server.files["/api/workers/images/5"]
    run_agent(worker, wanted)
    lost = worker.server.wait_for_report(Lost, limit=LIMIT_SECONDS)
    assert "image 5" in lost.reason
    assert worker.server.bodies(StageFinished) == []
