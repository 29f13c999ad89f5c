"""Hosts that stages were denied, as machines report them, recorded once per host and stage."""

from sqlalchemy import select

from app.domain import network
from app.domain.sanitize import make_printable
from app.domain.task import EventType
from app.extensions import db
from app.models import Attempt, Event
from app.services.locks import LockedTask
from app.services.tasks import history, stages
from muster.protocol import frames

MAX_EVENTS = 100  # events per attempt, because it may request any number of names
MAX_NOTIFICATIONS = 5  # of these, people are notified of so many
MAX_HOST = network.MAX_HOST_LENGTH + len(":65535")


def handle_refused(locked: LockedTask, report: frames.EgressRefused) -> None:
    """Record that a stage requested a host that its network doesn't allow; also if the attempt has
    ended. The caller commits.

    One event per host and stage of a round, and after `MAX_EVENTS` of an attempt a last one.
    """
    host = make_printable(report.host[:MAX_HOST])[:MAX_HOST]
    known = _recorded_events(locked)
    number = sum(attempt == locked.attempt.number for attempt, _, _ in known)
    if number > MAX_EVENTS or any(place[1:] == (report.stage_index, host) for place in known):
        return
    is_last = number == MAX_EVENTS
    whose = _network_owner(locked, report.stage_index)
    text = _final_text(locked, report) if is_last else _event_text(locked, report, host, whose)
    history.record_event(
        locked.task,
        EventType.EGRESS_REFUSED,
        text,
        locked.now,
        attempt=locked.attempt.number,
        stage_index=report.stage_index,
        data={} if is_last else {"host": host, "network": whose},
        is_news=number < MAX_NOTIFICATIONS and locked.attempt.ended_at is None,
    )


def _recorded_events(locked: LockedTask) -> list[tuple[int, int | None, str | None]]:
    """Return attempt, stage and host of each event of the round."""
    db.session.flush()  # some may be as new as this batch of reports
    attempts = select(Attempt.number).where(
        Attempt.task_id == locked.task.id, Attempt.round == locked.attempt.round
    )
    query = select(Event.attempt, Event.stage_index, Event.data["host"].as_string()).where(
        Event.task_id == locked.task.id,
        Event.type == EventType.EGRESS_REFUSED,
        Event.attempt.in_(attempts),
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(query)]


def _network_owner(locked: LockedTask, stage_index: int) -> str:
    """Return whose network setting the stage has: its own, or its project's."""
    (stage,) = locked.task.pipeline[stage_index : stage_index + 1] or [{}]
    return "stage" if "network" in stage else "project"


def _event_text(locked: LockedTask, report: frames.EgressRefused, host: str, whose: str) -> str:
    name = stages.stage_name(locked.task, report.stage_index)
    what = f"stage “{name}” was denied {host}, which "
    if whose == "stage":
        return (
            what
            + "its own network setting doesn't allow; a maintainer can change it in the pipeline"
        )
    return what + "the project's network setting doesn't allow; a maintainer can allow it"


def _final_text(locked: LockedTask, report: frames.EgressRefused) -> str:
    name = stages.stage_name(locked.task, report.stage_index)
    return f"stage “{name}” was denied more than {MAX_EVENTS} hosts; further ones aren't recorded"
