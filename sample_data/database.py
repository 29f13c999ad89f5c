"""A database with sample rows in any number, for `flask seed` and benchmarks.

All rows are created in one transaction. The same sizes and the same seed create the same rows,
except times, which are relative to the present, and the password's hash.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import exists, select, text

from app.domain.errors import Conflict
from app.extensions import db
from app.models import Machine, Project, Task
from sample_data import (
    deferred_triggers,
    descriptions,
    events,
    logs,
    people,
    tables,
    tasks,
    transcripts,
)
from sample_data.sizes import Sizes

ProgressCallback = Callable[[str, int, int], None]
"""A progress callback: the kind of row, the number created, and the total."""


class NotEmpty(Conflict):
    """The database already has projects, tasks or machines."""


@dataclass(frozen=True)
class SampleSummary:
    """Some of the created rows: names to sign in with, words to search for, tasks to look at."""

    admin: str
    lead: str
    member: str  # a member of `project` only
    hermit: str  # a member of `old_project` only
    project: str  # the largest
    old_project: str  # small, and its tasks are the oldest
    machine: str
    machine_id: str
    task: int  # a typical one that has ended
    old_task: int  # of `old_project`
    queued_task: int
    deep_task: int  # the one with many events
    deep_task_events: int
    long_log_task: int
    log_lines: int
    common_word: str
    rare_word: str
    tasks: int
    events: int


def fill(
    sizes: Sizes,
    password: str,
    now: datetime,
    report_progress: ProgressCallback,
    *,
    add: bool = False,
) -> SampleSummary:
    """Create the rows, and let Postgres analyze them. Commits.

    Raises NotEmpty if the database already has rows, unless `add` is set.
    """
    if not add and _is_used():
        raise NotEmpty("The database isn't empty.")
    connection = db.session.connection()
    # The first ID is part of the seed, so that added rows differ from existing ones.
    random = Random(f"{sizes.seed} {tables.next_id(connection, 'tasks')}")
    crowd = people.make(connection, sizes, password, now, random)
    plan = tasks.Plan.create(connection, sizes, crowd, now, random)
    with ExitStack() as at_once:
        if not add:  # in a database in use, keys are checked row by row, and tables aren't locked
            at_once.enter_context(tables.defer_foreign_keys(connection, tables.LARGE))
            at_once.enter_context(deferred_triggers.defer_triggers(connection, now))
        tasks.make(connection, plan, report_progress)
        events.make(connection, plan, report_progress)
        logs.make(connection, plan, report_progress)
        transcripts.make(connection, plan)
    tables.set_identities(connection)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    return _summarize(sizes, crowd, plan)


def _is_used() -> bool:
    found = [exists(select(kind.id)) for kind in (Project, Task, Machine)]
    return any(db.session.execute(select(*found)).one())


def _summarize(sizes: Sizes, crowd: people.Crowd, plan: tasks.Plan) -> SampleSummary:
    return SampleSummary(
        admin=crowd.developers[0].name,
        lead=crowd.developers[1].name,
        member=crowd.developers[2].name,
        hermit=crowd.developers[-1].name,
        project=crowd.projects[0].key,
        old_project=crowd.projects[-1].key,
        machine=crowd.machines[0].name,
        machine_id=str(crowd.machines[0].id),
        task=plan.id_of(plan.ordinary),
        old_task=plan.id_of(0),
        queued_task=plan.id_of(plan.first_queued),
        deep_task=plan.id_of(plan.deep),
        deep_task_events=plan.events[plan.deep],
        long_log_task=plan.id_of(plan.long_log),
        log_lines=sizes.log_lines,
        common_word=descriptions.COMMON,
        rare_word=descriptions.RARE,
        tasks=sizes.tasks,
        events=sum(plan.events),
    )
