"""Entries are written with the act, and never changed."""

import pytest
import sqlalchemy as sa
from flask import Flask

from app.extensions import db
from app.models import AuditEntry
from app.services import audit
from tests.factories import make_developer, make_machine


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


def test_an_entry_says_who_did_what_and_what_changed(app: Flask) -> None:
    actor = make_developer()
    audit.record("machine.updated", "machine", 7, actor=actor, before={"a": 1}, after={"a": 2})
    db.session.commit()
    (entry,) = entries()
    assert (entry.actor_id, entry.actor_name, entry.machine_id) == (actor.id, actor.name, None)
    assert (entry.action, entry.target_type, entry.target_id) == ("machine.updated", "machine", "7")
    assert entry.changes == {"before": {"a": 1}, "after": {"a": 2}}
    assert (entry.request_id, entry.remote_address) == (None, None)


def test_a_machine_can_be_the_actor(app: Flask) -> None:
    machine = make_machine()
    audit.record("machine.recovered", "machine", machine.id, actor=None, machine=machine)
    (entry,) = entries()
    assert (entry.actor_id, entry.machine_id) == (None, machine.id)
    assert entry.actor_name == machine.name
    assert entry.changes is None


def test_what_changes_nothing_is_not_recorded(app: Flask) -> None:
    audit.record("x.y", "x", 1, actor=None, before={"a": 1}, after={"a": 1})
    assert entries() == []


def test_an_act_that_is_taken_back_leaves_no_entry(app: Flask) -> None:
    audit.record("x.y", "x", 1, actor=None)
    db.session.flush()
    db.session.rollback()
    assert entries() == []


# What the owner of the table can give itself.
GRANT = "GRANT ALL ON audit_entries TO CURRENT_USER"


@pytest.mark.parametrize(
    ("granted", "why"),
    [("", "permission denied for table audit_entries"), (GRANT, "audit entries are never changed")],
    ids=["without the right", "with the right"],
)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'somebody else'",
        "UPDATE audit_entries SET actor_name = 'x' WHERE false",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "INSERT INTO audit_entries OVERRIDING SYSTEM VALUE SELECT * FROM audit_entries"
        " ON CONFLICT (id) DO UPDATE SET actor_name = 'x'",
    ],
)
def test_nothing_changes_an_entry(app: Flask, statement: str, granted: str, why: str) -> None:
    audit.record("x.y", "x", 1, actor=None)
    db.session.commit()
    if granted:
        db.session.execute(sa.text(granted))
    with pytest.raises(sa.exc.ProgrammingError, match=why):
        db.session.execute(sa.text(statement))
    db.session.rollback()
    assert len(entries()) == 1
