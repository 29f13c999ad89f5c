"""From an event to its live notification: 50 events a second, with a dead webhook."""

import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from flask import Flask

import config
from app.domain.chat import BotPlatform
from app.domain.task import EventType, TaskStatus
from app.embedded import ports, probes
from app.embedded.processes import wait_until
from app.extensions import db
from app.factory import create_app
from app.models import Bot, BotBinding, Developer, Project, Task
from app.services import encryption, settings
from app.services.tasks import history
from bench import bare_sse, command
from bench.command import Print
from bench.errors import NotMeasured
from bench.event_stream import EventStream
from bench.figures import Ratio, Report, flat, latency, percentile
from bench.rig import Rig, running_rig

PER_SECOND, TASKS, BLOCKS, BLOCK_SECONDS = 50, 50, 3, 8.0
P99_WITHIN = 250.0  # milliseconds
_GRACE = 15.0


def measure(say: Print) -> Report:
    """Measure everything in one run. Raises NotMeasured, EmbeddedError."""
    report = Report("News")
    with running_rig(say) as rig, _dead_host() as url:
        app = create_app(config.load({**rig.stack.env}))
        with app.app_context():
            writer = Writer(app, rig, url)
            floor = Floor(rig)
            say(f"{PER_SECOND} events a second, {BLOCKS} blocks of {BLOCK_SECONDS:.0f} s, in turns")
            events, notifications, bare = [], [], []
            for _ in range(BLOCKS):
                bare.append(floor.block())
                block = writer.block()
                events.append(block[0])
                notifications.append(block[1])
            writer.close()
            floor.close()
            db.session.remove()
            db.engine.dispose()
    ours = {"event → its SSE": events, "event → its notification's SSE": notifications}
    for name, blocks in ours.items():
        report.figures.append(
            latency(
                name,
                blocks,
                beside="bare publish → SSE",
                beside_value=percentile(flat(bare), 50) * 1000,
                ratio=Ratio.from_blocks(blocks, bare),
            )
        )
    report.figures.append(latency("bare publish → SSE", bare))
    for what, blocks in (("event", events), ("notification", notifications)):
        worst = percentile(flat(blocks), 99) * 1000
        verdict = "ok" if worst <= P99_WITHIN else "MISSED"
        report.notes.append(f"{what}: p99 {worst:.0f} ms, at most {P99_WITHIN:.0f}: {verdict}")
    report.notes.append(f"{writer.told} events; a webhook that never answers was bound throughout")
    return report


@contextmanager
def _dead_host() -> Iterator[str]:
    """A host that accepts connections and never responds."""
    with socket.socket() as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen(1000)
        yield f"http://{ports.LOOPBACK}:{listener.getsockname()[1]}/hook"


def _paced(seconds: float, act: Callable[[], None]) -> None:
    """Run an action PER_SECOND times a second."""
    begun = time.perf_counter()
    for n in range(int(seconds * PER_SECOND)):
        time.sleep(max(0.0, begun + n / PER_SECOND - time.perf_counter()))
        act()


