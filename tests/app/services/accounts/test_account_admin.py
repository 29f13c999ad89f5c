"""Accounts, their passwords, and the first admin."""

import subprocess
import sys

import pytest
from flask import Flask

from app.domain.errors import AlreadyExists, InvalidFields
from app.domain.roles import SystemRole
from app.services.accounts import auth, developers, passwords
from tests.factories import PASSWORD, make_developer

ACCOUNT = {"role": SystemRole.DEVELOPER, "git_name": "D", "git_email": "d@example.org"}


def test_a_name_is_taken_in_any_letter_case(app: Flask) -> None:
    developers.create(None, name="Ada", password=PASSWORD, **ACCOUNT)
    with pytest.raises(AlreadyExists):
        developers.create(None, name="aDA", password=PASSWORD, **ACCOUNT)
    assert developers.find_by_name("ADA") is not None


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 1025])
def test_a_weak_password_is_refused(app: Flask, password: str) -> None:
    with pytest.raises(InvalidFields) as refusal:
        developers.create(None, name="ada", password=password, **ACCOUNT)
    assert list(refusal.value.errors) == ["password"]


def test_a_password_of_any_letters_works(app: Flask) -> None:
    password = "пароль 密码 🔑🔑🔑🔑"
    developers.create(None, name="ada", password=password, **ACCOUNT)
    auth.login("ada", password)


def test_equal_passwords_have_different_hashes() -> None:
    assert passwords.hash_password(PASSWORD) != passwords.hash_password(PASSWORD)


def test_under_gevent_a_hash_leaves_the_hub_free() -> None:
    """In a process of its own, since gevent changes the whole of it."""
    script = """
from gevent import monkey
monkey.patch_all()
import gevent
from app.services.accounts import passwords
beats = 0
def beat():
    global beats
    while True:
        beats += 1
        gevent.sleep(0.001)
beater = gevent.spawn(beat)
gevent.sleep(0)
hashed = passwords.hash_password("correct horse battery staple")
assert passwords.matches(hashed, "correct horse battery staple")
assert not passwords.matches(hashed, "something else")
assert beats > 10, beats
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_the_first_admin_is_made_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MUSTER_ADMIN_PASSWORD", raising=False)
    first = app.test_cli_runner().invoke(args=["create-admin"])
    password = first.output.strip().rpartition(" ")[2]
    auth.login("admin", password)
    again = app.test_cli_runner().invoke(args=["create-admin"])
    assert (again.exit_code, again.output) == (0, "admin already exists; nothing changed\n")
    auth.login("admin", password)
    admin = developers.find_by_name("admin")
    assert admin is not None
    assert admin.role is SystemRole.ADMIN
    assert admin.must_change_password


def test_a_given_password_is_not_printed(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_ADMIN_PASSWORD", PASSWORD)
    result = app.test_cli_runner().invoke(args=["create-admin", "--name", "root"])
    assert result.output == "created the admin root\n"
    auth.login("root", PASSWORD)
    root = developers.find_by_name("root")
    assert root is not None
    assert not root.must_change_password


def test_a_password_that_was_generated_elsewhere_is_to_be_changed(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_ADMIN_PASSWORD", PASSWORD)
    app.test_cli_runner().invoke(args=["create-admin", "--name", "root", "--generated"])
    root = developers.find_by_name("root")
    assert root is not None
    assert root.must_change_password


def test_a_weak_admin_password_is_a_clear_error(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["create-admin", "--password", "short"])
    assert result.exit_code == 1
    assert "12 to 1,024 characters" in result.output
    assert developers.find_by_name("admin") is None


def test_an_existing_account_is_not_made_an_admin(app: Flask) -> None:
    developer = make_developer(name="Admin")
    assert developers.create_admin("admin", PASSWORD) is None
    assert developer.role is SystemRole.DEVELOPER
