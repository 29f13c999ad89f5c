"""An agent whose output is read: a stand-in repeats a real one's output."""

import os
from pathlib import Path

import pytest

from muster.protocol.frames import StageFinished, Transcript, TranscriptEntry
from tests.muster.worker.repositories import as_root, repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "worker"]

RECORDED = Path(__file__).parents[2] / "agents" / "recorded"


@pytest.fixture
def claude(worker: WorkerHome, monkeypatch: pytest.MonkeyPatch) -> WorkerHome:
    """A worker in a full sandbox with a stand-in for claude, which first prints its arguments."""
    program = worker.layout.home.parent / "claude"
    record = (RECORDED / "claude-repair.jsonl").read_text()
    program.write_text(f"#!/bin/sh\necho \"called: $*\"\ncat <<'END'\n{record}END\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    worker.run_daemon(worker.make_daemon(max_sandbox_level="full"))
    return worker


def transcript_entries(worker: WorkerHome) -> list[TranscriptEntry]:
    return [entry for each in worker.server.bodies(Transcript) for entry in each.entries]


@as_root
def test_what_an_agent_does_is_shown_readably_and_told_as_a_transcript(claude: WorkerHome) -> None:
    claude.run("repair it", kind="agent", agent="claude")
    finished = claude.server.wait_for_report(StageFinished)
    assert (finished.how, finished.code) == ("exit", 0)
    log, entries = claude.server.log(), transcript_entries(claude)
    assert b'{"type"' not in log
    assert {"command", "message", "usage"} <= {entry.kind for entry in entries}
    for entry in entries:
        if entry.kind == "command":
            assert entry.title.encode()[:20] in log[entry.log_offset :][:400]


@as_root
def test_the_next_stage_resumes_the_agents_reported_session(claude: WorkerHome) -> None:
    claude.run("repair it", kind="agent", agent="claude")
    claude.server.wait_for_report(StageFinished)
    claude.run("and now", stage_index=1, kind="agent", agent="claude")
    claude.server.wait_for_report(StageFinished, 2)
    first, second = (
        line for line in claude.server.log().decode().splitlines() if line.startswith("called: ")
    )
    assert "--resume" not in first
    assert "--resume" in second
