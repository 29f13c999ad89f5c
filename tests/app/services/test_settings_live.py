"""A setting that is changed in one process is in force in the others, without a restart."""

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import make_url

from app.domain.roles import SystemRole
from app.extensions import db
from app.services import settings
from app.services.clock import now
from app.services.dispatch import dispatcher
from app.services.machines import enrollment_tokens
from tests.app.api.test_login_limits import attempt
from tests.app.services.statements import counted
from tests.conftest import make_app
from tests.factories import make_developer, make_machine, make_task

LIMIT = 10.0  # seconds; it takes one


@pytest.fixture
def other(committed_app: Flask, environment: dict[str, str]) -> Iterator[Flask]:
    """Another process's app, as far as settings go: on the same servers, sharing nothing else."""
    url = make_url(committed_app.config["SQLALCHEMY_DATABASE_URI"])
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    app = make_app({**environment, "DATABASE_URL": text})
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def becomes(app: Flask, key: str, value: object) -> bool:
    """Whether the app comes to have that value."""
    until = time.monotonic() + LIMIT
    while time.monotonic() < until:
        with app.app_context():
            if settings.value(key) == value:
                return True
            db.session.remove()
        time.sleep(0.05)
    return False


def test_what_one_process_sets_another_has_soon(committed_app: Flask, other: Flask) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    assert becomes(other, "loginFailures", 5)
    settings.update(admin, {"loginFailures": 2})
    assert settings.value("loginFailures") == 2, "at once where it was set"
    assert becomes(other, "loginFailures", 2)
    settings.update(admin, {"loginFailures": None})
    assert becomes(other, "loginFailures", 5)


def test_a_machine_gets_tasks_by_the_load_that_is_set_now(
    committed_app: Flask, other: Flask
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    make_machine(metrics={"cpuPercent": 60.0})
    make_task()
    settings.update(admin, {"maxLoadPercent": 50})
    assert becomes(other, "maxLoadPercent", 50)
    with other.app_context():
        assert dispatcher.assign_queued() == 0
    settings.update(admin, {"maxLoadPercent": 70})
    assert becomes(other, "maxLoadPercent", 70)
    with other.app_context():
        assert dispatcher.assign_queued() == 1


def test_logins_are_bounded_by_what_is_set_now(committed_app: Flask, other: Flask) -> None:
    settings.update(make_developer(role=SystemRole.ADMIN), {"loginFailures": 2})
    assert becomes(other, "loginFailures", 2)
    client = other.test_client()
    name = make_developer().name
    answers = [attempt(client, name, address=f"192.0.2.{n}").status_code for n in range(3)]
    assert answers == [401, 401, 429]


def test_an_enrollment_token_lives_as_long_as_is_set_now(app: Flask) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    settings.update(admin, {"enrollmentTokenHours": 2})
    lives = enrollment_tokens.create(admin).token.expires_at - now()
    assert 1.9 < lives.total_seconds() / 3600 <= 2


def test_settings_need_no_redis(
    environment: dict[str, str], new_database: Callable[..., str]
) -> None:
    url = new_database("muster_no_redis")
    app = make_app({**environment, "DATABASE_URL": url, "REDIS_URL": "redis://127.0.0.1:1/0"})
    with app.app_context():
        settings.update(make_developer(role=SystemRole.ADMIN), {"maxLoadPercent": 50})
        assert settings.value("maxLoadPercent") == 50
        db.session.remove()
        db.engine.dispose()


def test_who_asks_while_the_settings_are_read_does_not_read_them_too(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "CACHE_SECONDS", 1.0)
    settings.clear_cache()
    seconds = iter([0.0, 100.0, 100.5])
    monkeypatch.setattr(settings, "monotonic", lambda: next(seconds))
    settings.value("loginFailures")
    asked = []

    def ask(*_: object) -> None:
        asked.append(settings.value("loginFailures"))

    sa.event.listen(sa.Engine, "before_cursor_execute", ask)
    try:
        with counted(settings=True) as sent:
            settings.value("loginFailures")
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", ask)
    assert asked == [5]
    assert len(sent) == 1


def test_what_a_transaction_has_not_written_yet_is_not_written_by_a_look_at_the_settings(
    app: Flask,
) -> None:
    developer = make_developer()
    developer.git_name = "half way"
    with counted() as sent:
        settings.value("loginFailures")
    assert not [line for line in sent if line.startswith("UPDATE")]
    db.session.rollback()
