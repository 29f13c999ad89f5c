"""A failed check goes back: an earlier stage runs again, in the same workspace."""

from muster.protocol.frames import Checkpoint, Note, StageFinished, StageStarted
from tests.muster.worker.attempts.attempt_world import quick
from tests.muster.worker.repositories import repository, root
from tests.muster.worker.worker_home import WorkerHome, worker

__all__ = ["quick", "repository", "root", "worker"]


def test_an_earlier_stage_runs_again_with_a_checkpoint_of_its_own(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.run("echo junk > junk; exit 1", 1)
    server.wait_for_report(StageFinished, 2)
    worker.run("ls; echo two > two", 0, run=1000)
    server.wait_for_report(StageFinished, 3)
    worker.run("cat one two", 1, run=1000)
    ends = [server.wait_for_report(StageFinished, number) for number in (3, 4)]
    assert [(end.stage_index, end.code, end.run) for end in ends] == [(0, 0, 1000), (1, 0, 1000)]
    started = [(each.stage_index, each.run) for each in server.bodies(StageStarted)]
    assert started == [(0, 0), (1, 0), (0, 1000), (1, 1000)]
    made = server.bodies(Checkpoint)
    assert [each.ref.rpartition("/")[2] for each in made] == ["0", "0.1", "1.1"]
    refs = worker.repository.refs()
    assert [refs[each.ref] for each in made] == [each.commit for each in made]
    # What the failed check left is no work, and nothing to warn of.
    [note] = [note for note in server.bodies(Note) if "undone" in note.text]
    assert (note.level, note.text) == ("info", "changed by the failed check, and undone: junk")
    assert b"junk" not in server.log()


def test_a_turn_survives_a_restart_of_the_daemon(worker: WorkerHome) -> None:
    server = worker.start().server
    worker.run("echo one > one")
    server.wait_for_report(StageFinished)
    worker.run("exit 1", 1)
    server.wait_for_report(StageFinished, 2)
    worker.leave()
    worker.start()
    worker.run("sleep 1; echo two > two", 0, run=1000)
    server.wait_for_report(StageStarted, 3)
    worker.leave()
    worker.start()
    (held,) = server.hellos[-1].attempts
    assert (held.stage_index, held.run) == (0, 1000)
    end = server.wait_for_report(StageFinished, 3)
    assert (end.stage_index, end.run, end.code) == (0, 1000, 0)
    worker.run("cat one two", 1, run=1000)
    assert server.wait_for_report(StageFinished, 4).code == 0
    assert len(server.bodies(StageStarted)) == 4
