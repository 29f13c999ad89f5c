"""Inbox items are found by indexes, however many tasks have ended or were answered."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Flask

from app.domain.inbox import InboxKind
from app.domain.task import SuspendReason, TaskStatus
from app.extensions import db
from app.services.inbox import keys
from tests.app.services.statements import explained
from tests.factories import make_developer, make_gate, make_project, make_task
from tests.factories.rows import now

INDEXED = {"Index Scan", "Index Only Scan", "Bitmap Index Scan", "Bitmap Heap Scan"}
RESULT = {"commit": "c0ffee", "pushed": True, "filesChanged": 1}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def test_ends_and_questions_are_found_by_indexes_of_those_that_are_open(app: Flask) -> None:
    ada = make_developer()
    project = make_project(members=[ada])
    about = {"project": project, "creator": ada, "finished_at": now(), "result": RESULT}
    for _ in range(30):
        make_task(status=TaskStatus.COMPLETED, dismissed_at=now(), **about)
        asked = make_task(project=project, status=TaskStatus.RUNNING)
        make_gate(asked, answered_at=now(), result="confirm")
    make_task(status=TaskStatus.COMPLETED, **about)
    gate = {"status": TaskStatus.SUSPENDED, "suspend_reason": SuspendReason.GATE}
    make_gate(make_task(project=project, **gate))
    db.session.execute(sa.text("SET LOCAL enable_seqscan = off"))
    with explained() as plans:
        found = db.session.execute(keys.page_query(ada, [*InboxKind], None, 50, now())).all()
        counts = keys.counts(ada, now())
    assert (len(found), counts[InboxKind.GATE], counts[InboxKind.RESULT]) == (2, 1, 1)
    scans = [node for plan in plans for node in nodes(plan) if "Scan" in node["Node Type"]]
    assert {node["Node Type"] for node in scans if node.get("Relation Name") == "gates"} <= INDEXED
    unseen = [node for node in scans if node.get("Index Name") == "ix_tasks_undismissed"]
    assert unseen
    assert max(node["Actual Rows"] for node in unseen) <= 1
