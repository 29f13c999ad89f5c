"""A browser's session, in a real browser: what scripts see of it, and what the browser does."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.extensions import db
from tests.browser.chromium import Chromium, Page
from tests.conftest import make_app
from tests.factories import PASSWORD, make_developer
from tests.gunicorns import gunicorn

_SEND = """(act, body) => fetch(`/api/auth/browser/${act}`, {
    method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(body),
}).then(async answer => [answer.status, await answer.json()])"""
_READ = """token => fetch("/api/web/profile", {headers: {Authorization: `Bearer ${token}`}})
    .then(answer => answer.status)"""
_FORGE = """url => fetch(`${url}/api/auth/browser/logout`, {
    method: "POST", mode: "no-cors", credentials: "include", body: "{}",
}).then(() => "sent", () => "refused")"""
_SEEN = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"


@pytest.fixture
def two_servers(
    environment: dict[str, str], new_database: Callable[..., str], tmp_path: Path
) -> Iterator[list[str]]:
    """Two on one host, each with a database of its own in which there is an Ada."""
    urls = []
    with ExitStack() as running:
        for name in ("one", "two"):
            directory = tmp_path / name
            directory.mkdir()
            env = environment | {"DATABASE_URL": new_database(f"muster_browser_{name}")}
            env |= {"PATH": os.environ["PATH"], "MUSTER_HOME": str(directory)}
            with make_app(env).app_context():
                make_developer(name="ada")
                db.session.remove()
                db.engine.dispose()
            server = gunicorn(directory, {**env, "MUSTER_WEB_WORKERS": "1"})
            urls.append(running.enter_context(server).url)
        yield urls


@pytest.fixture
def open_page(browser: Chromium) -> Iterator[Callable[[str], Page]]:
    """Opens a page of that server's."""
    opened: list[Page] = []

    def open_one(url: str) -> Page:
        opened.append(browser.open(f"{url}/healthz", {}))
        return opened[-1]

    yield open_one
    for page in opened:
        page.close()


def send(page: Page, act: str, **body: Any) -> Any:
    return page.call(f"({_SEND})", act, body)


def token_of(page: Page) -> str | None:
    """A new access token of the browser's login."""
    status, answer = send(page, "refresh")
    assert status == 200
    token: str | None = answer["accessToken"]
    return token


def test_a_browser_stays_signed_in_with_what_no_script_sees(
    two_servers: list[str], open_page: Callable[[str], Page]
) -> None:
    one, two = (open_page(url) for url in two_servers)
    assert [token_of(page) for page in (one, two)] == [None, None]
    status, answer = send(one, "login", username="ada", password=PASSWORD)
    assert (status, list(answer)) == (200, ["accessToken"])
    assert one.evaluate(_SEEN) == '["",{},{}]'
    assert one.call(f"({_READ})", answer["accessToken"]) == 200

    tab = open_page(two_servers[0])  # another tab, or the page loaded anew
    assert token_of(tab) is not None
    assert token_of(one) is not None

    # To the browser a port is no other site: the cookie is sent, and its page is still not ours.
    assert token_of(two) is None
    two.call(f"({_FORGE})", two_servers[0])
    assert send(two, "login", username="ada", password=PASSWORD)[0] == 200
    assert send(two, "logout") == [200, {}]
    token = token_of(one)
    assert token is not None

    assert send(tab, "logout") == [200, {}]
    assert one.call(f"({_READ})", token) == 401
    assert token_of(one) is None
