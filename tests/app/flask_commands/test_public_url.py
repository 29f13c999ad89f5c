"""`flask public-url`."""

import pytest
from flask import Flask

from app.domain.roles import SystemRole
from app.services import settings
from tests.factories import make_developer

URL = "https://muster.example.org"


def test_an_operator_says_by_what_address_the_server_is_reached(app: Flask) -> None:
    make_developer(name="ada", role=SystemRole.ADMIN)
    done = app.test_cli_runner().invoke(args=["public-url", URL, "--name", "ada"])
    assert (done.exit_code, done.output) == (0, f"publicUrl is {URL}\n")
    assert settings.value("publicUrl") == URL


def test_one_that_is_set_may_be_left_as_it_is(app: Flask) -> None:
    make_developer(name="ada", role=SystemRole.ADMIN)
    runner = app.test_cli_runner()
    for url in (URL, "https://another.example.org"):
        done = runner.invoke(args=["public-url", url, "--name", "ada", "--unless-set"])
        assert (done.exit_code, done.output) == (0, f"publicUrl is {URL}\n")
    assert settings.value("publicUrl") == URL


@pytest.mark.parametrize(
    ("name", "url"), [("nobody", URL), ("bo", URL), ("ada", "ftp://muster.example.org")]
)
def test_what_cannot_be_is_said_and_changes_nothing(app: Flask, name: str, url: str) -> None:
    make_developer(name="ada", role=SystemRole.ADMIN)
    make_developer(name="bo")
    done = app.test_cli_runner().invoke(args=["public-url", url, "--name", name])
    assert (done.exit_code, done.output.startswith("Error: ")) == (1, True)
    assert settings.value("publicUrl") == ""
