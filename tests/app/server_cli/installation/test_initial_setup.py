"""The initial setup of an installed server, with a `flask` that only prints its arguments."""

import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from app.server_cli.installation.answers import Answers
from app.server_cli.installation.initial_setup import LAST_PUBLIC_URL, InitialSetup
from app.server_cli.local.admin import PASSWORD_VARIABLE

GIVEN = Answers(url="https://muster.example.org", admin="ada")


class Flask:
    """Its commands, each with the password that it had."""

    def __init__(self) -> None:
        self.status, self.said = 0, "created the admin ada"
        self.asked: list[tuple[str, str]] = []

    def run(self, argv: tuple[str, ...], **how: Any) -> "subprocess.CompletedProcess[str]":
        words = " ".join(argv).partition("--app wsgi ")[2]
        self.asked.append((words, how["env"].get(PASSWORD_VARIABLE, "")))
        return subprocess.CompletedProcess(argv, self.status, self.said, "for a reason\n")


@pytest.fixture
def flask(monkeypatch: pytest.MonkeyPatch) -> Flask:
    made = Flask()
    monkeypatch.setattr("subprocess.run", made.run)
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    return made


@pytest.fixture
def printed() -> list[str]:
    return []


@pytest.fixture
def steps(flask: Flask, printed: list[str]) -> InitialSetup:
    return InitialSetup(GIVEN, {"MUSTER_PORT": "9001"}, None, printed.append)


@pytest.mark.parametrize("chosen", [None, ""])
def test_a_password_that_is_made_is_shown(
    chosen: str | None,
    steps: InitialSetup,
    flask: Flask,
    printed: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if chosen is not None:
        monkeypatch.setenv(PASSWORD_VARIABLE, chosen)
    steps.create_admin()
    ((words, password),) = flask.asked
    assert words == "create-admin --name ada --generated"
    assert printed == [f"admin      ada, password {password} (shown only once)"]
    assert len(password) >= 20


def test_no_other_password_is_shown(
    steps: InitialSetup, flask: Flask, printed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flask.said = "ada already exists; nothing changed"
    steps.create_admin()
    flask.said = "created the admin ada"
    monkeypatch.setenv(PASSWORD_VARIABLE, "correct horse battery staple")
    steps.create_admin()
    assert flask.asked[1] == ("create-admin --name ada", "correct horse battery staple")
    assert printed == ["admin      ada"] * 2


def test_the_address_that_was_answered_becomes_the_servers(
    steps: InitialSetup, flask: Flask, printed: list[str]
) -> None:
    flask.said = "publicUrl is https://muster.example.org\n"
    assert steps.set_public_url()
    assert flask.asked == [("public-url --name ada https://muster.example.org", "")]
    assert printed == ["publicUrl  https://muster.example.org"]


def announce_address(url: str, flask: Flask, say: Callable[[str], None]) -> None:
    """Once more, where install has set that one the last time, and the console another since."""
    InitialSetup(GIVEN, {LAST_PUBLIC_URL: url}, None, say).set_public_url()


def test_the_same_answer_again_leaves_what_the_console_has_set_since_and_says_so(
    flask: Flask, printed: list[str]
) -> None:
    flask.said = "publicUrl is https://moved.example.org\n"
    announce_address(GIVEN.url, flask, printed.append)
    ((words, _),) = flask.asked
    assert words == "public-url --unless-set --name ada https://muster.example.org"
    assert printed[0] == "publicUrl  https://moved.example.org"
    assert "after install set https://muster.example.org" in printed[1]


def test_another_answer_than_before_is_set(flask: Flask, printed: list[str]) -> None:
    flask.said = "publicUrl is https://muster.example.org\n"
    announce_address("https://old.example.org", flask, printed.append)
    assert flask.asked == [("public-url --name ada https://muster.example.org", "")]
    assert printed == ["publicUrl  https://muster.example.org"]


def test_a_failure_to_set_it_comes_with_advice(
    steps: InitialSetup, flask: Flask, printed: list[str]
) -> None:
    flask.status = 1
    assert not steps.set_public_url()
    assert "for a reason" in printed[0]
    assert "Set it to https://muster.example.org" in printed[1]
