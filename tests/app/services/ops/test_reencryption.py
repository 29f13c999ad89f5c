"""Dropping an old key: everything that is stored opens with the new one alone."""

from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from cryptography.fernet import Fernet
from flask import Flask

from app.extensions import db
from app.models import Bot, Project, SecondFactor
from app.services import encryption
from app.services.ops import reencryption
from tests.app.services.statements import counted
from tests.factories import make_bot, make_developer, make_project

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def keys(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The app's keys, to be changed in place."""
    current = [OLD]
    monkeypatch.setitem(app.config, "ENCRYPTION_KEYS", current)
    return current


def run(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["reencrypt"])


def opened() -> Iterator[str]:
    """All that is stored, as it reads."""
    db.session.expire_all()
    for project in db.session.scalars(sa.select(Project).order_by(Project.id)):
        yield from (
            f"{name}={encryption.decrypt(project.secrets[name])}" for name in project.secrets
        )
        if project.git_token:
            yield encryption.decrypt(project.git_token)
        if project.ssh_key:
            yield encryption.decrypt(project.ssh_key)
    for factor in db.session.scalars(sa.select(SecondFactor)):
        yield encryption.decrypt(factor.secret)
    for bot in db.session.scalars(sa.select(Bot)):
        yield from (
            encryption.decrypt(sealed) for sealed in (bot.app_secret, bot.webhook_token) if sealed
        )


def store() -> None:
    make_project(secrets={"A": encryption.encrypt("one"), "B": encryption.encrypt("two")})
    make_project(git_token=encryption.encrypt("three"), ssh_key=encryption.encrypt("3b"))
    make_project()
    developer = make_developer()
    db.session.add(SecondFactor(developer_id=developer.id, secret=encryption.encrypt("four")))
    make_bot(app_secret=encryption.encrypt("five"), webhook_token=encryption.encrypt("six"))


@pytest.mark.parametrize("batch", [1, 2, 3, 4, 100])
def test_the_old_key_can_go_afterwards(
    app: Flask, keys: list[str], monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(reencryption, "BATCH", batch)
    store()
    keys[:] = [NEW, OLD]
    result = run(app)
    assert result.exit_code == 0, result.output
    assert "projects: 4 of 4 encrypted again" in result.output
    assert "second_factors: 1 of 1 encrypted again" in result.output
    keys[:] = [NEW]
    assert list(opened()) == ["A=one", "B=two", "three", "3b", "four", "five", "six"]


def test_a_second_run_changes_nothing(app: Flask, keys: list[str]) -> None:
    store()
    keys[:] = [NEW, OLD]
    run(app)
    with counted() as statements:
        assert "projects: 0 of 4 encrypted again" in run(app).output
    assert not [one for one in statements if "UPDATE projects" in one or "UPDATE second" in one]


def test_what_no_key_opens_is_told_and_left_as_it_is(app: Flask, keys: list[str]) -> None:
    keys[:] = [Fernet.generate_key().decode()]
    lost = encryption.encrypt("lost")
    keys[:] = [OLD]
    project = make_project(secrets={"A": lost, "B": encryption.encrypt("two")})
    keys[:] = [NEW, OLD]
    result = run(app)
    assert result.exit_code == 1
    assert "1 can't be decrypted with any" in result.output
    db.session.expire_all()
    assert project.secrets["A"] == lost
    keys[:] = [NEW]
    assert encryption.decrypt(project.secrets["B"]) == "two"


def test_a_task_can_be_made_meanwhile(committed_app: Flask) -> None:
    project = make_project(secrets={"A": encryption.encrypt("one")})
    holding: Any = sa.select(Project.id).where(Project.id == project.id)
    with db.engine.begin() as other:
        other.execute(holding.with_for_update(read=True, key_share=True))  # as tasks.create does
        db.session.execute(sa.text("SET lock_timeout = '5s'"))  # a wait would be an error
        assert [step.seen for step in reencryption.reencrypt_all()] == [1, 0, 0, 0, 0, 0]


def test_a_secret_that_is_set_meanwhile_is_kept(
    committed_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row is read under its lock: what another transaction has committed is what is renewed."""
    monkeypatch.setitem(committed_app.config, "ENCRYPTION_KEYS", [OLD])
    project = make_project(secrets={"A": encryption.encrypt("before")})
    assert project.secrets  # known to this session
    with db.engine.begin() as other:
        change = sa.update(Project).values(secrets={"A": encryption.encrypt("after")})
        other.execute(change)
    monkeypatch.setitem(committed_app.config, "ENCRYPTION_KEYS", [NEW, OLD])
    assert [step.changed for step in reencryption.reencrypt_all()] == [1, 0, 0, 0, 0, 0]
    monkeypatch.setitem(committed_app.config, "ENCRYPTION_KEYS", [NEW])
    assert list(opened()) == ["A=after"]
