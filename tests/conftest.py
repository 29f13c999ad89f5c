"""Real servers for every test: a PostgreSQL and a Valkey of each xdist worker's own.

`app` is quick: what a test commits is taken back after it, for it all happens in one transaction
on one connection. `committed_app` is for races: its commits are real, and so are its connections.
Both come with an app context; requests of `client` have one of their own, as in life.
"""

import contextvars
import gc
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from hypothesis import Phase
from hypothesis import settings as examples
from sqlalchemy.engine import make_url

import config
from app.embedded import Services, roles, start
from app.extensions import db, redis
from app.factory import create_app
from app.models import Developer, Machine
from app.services import settings
from app.services.accounts import tokens
from tests import bundled_wheel, database_roles, openapi_check, units
from tests.factories import access_token_of

pytest_plugins = ["tests.folders", "tests.needs"]

TESTS = Path(__file__).parent
# A failure is said at once: to explain one takes hours where what is compared is long. No deadline,
# for the machine may be busy.
examples.register_profile(
    "unexplained",
    examples(),
    deadline=None,
    phases=[phase for phase in Phase if phase is not Phase.explain],
)
examples.load_profile("unexplained")
# Suites of their own (HEAVY in the Makefile): collected where they, or a folder of them, are named.
SUITES = (
    "agents/real",
    "app/jobs/test_jobs_killed_senders.py",
    "attacks/routes",
    "chaos/test_chaos.py",
    "clients",
    "connection_limits",
    "e2e",
    "flows/test_budget.py",
    "fuzz",
    "hostile",
    "install",
    "newcomers",
    "outages",
    "review",
    "rogues",
    "sso",
    "walk/test_walk.py",
)

MIGRATIONS = TESTS.parent / "migrations"
COMMITTED = "muster_committed"
SECRETS = {
    "SECRET_KEY": "a secret key that only the tests ever use",
    "JWT_SECRET_KEY": "the key of access tokens, in tests only",
    "WORKER_JWT_SECRET_KEY": "the key of the machines' tokens, in tests only",
    "ENCRYPTION_KEYS": "8O2cIvo-aq8Eccnb43K-gXOiuDkGCCp3TvUV4_WTiNA=",
}
# Where nobody answers, for an app that asks neither.
NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/no", "REDIS_URL": "redis://127.0.0.1:1/0"}

# A shell that runs us in the background has us ignore Ctrl-C, and what the tests start would, too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What is imported and collected stays to the end: no collection of garbage need look at it.
gc.disable()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    if collection_path not in [TESTS / suite for suite in SUITES]:
        return None
    named = [Path(argument.partition("::")[0]).absolute() for argument in config.args]
    folders = (
        path for path in (collection_path, *collection_path.parents) if TESTS in path.parents
    )
    within = any(collection_path in (path, *path.parents) for path in named)
    return None if within or not {*named}.isdisjoint(folders) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = units.in_order(items)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> units.UnitScheduling | None:
    return units.UnitScheduling(config, log) if config.getvalue("dist") == "loadfile" else None


class Client(FlaskClient):
    """Each request begins with an empty context, so that it gets an app context, a `g` and a
    database session of its own, although the test has some too."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            db.session.commit()  # what the test has added
        response = contextvars.Context().run(super().open, *args, **kwargs)
        openapi_check.check(self.application, response)
        if has_app_context():
            db.session.expire_all()  # what the request may have changed is read again
        return response


@pytest.fixture(scope="session")
def servers() -> Iterator[Services]:
    home = Path(tempfile.mkdtemp(prefix="muster-tests-"))
    with start(home, env={"MUSTER_EMBEDDED_FSYNC": "off"}) as services:
        yield services
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def environment(servers: Services, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a process of ours needs in its environment, beside PATH and the like."""
    return {
        **SECRETS,
        "MUSTER_HOME": str(tmp_path_factory.mktemp("home")),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "MUSTER_INSTALL": str(bundled_wheel.make(tmp_path_factory.mktemp("install"))),
    }


@pytest.fixture(scope="session")
def superuser_url(servers: Services) -> str:
    """The URL of PostgreSQL's superuser, for what the app's role may not."""
    return database_roles.admit(servers)


