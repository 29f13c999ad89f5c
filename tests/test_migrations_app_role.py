"""Two roles: one owns the tables and migrates, the other is the app's and can lift no rule."""

from collections.abc import Callable, Iterator
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

import config
from app.embedded import Services
from app.extensions import db, redis
from app.services.accounts import developers
from tests import database_roles
from tests.conftest import MIGRATIONS, make_app
from tests.factories import PASSWORD

OWNER, APP = "muster_owner", "muster app"  # a name that has to be quoted
NAME = "muster_roles"


@pytest.fixture(scope="module")
def url_as(
    servers: Services, superuser_url: str, new_database: Callable[..., str]
) -> Callable[[str], str]:
    """The database's URL for a role. Of its own, owned by OWNER, and empty at first."""
    url = make_url(new_database(NAME, migrated=False))
    engine = sa.create_engine(config.database_uri(superuser_url), poolclass=sa.NullPool)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as superuser:
        for role in (OWNER, APP):
            superuser.execute(sa.text(f'CREATE ROLE "{role}" LOGIN'))
            database_roles.admit(servers, role)
        superuser.execute(sa.text(f"ALTER DATABASE {NAME} OWNER TO {OWNER}"))
    return lambda role: url.set(username=role).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def as_owner(environment: dict[str, str], url_as: Callable[[str], str]) -> Flask:
    """Migrated already."""
    app = make_app({**environment, "DATABASE_URL": url_as(OWNER), "MUSTER_APP_ROLE": APP})
    with app.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        db.engine.dispose()
    return app


@pytest.fixture
def as_app(
    environment: dict[str, str], as_owner: Flask, url_as: Callable[[str], str]
) -> Iterator[Flask]:
    app = make_app({**environment, "DATABASE_URL": url_as(APP)})
    with app.app_context():
        redis.client.flushdb()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_the_app_works_as_a_role_that_owns_nothing(as_app: Flask) -> None:
    developers.create_admin("root", PASSWORD)
    client = as_app.test_client()
    login = client.post("/api/auth/login", json={"username": "root", "password": PASSWORD}).json
    headers = {"Authorization": f"Bearer {login['accessToken']}"}

    def ask(method: str, path: str, json: Any = None) -> Any:
        answer = client.open(f"/api/{path}", method=method, json=json, headers=headers)
        assert answer.status_code < 300, answer.json
        return answer.json

    project = {"key": "shop", "repoUrl": "https://h/x", "agentType": "claude"}
    ask("POST", "admin/projects", project)
    ask("PUT", "admin/projects/shop", {"name": "Shop"})
    task = ask("POST", "web/tasks", {"projectKey": "shop", "description": "Make it work."})
    ask("POST", f"web/tasks/{task['id']}/cancel")
    ask("PUT", "admin/settings", {"loginFailures": 7})
    ask("DELETE", "admin/projects/shop")
    actions = [entry["action"] for entry in ask("GET", "admin/audit-logs")["items"]]
    assert actions == [
        "project.deleted",
        "settings.updated",
        "project.updated",
        "project.created",
        "login.started",
        "developer.created",
    ]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor_name = 'x'",
        "DELETE FROM audit_entries",
        "TRUNCATE audit_entries",
        "DROP TABLE audit_entries",
        "DROP TRIGGER audit_entries_append_only ON audit_entries",
        "ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only",
        "ALTER TABLE audit_entries DISABLE TRIGGER ALL",
        "ALTER TABLE audit_entries RENAME TO old_entries",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        "DROP FUNCTION refuse_audit_change() CASCADE",
        "CREATE RULE sink AS ON INSERT TO audit_entries DO INSTEAD NOTHING",
        "CREATE TRIGGER sink BEFORE INSERT ON audit_entries FOR EACH ROW"
        " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "CREATE TABLE audit_entries_of_mine ()",
        f"SET ROLE {OWNER}",
    ],
)
def test_the_apps_role_cannot_lift_the_rule(as_app: Flask, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError) as refused:
        db.session.execute(sa.text(statement))
    assert getattr(refused.value.orig, "pgcode", None) == "42501"  # insufficient privilege
    db.session.rollback()


@pytest.mark.parametrize("role", [APP, OWNER])
def test_neither_role_has_the_right_even_without_the_trigger(as_app: Flask, role: str) -> None:
    query = sa.text("SELECT has_table_privilege(:role, 'audit_entries', :right)")
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    has = [right for right in rights if db.session.scalar(query, {"role": role, "right": right})]
    assert has == ["SELECT", "INSERT"]


def test_migrations_grant_again_what_is_there_already(as_owner: Flask) -> None:
    with as_owner.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        db.engine.dispose()
