"""A machine that goes from one server to another: the older connection counts for nothing.

Not even if its server freezes with it, and thaws when another one has the machine.
"""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from app.domain.task import TaskStatus
from app.extensions import db
from app.models import Attempt, Event
from muster.protocol import frames
from muster.protocol.frames import CloseCode
from tests.app.control_channel.conftest import MakeMachine
from tests.app.control_channel.connection_world import assign, status
from tests.app.control_channel.simulated_machine import SimulatedMachine
from tests.gunicorns import Gunicorn, gunicorn


@pytest.fixture
def frozen(served_environment: dict[str, str], tmp_path: Path) -> Iterator[Gunicorn]:
    """A second server on the same database."""
    env = {**served_environment, "MUSTER_HOME": str(tmp_path), "MUSTER_WEB_WORKERS": "1"}
    with gunicorn(tmp_path, env) as running:
        yield running


def test_the_older_connection_is_ended_at_once_by_whichever_server_has_it(
    new_machine: MakeMachine, frozen: Gunicorn
) -> None:
    older = new_machine()
    there, older.url = older.url, frozen.url
    older.connect()
    with SimulatedMachine(there, older.machine_id, older.worker_jwt) as newer:
        newer.connect()
        assert older.close_code() == CloseCode.REPLACED


def test_what_the_older_connection_brings_when_its_server_thaws_counts_for_nothing(
    new_machine: MakeMachine, frozen: Gunicorn
) -> None:
    older = new_machine()
    there, older.url = older.url, frozen.url
    older.connect()
    task = assign(older)
    order = older.wait_for(frames.RunStage)
    older.report(order, frames.Accepted(), frames.StageStarted(stage_index=0))
    older.wait_until_acked()
    master = psutil.Process(frozen.process.pid)
    processes = [master, *master.children(recursive=True)]
    for process in processes:
        process.suspend()
    try:
        # All of it lies in the socket's buffers, and would take effect first when it thaws.
        older.write(order, b"said to the frozen one")
        older.report(order, frames.Failed("unknown", "said to the frozen one"))
        older.beat()
        with SimulatedMachine(there, older.machine_id, older.worker_jwt) as newer:
            newer.journal_id, newer.seq = older.journal_id, 2
            newer.connect(frames.TrackedAttempt(task.id, 1, 0, "working", 0))
            newer.write(order, b"up")
            newer.wait_until_stored(order, 2)
            for process in processes:
                process.resume()
            assert older.close_code() == CloseCode.REPLACED
            assert status(task) is TaskStatus.RUNNING
            assert db.session.get_one(Attempt, (task.id, 1)).log_bytes == 2
            newer.report(order, frames.StageFinished(stage_index=0, log_end=2, how="exit"))
            assert newer.wait_for(frames.RunStage).stage_index == 1
    finally:
        for process in processes:
            process.resume()
    messages = db.session.scalars(db.select(Event.message).where(Event.task_id == task.id))
    assert not any("frozen" in message for message in messages)
