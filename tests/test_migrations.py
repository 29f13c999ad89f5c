"""Migrations and models say the same, in every detail that Postgres knows of."""

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask

from app.domain.fleet_counters import FleetCounter
from app.domain.task import EventType
from app.extensions import db
from app.models import FleetCount, StoredSetting
from app.services import encryption
from app.services.clock import now
from app.services.tasks import history
from tests.conftest import MIGRATIONS, make_app
from tests.factories import make_chat_event, make_developer, make_machine, make_project, make_task

# Everything that makes two schemas the same, by name.
SCHEMA = """
SELECT 'column ' || table_name || '.' || column_name,
       concat_ws(' ', data_type, udt_name, is_nullable, column_default, is_identity)
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL
SELECT 'constraint ' || conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
UNION ALL
SELECT 'index ' || indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL
SELECT 'trigger ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
UNION ALL
SELECT 'function ' || proname, pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
UNION ALL
SELECT 'type ' || typname, string_agg(enumlabel, ',' ORDER BY enumsortorder)
FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid GROUP BY typname
"""
A_BOT = """
INSERT INTO bots (platform, name, app_id, app_secret, webhook_token, encrypt_key, created_at)
VALUES (CAST(:platform AS bot_platform), :name, :name, :a, :w, :e, now())
"""
LABELS = """
SELECT typname, enumlabel FROM pg_type JOIN pg_enum ON enumtypid = pg_type.oid
ORDER BY enumsortorder
"""


def schema() -> dict[str, str]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(SCHEMA))
        return {name: text for name, text in rows if "alembic_version" not in name}


@pytest.fixture
def in_database(
    environment: dict[str, str], new_database: Callable[..., str]
) -> Iterator[Callable[..., Flask]]:
    """Makes an app on a database of its own, and goes into its context."""
    contexts: list[Any] = []

    def enter(name: str, *, migrated: bool) -> Flask:
        app = make_app({**environment, "DATABASE_URL": new_database(name, migrated=migrated)})
        contexts.append(app.app_context())
        contexts[-1].push()
        return app

    yield enter
    for context in reversed(contexts):
        db.engine.dispose()
        context.pop()


def test_migrations_make_what_the_models_describe(in_database: Callable[..., Flask]) -> None:
    in_database("migrated", migrated=True)
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, db.metadata) == []
    migrated = schema()
    in_database("created", migrated=False)
    db.create_all()
    assert migrated == schema()


def test_a_downgrade_leaves_nothing_and_an_upgrade_makes_it_all_again(
    in_database: Callable[..., Flask],
) -> None:
    in_database("migrated", migrated=True)
    before = schema()
    flask_migrate.downgrade(str(MIGRATIONS), revision="base")
    assert schema() == {}
    flask_migrate.upgrade(str(MIGRATIONS))
    assert schema() == before


def test_of_slack_bots_alone_the_two_secrets_change_places_and_back(
    in_database: Callable[..., Flask],
) -> None:
    in_database("migrated", migrated=True)
    flask_migrate.downgrade(str(MIGRATIONS), revision="0017")
    secret, token, key = (encryption.encrypt(text) for text in ("signing secret", "xoxb-1", "key"))
    before = {
        "slack": (secret, token, None),
        "lark": (encryption.encrypt("app secret"), encryption.encrypt("verification"), key),
        "webhook": (encryption.encrypt("signs"), encryption.encrypt("https://example.org/"), None),
        "apprise": (None, encryption.encrypt("ntfy://h/t"), None),
        "of a key that is gone": ("gAAAAold-secret", "gAAAAold-token", None),
    }
    with db.engine.begin() as connection:
        for name, (app_secret, webhook_token, encrypt_key) in before.items():
            values = {"name": name, "a": app_secret, "w": webhook_token, "e": encrypt_key}
            values["platform"] = name if " " not in name else "slack"
            connection.execute(sa.text(A_BOT), values)
    flask_migrate.upgrade(str(MIGRATIONS), revision="0018")
    assert bots() == before | {
        "slack": (token, secret, None),
        "of a key that is gone": ("gAAAAold-token", "gAAAAold-secret", None),
    }
    app_secret, webhook_token, _ = bots()["slack"]
    assert [encryption.decrypt(app_secret), encryption.decrypt(webhook_token)] == [
        "xoxb-1",
        "signing secret",
    ]
    flask_migrate.downgrade(str(MIGRATIONS), revision="0017")
    assert bots() == before


