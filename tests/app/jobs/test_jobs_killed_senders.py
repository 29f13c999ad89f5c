"""Celery is killed while it tells people: each delivery arrives, and a second time only where a
kill fell between the platform's answer and our note of it.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from flask import Flask, current_app
from sqlalchemy import func, select

from app import job_names
from app.domain.chat import BotPlatform
from app.domain.delivery import DeliveryState
from app.domain.roles import SystemRole
from app.domain.task import EventType
from app.embedded import processes
from app.embedded.commands import stack_commands
from app.embedded.processes import Process, Program
from app.extensions import db, get_celery
from app.models import Delivery, OutboxEntry, Task
from app.services import encryption, settings
from app.services.clock import now
from app.services.tasks import history
from tests.app.jobs.sink import Sink
from tests.factories import make_binding, make_bot, make_developer, make_project, make_task
from tests.gunicorns import ROOT

SEED = 20301
ROOMS, EVENTS, KILLS = 4, 250, 6
SECONDS = 90.0


class Worker:
    """Celery, its children included."""

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        argv = stack_commands(home).processes["celery"].argv
        self._program = Program("celery", argv, home / "celery.log", ROOT, env)
        self._process: Process | None = None

    def start(self) -> None:
        self._process = processes.spawn(self._program)

    def kill(self) -> None:
        """All of it at once; returns when nothing of it runs."""
        assert self._process is not None
        master = psutil.Process(self._process.pid)
        family = [master, *master.children(recursive=True)]
        for member in family:
            member.kill()
        self._process.wait(10)
        _, alive = psutil.wait_procs(family, 10)
        assert not alive

    def stop(self) -> None:
        if self._process is not None:
            self._process.stop()


@pytest.fixture
def worker(committed_app: Flask, environment: dict[str, str], tmp_path: Path) -> Iterator[Worker]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("MUSTER_")}
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    own = {"DATABASE_URL": url, "MUSTER_HOME": str(tmp_path), "MUSTER_DELIVERY_LEASE_SECONDS": "3"}
    running = Worker(tmp_path, {**kept, **environment, **own})
    yield running
    running.stop()


def wait_for(condition: Callable[[], bool]) -> None:
    """Waits for it, and sends what beat would."""
    celery = get_celery(current_app)

    def poll() -> bool:
        for job in (job_names.NOTIFY_EXPAND, job_names.NOTIFY_SEND):
            celery.send_task(job, expires=2)
        return condition()

    assert processes.wait_until(poll, SECONDS, 0.3)


def in_state(*states: DeliveryState) -> set[int]:
    found = set(db.session.scalars(select(Delivery.id).where(Delivery.state.in_(states))))
    db.session.rollback()
    return found


def happen(task_ids: list[int]) -> None:
    for task_id in task_ids:
        task = db.session.get_one(Task, task_id, with_for_update=True)
        history.record_event(task, EventType.COMPLETED, "completed", now())
        db.session.commit()


@pytest.mark.timeout(240)
def test_each_arrives_and_twice_only_what_was_on_its_way_at_a_kill(
    committed_app: Flask, worker: Worker
) -> None:
    luck = random.Random(SEED)
    with Sink().open() as sink:
        settings.update(make_developer(role=SystemRole.ADMIN), {"notifyAllowedHosts": "127.0.0.1"})
        project = make_project()
        for _ in range(ROOMS):
            hook = encryption.encrypt(sink.url)
            bot = make_bot(platform=BotPlatform.WEBHOOK, app_id=None, webhook_token=hook)
            make_binding(bot, project=project)
        task_ids = [make_task(project=project).id for _ in range(EVENTS)]
        sink.seconds = 0.01
        worker.start()
        # The first kill falls among the commits, the others among the sends.
        kill_at = sorted(luck.sample(range(30, EVENTS * ROOMS - 50), KILLS - 1))
        happen(task_ids[: EVENTS // 2])
        in_doubt: Counter[int] = Counter()  # at how many kills it was on its way
        reached = threading.Event()

        def on_receive(count: int) -> None:
            if kill_at and count >= kill_at[0]:
                reached.set()

        def kill() -> None:
            worker.kill()
            in_doubt.update(in_state(DeliveryState.SENDING))
            worker.start()

        kill()
        happen(task_ids[EVENTS // 2 :])
        sink.on_receive = on_receive
        while kill_at:
            wait_for(reached.is_set)
            kill()
            kill_at.pop(0)
            reached.clear()
        wait_for(lambda: len(in_state(DeliveryState.SENT)) == EVENTS * ROOMS)
    assert db.session.scalar(select(func.count()).select_from(OutboxEntry)) == EVENTS
    sent = in_state(DeliveryState.SENT)
    assert set(sink.received) == sent, "each of them, and nothing else"
    assert in_doubt, "the kills fell where it matters"
    again = {delivery: times - 1 for delivery, times in sink.received.items() if times > 1}
    assert {d: times for d, times in again.items() if times > in_doubt[d]} == {}
