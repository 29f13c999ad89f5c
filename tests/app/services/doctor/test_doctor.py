"""`flask doctor`: everything it looks at, well and ill, on real servers."""

import contextvars
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask
from redis import Redis

from app import jobs
from app.domain.roles import SystemRole
from app.extensions import db, redis
from app.models import Developer, SecondFactor
from app.services import clock, encryption
from app.services.doctor import postgres
from app.services.ops import heartbeats, readiness
from tests.conftest import SECRETS, make_app
from tests.factories import make_developer, make_project

NAMES = [
    *("secrets", "encryption keys", "disk", "TLS", "proxy", "open files"),
    *("PostgreSQL", "database role", "pg_trgm", "migrations", "admin", "stored secrets", "clock"),
    "database size",
    *("Redis", "Redis memory", "Redis disk", "dispatcher", "sweeper", "beat"),
]
OF_POSTGRES, OF_REDIS = NAMES[6:14], NAMES[14:]


class Report(dict[str, dict[str, Any]]):
    """The findings by their names."""

    exit_code: int

    @property
    def wrong(self) -> list[str]:
        return [name for name, finding in self.items() if not finding["ok"]]


def run(app: Flask, *args: str) -> Result:
    """As in life: in no app's context yet."""
    return contextvars.Context().run(app.test_cli_runner().invoke, args=["doctor", *args])


def examined(app: Flask) -> Report:
    result = run(app, "--json")
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    report = Report({finding["name"]: finding for finding in json.loads(result.stdout)})
    report.exit_code = result.exit_code
    for finding in report.values():
        assert finding["ok"] == (not finding["advice"])
    return report