def test_a_release_before_reads_refused_hosts_as_warnings(
    in_database: Callable[..., Flask],
) -> None:
    in_database("migrated", migrated=True)
    task = make_task()
    for kind in (EventType.WARNING, EventType.EGRESS_REFUSED, EventType.WARNING):
        history.record_event(task, kind, "told", now(), data={"host": "a.example"})
    db.session.commit()
    db.session.remove()
    flask_migrate.downgrade(str(MIGRATIONS), revision="0019")
    query = "SELECT number, type, type_number FROM task_events ORDER BY number"
    with db.engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(sa.text(query))]
        assert rows == [(1, "warning", 1), (2, "warning", 2), (3, "warning", 3)]
        assert connection.execute(sa.text("SELECT count(*) FROM outbox")).scalar() == 0
    flask_migrate.upgrade(str(MIGRATIONS))


A_TOKEN = """
INSERT INTO refresh_tokens
    (developer_id, family, digest, generation, created_at, expires_at, revoked_at)
VALUES (:developer, :family, gen_random_uuid()::text, 1, now() - CAST(:age AS interval),
        now() + interval '7 days', CASE WHEN :revoked THEN now() END)
"""


def test_families_of_refresh_tokens_become_logins_and_go_back(
    in_database: Callable[..., Flask],
) -> None:
    in_database("migrated", migrated=True)
    here, gone = make_developer().id, make_developer(token_generation=2).id
    db.session.remove()
    flask_migrate.downgrade(str(MIGRATIONS), revision="0029")
    families = {name: uuid.uuid4() for name in ("lives", "revoked", "of a generation before")}
    with db.engine.begin() as connection:
        for name, family in families.items():
            about = {"developer": gone if name.startswith("of") else here, "family": family}
            for age in ("2 hours", "1 hour"):
                revoked = name == "revoked"
                connection.execute(sa.text(A_TOKEN), {**about, "age": age, "revoked": revoked})
    flask_migrate.upgrade(str(MIGRATIONS))
    with db.engine.begin() as connection:
        query = "SELECT id, ended_at IS NULL, last_seen_at - created_at FROM logins"
        logins = {row[0]: tuple(row[1:]) for row in connection.execute(sa.text(query))}
        hour = timedelta(hours=1)
        assert logins == {each: (name == "lives", hour) for name, each in families.items()}
        connection.execute(sa.text("UPDATE logins SET ended_at = now()"))
    flask_migrate.downgrade(str(MIGRATIONS), revision="0029")
    with db.engine.connect() as connection:
        left = "SELECT count(*) FROM refresh_tokens WHERE revoked_at IS NULL"
        assert connection.execute(sa.text(left)).scalar() == 0
    flask_migrate.upgrade(str(MIGRATIONS))


def test_secrets_of_projects_that_were_deleted_before_are_destroyed(
    in_database: Callable[..., Flask],
) -> None:
    in_database("migrated", migrated=True)
    secrets = {"secrets": {"A": "sealed"}, "git_token": "sealed", "ssh_key": "sealed"}
    for key, deleted_at in (("kept", None), ("gone", now())):
        make_project(key=key, deleted_at=deleted_at, environment={"B": "told"}, **secrets)
    db.session.remove()
    flask_migrate.downgrade(str(MIGRATIONS), revision="0029")
    flask_migrate.upgrade(str(MIGRATIONS))
    query = "SELECT key, secrets, git_token, ssh_key, environment FROM projects"
    with db.engine.connect() as connection:
        rows = {row.key: tuple(row)[1:] for row in connection.execute(sa.text(query))}
    assert rows == {
        "kept": (*secrets.values(), {"B": "told"}),
        "gone": ({}, None, None, {}),
    }


