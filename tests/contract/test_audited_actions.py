"""Whatever an admin changes is in the audit log, once, and no secret is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, has_request_context
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import AuditEntry, Developer
from tests.contract.audited_actions import ADMIN_ACTS, MARK, Act, Request
from tests.contract.credential_lifecycle import own_credentials
from tests.factories import (
    make_developer,
)

Login = Callable[[Developer], dict[str, str]]
each_act = pytest.mark.parametrize("act", ADMIN_ACTS, ids=str)


def entries() -> list[AuditEntry]:
    return list(db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id)))


@pytest.fixture
def admin(app: Flask) -> Developer:
    return make_developer(role=SystemRole.ADMIN)


@pytest.fixture
def do(client: FlaskClient, admin: Developer, login: Login) -> Callable[..., Any]:
    headers = login(admin)

    def done(act: Act, request: Request | None = None) -> Any:
        path, body = request or prepared(act)
        return client.open(path, method=act.method, json=body, headers=headers)

    return done


def prepared(act: Act) -> Request:
    """Its request; what the preparation has told is forgotten."""
    request = act.prepare()
    for statement in (
        "ALTER TABLE audit_entries DISABLE TRIGGER USER",
        "GRANT DELETE ON audit_entries TO CURRENT_USER",
        "DELETE FROM audit_entries",
        "REVOKE DELETE ON audit_entries FROM CURRENT_USER",
        "ALTER TABLE audit_entries ENABLE TRIGGER USER",
    ):
        db.session.execute(sa.text(statement))
    db.session.commit()
    return request


def test_every_route_by_which_admins_change_something_is_among_the_acts(app: Flask) -> None:
    writes = {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/admin/")
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
    }
    assert writes == {(act.method, act.rule) for act in ADMIN_ACTS}


@each_act
def test_each_is_told_once(act: Act, do: Callable[..., Any], admin: Developer) -> None:
    answer = do(act)
    assert answer.status_code < 300, answer.json
    (entry,) = entries()
    assert entry.action == act.tells
    assert entry.actor == (admin.id, admin.name)
    assert entry.request_id == answer.headers["X-Request-ID"]
    assert entry.remote_address == "127.0.0.1"


@each_act
def test_what_fails_at_the_last_step_is_not_audited(act: Act, do: Callable[..., Any]) -> None:
    with no_commits():
        answer = do(act)
    assert answer.status_code == 503
    assert entries() == []


@each_act
def test_what_cannot_be_told_is_not_done(act: Act, do: Callable[..., Any]) -> None:
    request = prepared(act)
    before = everything()
    with no_entries():
        answer = do(act, request)
    assert answer.status_code == 503
    assert everything() == before


@each_act
def test_no_secret_of_an_admins_act_is_told(act: Act, do: Callable[..., Any]) -> None:
    answer = do(act)
    text = written()
    assert MARK not in text
    if "token" in answer.json:
        assert answer.json["token"] not in text


def test_no_secret_of_anybodys_credentials_is_told(client: FlaskClient) -> None:
    secrets, tells = own_credentials(client)
    text = written()
    assert [secret for secret in secrets if secret in text] == []
    assert [entry.action for entry in entries()] == tells


@contextmanager
def no_commits() -> Iterator[None]:
    """Requests find that Postgres goes away when they commit."""

    def fail(_: object) -> None:
        if has_request_context():
            raise sa.exc.OperationalError("COMMIT", {}, Exception("gone"))

    sa.event.listen(db.session, "before_commit", fail)
    try:
        yield
    finally:
        sa.event.remove(db.session, "before_commit", fail)


@contextmanager
def no_entries() -> Iterator[None]:
    """Postgres takes no entry."""

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("disk full"))

    sa.event.listen(AuditEntry, "before_insert", fail)
    try:
        yield
    finally:
        sa.event.remove(AuditEntry, "before_insert", fail)


def everything() -> dict[str, list[str]]:
    """All rows of all tables."""
    names = [table.name for table in db.metadata.sorted_tables]
    query = "SELECT t::text FROM {0} AS t ORDER BY 1"
    return {n: list(db.session.scalars(sa.text(query.format(n)))) for n in names}


def written() -> str:
    """All that is in the table, as text."""
    rows = db.session.execute(sa.text("SELECT audit_entries::text FROM audit_entries"))
    text = "\n".join(rows.scalars())
    assert text
    return text