@pytest.fixture
def well(committed_app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A deployment without a fault."""
    for name in ("TLS_CERT", "TLS_KEY", "BIND"):
        monkeypatch.delenv(f"MUSTER_{name}", raising=False)
    make_developer(role=SystemRole.ADMIN)
    for sign in readiness.HEARTBEATS.values():
        redis.client.set(sign, time.time())
    return committed_app


@pytest.fixture
def elsewhere(environment: dict[str, str]) -> Callable[..., Flask]:
    """Makes an app with other settings."""
    return lambda **changes: make_app({**environment, **changes})


def test_all_is_well(well: Flask) -> None:
    report = examined(well)
    assert (report.wrong, report.exit_code) == ([], 0), report
    assert list(report) == NAMES


def test_a_line_begins_with_what_counts_and_ends_with_what_to_do(well: Flask) -> None:
    redis.client.delete(heartbeats.BEAT)
    result = run(well)
    lines = result.stdout.splitlines()
    assert result.exit_code == 1
    assert [line[:3] for line in lines[:-1]] == ["ok "] * (len(NAMES) - 1)
    assert lines[-1] == "!! beat: no heartbeat — start `celery -A celery_worker beat`"


def test_postgres_is_away(well: Flask, elsewhere: Callable[..., Flask]) -> None:
    report = examined(elsewhere(DATABASE_URL="postgresql://u:hunter2@127.0.0.1:1/no"))
    assert (report.wrong, report.exit_code) == (OF_POSTGRES, 1)
    assert "hunter2" not in json.dumps(report)


def test_redis_is_away(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(well.config, "REDIS_URL", "redis://:hunter2@127.0.0.1:1/0")
    report = examined(well)
    assert (report.wrong, report.exit_code) == (OF_REDIS, 1)
    assert "hunter2" not in json.dumps(report)


def test_both_are_away(elsewhere: Callable[..., Flask]) -> None:
    nowhere = elsewhere(DATABASE_URL="postgresql://127.0.0.1:1/x", REDIS_URL="redis://127.0.0.1:1")
    assert examined(nowhere).wrong == [*OF_POSTGRES, *OF_REDIS]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_servers_that_never_answer_are_given_up(
    elsewhere: Callable[..., Flask], silent_port: int
) -> None:
    app = elsewhere(
        DATABASE_URL=f"postgresql://127.0.0.1:{silent_port}/x",
        REDIS_URL=f"redis://127.0.0.1:{silent_port}",
    )
    found: list[Report] = []
    thread = threading.Thread(target=lambda: found.append(examined(app)), daemon=True)
    thread.start()
    thread.join(30)
    assert found
    assert found[0].wrong == [*OF_POSTGRES, *OF_REDIS]


def test_another_release_has_migrated_the_database(
    elsewhere: Callable[..., Flask],
    new_database: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = elsewhere(DATABASE_URL=new_database("doctor", migrated=True))

    def pretend(revision: str) -> dict[str, Any]:
        with app.app_context():
            with db.engine.begin() as connection:
                at = sa.text("UPDATE alembic_version SET version_num = :revision")
                connection.execute(at, {"revision": revision})
            db.engine.dispose()
        return examined(app)["migrations"]

    assert "doesn't know" in pretend("ffff")["text"]
    earlier = pretend("0042")
    assert "at 0042, but this release starts at 0055" in earlier["text"]
    assert "db upgrade" not in earlier["advice"]
    app.config["SCHEMA_AHEAD"] = ["0055", "ffff"]
    assert pretend("ffff")["text"] == "at ffff, of a later release that was rolled back"
    scripts = [SimpleNamespace(revision=each) for each in ("0057", "0056", "0055")]
    monkeypatch.setattr(ScriptDirectory, "walk_revisions", lambda _: scripts)
    behind = pretend("0055")
    assert behind["text"] == "missing: 0056, 0057"
    assert "flask --app wsgi db upgrade" in behind["advice"]


def test_the_tables_are_not_there_yet(
    elsewhere: Callable[..., Flask], new_database: Callable[..., str]
) -> None:
    report = examined(elsewhere(DATABASE_URL=new_database("doctor", migrated=False)))
    assert report["migrations"]["text"].startswith("missing: 0055")
    assert set(report.wrong) >= {"migrations", "admin", "stored secrets"}


def test_secrets_were_stored_with_another_key(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    developer = make_developer()
    make_project(
        secrets={"A": encryption.encrypt("hunter2")}, git_token=encryption.encrypt("hunter2")
    )
    db.session.add(SecondFactor(developer_id=developer.id, secret=encryption.encrypt("hunter2")))
    db.session.commit()
    assert examined(well)["stored secrets"]["text"] == "all of 3 sampled can be decrypted"
    monkeypatch.setitem(well.config, "ENCRYPTION_KEYS", [Fernet.generate_key().decode()])
    report = examined(well)
    assert report.wrong == ["stored secrets"]
    assert report["stored secrets"]["text"].startswith("3 of 3 ")
    monkeypatch.setitem(well.config, "ENCRYPTION_KEYS", ["no key at all"])
    assert examined(well).wrong == ["encryption keys", "stored secrets"]


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        ({"SECRET_KEY": "short"}, "secrets"),
        ({"SECRET_KEY": SECRETS["JWT_SECRET_KEY"]}, "secrets"),
        ({"PROXIES": ["proxy.local"]}, "proxy"),
        ({"PROXIES": ["10.0.0.1/8"]}, "proxy"),
        ({"PROXIES": ["*"]}, "proxy"),
    ],
    ids=["a short secret", "one secret for two things", "a name", "a network", "everybody"],
)
def test_a_setting_is_wrong(
    well: Flask, monkeypatch: pytest.MonkeyPatch, config: dict[str, Any], wrong: str
) -> None:
    for name, value in config.items():
        monkeypatch.setitem(well.config, name, value)
    report = examined(well)
    assert report.wrong == [wrong]
    assert not any(str(SECRETS[name]) in json.dumps(report) for name in SECRETS)


@pytest.mark.parametrize(
    ("env", "wrong"),
    [
        ({"MUSTER_TLS_CERT": "/nowhere"}, "TLS"),
        ({"MUSTER_TLS_CERT": "/nowhere", "MUSTER_TLS_KEY": "/nowhere"}, "TLS"),
        ({"MUSTER_BIND": "0.0.0.0"}, "proxy"),
    ],
    ids=["half", "unreadable", "plain HTTP"],
)
def test_it_cannot_be_served(
    well: Flask, monkeypatch: pytest.MonkeyPatch, env: dict[str, str], wrong: str
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert examined(well).wrong == [wrong]


def test_the_disk_is_full(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.services.doctor.host.FREE_BYTES", 1 << 60)
    monkeypatch.setitem(well.config, "MUSTER_HOME", Path("/tmp/not/made/yet"))
    assert examined(well).wrong == ["disk"]


def test_there_is_no_active_admin(well: Flask) -> None:
    db.session.execute(sa.update(Developer).values(disabled_at=clock.now()))
    db.session.commit()
    report = examined(well)
    assert report.wrong == ["admin"]
    assert "create-admin" in report["admin"]["advice"]


@pytest.mark.parametrize("seconds", [3, -3])
def test_the_clocks_differ(well: Flask, monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    true = clock.now
    monkeypatch.setattr(clock, "now", lambda: true() + timedelta(seconds=seconds))
    assert examined(well).wrong == ["clock"]


def test_postgres_is_too_old(well: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "MIN_VERSION", 99)
    assert examined(well).wrong == ["PostgreSQL"]


@pytest.mark.parametrize(
    ("server", "fits"),
    [
        ({"redis_version": "6.2.14"}, False),
        ({"redis_version": "7.0.0"}, True),
        ({"redis_version": "10.1.0"}, True),
        ({"redis_version": "7.2.4", "valkey_version": "9.1.2"}, True),
    ],
    ids=["Redis 6", "Redis 7", "Redis 10", "Valkey"],
)
def test_terminals_need_a_redis_that_is_new_enough(
    well: Flask, monkeypatch: pytest.MonkeyPatch, server: dict[str, str], fits: bool
) -> None:
    real_info = Redis.info

    def info(client: Redis, section: str) -> Any:
        return server if section == "server" else real_info(client, section)

    monkeypatch.setattr(Redis, "info", info)
    report = examined(well)
    assert report.wrong == ([] if fits else ["Redis"])


def test_redis_would_throw_jobs_away(well: Flask) -> None:
    redis.client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert examined(well).wrong == ["Redis memory"]
    finally:
        redis.client.config_set("maxmemory-policy", "noeviction")


@pytest.mark.parametrize("name", readiness.HEARTBEATS)
def test_a_sign_is_old(well: Flask, name: str) -> None:
    redis.client.set(readiness.HEARTBEATS[name], time.time() - 16)
    assert examined(well).wrong == [name]


def test_a_worker_without_the_queue_of_sweeps_is_noticed(well: Flask) -> None:
    redis.client.delete(heartbeats.SWEEPER, heartbeats.DISPATCHER)
    jobs.assign_queued()
    assert examined(well).wrong == ["sweeper"]
    jobs.sweep_machines()
    assert examined(well).wrong == []