STORED_WORDS = """
SELECT 'sandbox', {sandbox} FROM machines UNION ALL
SELECT 'misbehavior', {misbehavior} FROM machines UNION ALL
SELECT 'upgrade', upgrade FROM machines UNION ALL
SELECT 'chat', {payload} -> '{intent}' FROM chat_events UNION ALL
SELECT 'failure', failure FROM tasks UNION ALL
SELECT 'event ' || number, data FROM task_events UNION ALL
SELECT 'labels', jsonb_agg(label ORDER BY label) FROM fleet_counts UNION ALL
SELECT 'settings', jsonb_agg(key) FROM settings
"""


def stored_words(**names: str) -> dict[str, Any]:
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text(STORED_WORDS.format(**names)))
        return {row[0]: row[1] for row in rows}


def test_stored_words_change_with_the_names_and_back(in_database: Callable[..., Flask]) -> None:
    in_database("migrated", migrated=True)
    make_machine(
        sandbox={"level": "none", "missing": ["bubblewrap"]},
        misbehavior=["unknown", "limit_exceeded"],
        upgrade={"state": "failed", "version": "2", "reason": "no disk"},
    )
    make_chat_event()
    failure = {"code": "sandbox_unavailable", "message": "none"}
    task = make_task(failure=failure)
    for kind, data in ((EventType.MACHINE_LOST, {"uncounted": True}), (EventType.FAILED, failure)):
        history.record_event(task, kind, "said", now(), data=data)
    for counter, label in (
        (FleetCounter.ATTEMPTS_ENDED, "uncounted"),
        (FleetCounter.REPORTS_REFUSED, "limit_exceeded"),
        (FleetCounter.TASK_FAILURES, "sandbox_unavailable"),
    ):
        db.session.add(FleetCount(counter=counter, label=label, times=1, amount=0))
    admin = make_developer()
    db.session.add(
        StoredSetting(key="maxLogMegabytes", value=9, updated_at=now(), updated_by=admin.id)
    )
    db.session.commit()
    db.session.remove()
    after = {
        "sandbox": "sandbox", "misbehavior": "misbehavior", "payload": "payload", "intent": "intent"
    }  # fmt: skip
    before = {
        "sandbox": "room", "misbehavior": "misbehaved", "payload": "said", "intent": "wanted"
    }  # fmt: skip
    words = stored_words(**after)
    flask_migrate.downgrade(str(MIGRATIONS), revision="0054")
    assert stored_words(**before) == {
        "sandbox": {"level": "none", "lacks": ["bubblewrap"]},
        "misbehavior": ["unknown", "excessive"],
        "upgrade": {"state": "failed", "version": "2", "why": "no disk"},
        "chat": "command",
        "failure": {"code": "room_unavailable", "message": "none"},
        "event 1": {"excused": True},
        "event 2": {"code": "room_unavailable", "message": "none"},
        "labels": ["excessive", "excused", "room_unavailable"],
        "settings": ["logMegabytes"],
    }
    flask_migrate.upgrade(str(MIGRATIONS))
    assert stored_words(**after) == words


def bots() -> dict[str, tuple[Any, ...]]:
    """The secrets of each, by its name."""
    query = "SELECT name, app_secret, webhook_token, encrypt_key FROM bots"
    with db.engine.connect() as connection:
        return {name: tuple(secrets) for name, *secrets in connection.execute(sa.text(query))}


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory(str(MIGRATIONS)).get_heads()) == 1


def test_the_enums_of_postgres_are_those_of_the_domain(app: Flask) -> None:
    in_models = {
        column.type.name: column.type.enums
        for table in db.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sa.Enum)
    }
    rows = db.session.execute(sa.text(LABELS))
    stored: dict[str, list[str]] = {}
    for name, label in rows:
        stored.setdefault(name, []).append(label)
    assert stored == in_models