class Writer:
    """Creates events in its own rows, and receives them as a client."""

    def __init__(self, app: Flask, rig: Rig, dead_url: str) -> None:
        rig.add_project("NEWS", "claude", "true")
        me = db.session.query(Developer).one()
        project = db.session.query(Project).one()
        settings.update(me, {"notifyAllowedHosts": ports.LOOPBACK})
        self._bind(project, dead_url)
        self._tasks = [self._task(project, me) for _ in range(TASKS)]
        db.session.commit()
        self._turn, self.told = 0, 0
        self._committed: dict[tuple[int, int], float] = {}
        self._waiting: dict[int, deque[float]] = {task.id: deque() for task in self._tasks}
        self._of_events: list[float] = []
        self._of_notifications: list[float] = []
        bearer = {"Authorization": f"Bearer {rig.session.access_token}"}
        self._stream = EventStream(rig.stack.port, "/api/web/stream", bearer, self._on_update)
        self.close = self._stream.close

    def _bind(self, project: Project, url: str) -> None:
        hook = {
            "webhook_token": encryption.encrypt(url),
            "app_secret": encryption.encrypt("secret"),
        }
        bot = Bot(platform=BotPlatform.WEBHOOK, name="dead", created_at=_now(), **hook)
        db.session.add(bot)
        db.session.flush()
        about = {"platform_chat_id": "any", "chat_name": "", "created_at": _now()}
        db.session.add(BotBinding(bot_id=bot.id, project_id=project.id, **about))

    def _task(self, project: Project, me: Developer) -> Task:
        moments = {"created_at": _now(), "updated_at": _now(), "finished_at": _now()}
        task = Task(
            project_id=project.id,
            description="Tell it.",
            status=TaskStatus.COMPLETED,
            created_by=me.id,
            agent_type="claude",
            pipeline=project.pipeline,
            checkpoints={},
            **moments,
        )
        db.session.add(task)
        db.session.flush()
        return task

    def block(self) -> tuple[list[float], list[float]]:
        """Return the seconds from commit to the event's SSE, and to the notification's."""
        self._of_events, self._of_notifications = [], []
        before = self.told
        _paced(BLOCK_SECONDS, self._happen)
        wanted = self.told - before
        if not wait_until(lambda: len(self._of_notifications) >= wanted, _GRACE, pause=0.02):
            raise NotMeasured(f"{len(self._of_notifications)} of {wanted} notifications came")
        if len(self._of_events) != wanted:
            raise NotMeasured(f"{len(self._of_events)} of {wanted} events came")
        return self._of_events, self._of_notifications

    def _happen(self) -> None:
        task = self._tasks[self._turn % TASKS]
        self._turn += 1
        history.record_event(task, EventType.COMPLETED, "completed", _now())
        begun = time.perf_counter()
        self._committed[task.id, task.events] = begun
        self._waiting[task.id].append(begun)
        db.session.commit()
        self.told += 1

    def _on_update(self, update: Any, came: float) -> None:
        for event in update["events"]:
            self._of_events.append(came - self._committed.pop((event["taskId"], event["id"])))
        for notification in update["notifications"]:
            self._of_notifications.append(came - self._waiting[notification["taskId"]].popleft())


class Floor:
    """Publishes messages and receives them as SSE, over the stack's Valkey."""

    def __init__(self, rig: Rig) -> None:
        self._port = ports.find_free_port()
        plain = Path(rig.scratch / "sse.conf.py")
        plain.touch()  # else Muster's own config applies
        options = ["-c", str(plain), "-b", f"{ports.LOOPBACK}:{self._port}", "--no-control-socket"]
        gunicorn = [sys.executable, "-m", "gunicorn", "-k", "gevent", "-w", "1", *options]
        url = rig.stack.env["REDIS_URL"]
        rig.stack.launch("bare-sse", [*gunicorn, "bench.bare_sse:app"], {"SSE_REDIS": url})
        if not wait_until(self._answers, _GRACE, pause=0.05):
            raise NotMeasured("the bare stream doesn't start")
        self._redis = redis.Redis.from_url(url)
        self._took: list[float] = []
        self._stream = EventStream(self._port, "/stream", {}, self._on_message)

    def _answers(self) -> bool:
        return probes.probe(self._port, "/healthz", tls=False)[0] == 200

    def block(self) -> list[float]:
        self._took = []
        _paced(BLOCK_SECONDS, self._publish)
        wanted = int(BLOCK_SECONDS * PER_SECOND)
        if not wait_until(lambda: len(self._took) >= wanted, _GRACE, pause=0.02):
            raise NotMeasured(f"{len(self._took)} of {wanted} bare messages came")
        return self._took

    def _publish(self) -> None:
        self._redis.publish(bare_sse.CHANNEL, repr(time.perf_counter()))

    def _on_message(self, sent_at: Any, came: float) -> None:
        self._took.append(came - sent_at)

    def close(self) -> None:
        self._stream.close()
        self._redis.close()


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.exit(command.run(__doc__ or "", measure))
