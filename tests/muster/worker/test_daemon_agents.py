"""The agents that a daemon reports."""

import os

import pytest

from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]


@as_root
@pytest.mark.parametrize("level", ["none", "full"])
def test_agents_are_asked_by_a_user_of_their_own(
    worker: WorkerHome, monkeypatch: pytest.MonkeyPatch, level: str
) -> None:
    program = worker.layout.home.parent / "claude"
    program.write_text("#!/bin/sh\nid -u\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    worker.run_daemon(worker.make_daemon(max_sandbox_level=level))

    def versions() -> list[str]:
        capability_lists = [beat.capabilities or [] for _, beat in worker.server.heartbeats]
        known = [
            *worker.server.hellos[-1].capabilities,
            *(c for each in capability_lists for c in each),
        ]
        return [c.version for c in known if c.agent_type == "claude" and c.version]

    worker.server.wait_for(versions)
    assert int(versions()[-1]) >= 66_000
