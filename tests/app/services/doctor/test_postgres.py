"""What the database's role may beyond what Muster needs, on a real server."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask

import config
from app.embedded import Services
from app.services.doctor import postgres
from tests import database_roles

ROLE = "muster_examined"


@pytest.fixture(scope="module")
def superuser(superuser_url: str) -> Iterator[sa.Engine]:
    engine = sa.create_engine(
        config.database_uri(superuser_url), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    yield engine
    with engine.connect() as connection:
        connection.execute(sa.text(f"DROP ROLE {ROLE}"))


@pytest.fixture(scope="module")
def url(servers: Services, superuser: sa.Engine) -> str:
    """Of a role that has nothing of its own."""
    with superuser.connect() as connection:
        connection.execute(sa.text(f"CREATE ROLE {ROLE} LOGIN"))
    return database_roles.admit(servers, ROLE)


def found(url: str, app: Flask) -> postgres.Finding:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "SQLALCHEMY_DATABASE_URI", config.database_uri(url))
        return next(each for each in postgres.findings() if each.name == "database role")


def test_the_apps_own_role_has_no_right_that_it_does_not_need(app: Flask) -> None:
    finding = found(str(app.config["SQLALCHEMY_DATABASE_URI"]), app)
    assert finding.text == "muster, with rights only to its own objects"
    assert finding.ok


def test_a_superuser_is_called_one(app: Flask, superuser_url: str) -> None:
    finding = found(superuser_url, app)
    assert finding.text == "postgres has rights that Muster doesn't need: SUPERUSER"
    assert "docs/operating.md" in finding.advice


@pytest.mark.parametrize(
    ("give", "take", "rights"),
    [
        (f"ALTER ROLE {ROLE} CREATEDB", f"ALTER ROLE {ROLE} NOCREATEDB", "CREATEDB"),
        (
            f"ALTER ROLE {ROLE} CREATEROLE REPLICATION BYPASSRLS",
            f"ALTER ROLE {ROLE} NOCREATEROLE NOREPLICATION NOBYPASSRLS",
            "CREATEROLE, REPLICATION, BYPASSRLS",
        ),
        (
            f"GRANT pg_execute_server_program TO {ROLE}",
            f"REVOKE pg_execute_server_program FROM {ROLE}",
            "pg_execute_server_program",
        ),
        (f"GRANT postgres TO {ROLE}", f"REVOKE postgres FROM {ROLE}", "postgres"),
        (f"GRANT pg_monitor TO {ROLE}", f"REVOKE pg_monitor FROM {ROLE}", ""),
    ],
)
def test_each_right_beyond_is_named(
    app: Flask, superuser: sa.Engine, url: str, give: str, take: str, rights: str
) -> None:
    with superuser.connect() as connection:
        connection.execute(sa.text(give))
        try:
            finding = found(url, app)
        finally:
            connection.execute(sa.text(take))
    beyond = f"{ROLE} has rights that Muster doesn't need: {rights}"
    assert finding.text == (beyond if rights else f"{ROLE}, with rights only to its own objects")
    assert finding.ok is not bool(rights)