@pytest.fixture(scope="session")
def new_database(
    servers: Services, superuser_url: str, environment: dict[str, str]
) -> Callable[[str], str]:
    """Makes a database of that name, which the app's role owns, empty or (`migrated`) with all
    tables; returns its URL."""
    engine = sa.create_engine(config.database_uri(superuser_url), poolclass=sa.NullPool)

    def execute(statement: str) -> None:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text(statement))

    def create(name: str, *, migrated: bool = True) -> str:
        source = "muster_template" if migrated else "template1"
        execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        execute(f'CREATE DATABASE "{name}" TEMPLATE "{source}" OWNER {roles.APP}')
        url = make_url(servers.database_url).set(database=name)
        return url.render_as_string(hide_password=False)

    template = make_app({**environment, "DATABASE_URL": create("muster_template", migrated=False)})
    with template.app_context():
        flask_migrate.upgrade(str(MIGRATIONS))
        db.engine.dispose()
    return create


def make_app(environment: dict[str, str]) -> Flask:
    app = create_app(config.load(environment))
    app.testing = True
    app.test_client_class = Client
    return app


@pytest.fixture(scope="session")
def rolled_back_app(environment: dict[str, str], new_database: Callable[..., str]) -> Flask:
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    return make_app({**environment, "DATABASE_URL": new_database("muster_rolled_back")})


@pytest.fixture(scope="session")
def shared_committed_app(environment: dict[str, str], new_database: Callable[..., str]) -> Flask:
    return make_app({**environment, "DATABASE_URL": new_database(COMMITTED)})


@pytest.fixture(scope="session")
def emptying(superuser_url: str) -> sa.Engine:
    """Connections of the superuser to the database of `committed_app`."""
    return sa.create_engine(make_url(config.database_uri(superuser_url)).set(database=COMMITTED))


@pytest.fixture
def app(rolled_back_app: Flask) -> Iterator[Flask]:
    """An app whose database is empty, and is so again afterwards."""
    with taken_back(rolled_back_app):
        yield rolled_back_app


@contextmanager
def taken_back(rolled_back_app: Flask) -> Iterator[None]:
    """What is committed within is taken back at the end.

    Settings have just been read, and are read again when they change: the statements of a request
    can be counted.
    """
    with pytest.MonkeyPatch.context() as patch, rolled_back_app.app_context():
        patch.setattr(settings, "CACHE_SECONDS", 3600.0)
        redis.client.flushdb()
        settings.clear_cache()
        engine = db.engine
        with engine.connect() as connection:
            transaction = connection.begin()
            db.engines[None] = connection  # type: ignore[assignment]
            settings.value("requestsPerMinute")
            db.session.remove()
            try:
                yield
            finally:
                db.session.remove()
                db.engines[None] = engine
                transaction.rollback()


@pytest.fixture
def committed_app(shared_committed_app: Flask, emptying: sa.Engine) -> Iterator[Flask]:
    """An app whose commits are real, for tests with several connections. Tidied up afterwards."""
    with shared_committed_app.app_context():
        redis.client.flushdb()
        settings.clear_cache()
        try:
            yield shared_committed_app
        finally:
            db.session.remove()
            with emptying.begin() as connection:
                empty(connection)
            db.engine.dispose()


def empty(connection: sa.Connection) -> None:
    """Take all rows away, and have numbers begin anew.

    Deletes, for they cost a hundredth of what truncating forty tables does; only what has grown is
    truncated, so that nothing is left of it for the next test's plans to be about.
    """
    tables = [table.name for table in db.metadata.sorted_tables]
    # Past the trigger that keeps the audit log, and past foreign keys: only a superuser gets by.
    connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
    connection.execute(sa.text(";".join(f"DELETE FROM {name}" for name in tables)))
    for name in connection.scalars(GROWN, {"tables": tables, "bytes": LARGE_BYTES}).all():
        connection.execute(sa.text(f"TRUNCATE {name} CASCADE"))
    connection.execute(BEGIN_ANEW)


LARGE_BYTES = 1 << 20
GROWN = sa.text(
    "SELECT relname FROM pg_class WHERE relname = ANY(:tables) AND pg_table_size(oid) > :bytes"
)
BEGIN_ANEW = sa.text(
    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)"
    " FROM pg_sequences WHERE last_value IS NOT NULL"
)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def committed_client(committed_app: Flask) -> FlaskClient:
    return committed_app.test_client()


@pytest.fixture
def login() -> Callable[[Developer], dict[str, str]]:
    """The headers of a developer who is signed in."""
    return lambda developer: {"Authorization": f"Bearer {access_token_of(developer)}"}


@pytest.fixture
def worker_login() -> Callable[[Machine], dict[str, str]]:
    """The headers of a machine's worker."""
    return lambda machine: {"Authorization": f"Bearer {tokens.worker_jwt(machine)[0]}"}
