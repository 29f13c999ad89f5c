"""An agent's reason for failing is reported with its stage's exit, masked like all its output."""

from muster.protocol.frames import AgentFailure, StageFinished
from tests.muster.worker.attempts.test_transcript import Speak, speak
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["repository", "root", "speak", "worker"]


def test_the_reason_comes_with_the_stages_end(worker: WorkerHome, speak: Speak) -> None:
    server = worker.start().server
    failure = {"kind": "auth", "message": "hush-hush is refused"}
    speak(f"ask({{'facts': {{'failure': {failure}}}}}); sys.exit(3)", secrets={"KEY": "hush-hush"})
    finished = server.wait_for_report(StageFinished)
    assert finished.code == 3
    assert finished.failure == AgentFailure("auth", "******** is refused")
