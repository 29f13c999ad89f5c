"""Signing in by a real, certified provider over plain HTTP."""

from collections.abc import Iterator

import pytest

from tests.sso.browser import Browser
from tests.sso.conftest import SsoServer
from tests.sso.oidc_provider import OidcProvider


@pytest.fixture
def browser(sso_server: SsoServer) -> Iterator[Browser]:
    browser = Browser(sso_server.url)
    yield browser
    browser.close()


def test_somebody_signs_in_and_their_groups_count(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("ada", groups=["leads", "web"])
    assert browser.signs_in("ada") == "/healthz"
    token = browser.access_token()
    assert token
    mine = browser.asks("/api/web/profile", token).json()
    assert (mine["name"], mine["role"]) == ("ada", "lead")
    members = browser.asks("/api/web/projects/WEB/members", token).json()["items"]
    assert [member["role"] for member in members if member["name"] == "ada"] == ["maintainer"]


def test_a_group_that_is_taken_away_takes_what_it_gave(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("bob", groups=["leads", "web"])
    browser.signs_in("bob")
    before = browser.access_token()
    assert before
    provider.has("bob", groups=[])
    assert browser.signs_in("bob") == "/healthz"
    after = browser.access_token()
    assert after
    assert browser.asks("/api/web/profile", after).json()["role"] == "developer"
    assert browser.asks("/api/web/projects/WEB", after).status_code == 404
    assert browser.asks("/api/web/profile", before).status_code == 401


def test_a_provider_with_other_keys_than_before_is_understood(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("cleo")
    assert browser.signs_in("cleo") == "/healthz"
    provider.rotate()
    assert browser.signs_in("cleo") == "/healthz"
    assert browser.access_token()


def test_who_comes_twice_is_the_same_person(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("dora")
    browser.signs_in("dora")
    provider.has("dora", preferred_username="theodora", email="theodora@example.org")
    browser.signs_in("dora")
    token = browser.access_token()
    assert token
    assert browser.asks("/api/web/profile", token).json()["name"] == "dora"


def test_a_logout_at_the_provider_ends_both(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("emil")
    browser.signs_in("emil")
    token = browser.access_token()
    assert token
    left = browser.posts("/api/auth/oidc/logout", None, token)
    url = left.json()["logoutUrl"]
    assert url.startswith(provider.issuer)
    assert browser.asks("/api/web/profile", token).status_code == 401
    assert browser.access_token() is None
    done = browser.sends(browser.goes(url), logout="yes")
    assert str(done.url).startswith(f"{sso_server.url}/")
    # And there they are asked who they are again.
    assert 'name="login"' in browser.goes("/api/auth/oidc/corp/start").text


def test_a_confirmation_wants_them_to_sign_in_there_again(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("fritz")
    browser.signs_in("fritz")
    token = browser.access_token()
    body = {"provider": "corp", "next": "/readyz"}
    url = browser.posts("/api/auth/reauthenticate", body, token).json()["url"]
    page = browser.goes(url)
    assert 'name="login"' in page.text
    back = browser.signs_in("fritz", url)
    assert back == "/readyz"
    entries = sso_server.ask("GET", "/api/admin/audit-logs?action=login.reauthenticated")["items"]
    assert entries[0]["actor"]["name"] == "fritz"


def test_a_confirmation_by_somebody_else_is_none(
    sso_server: SsoServer, provider: OidcProvider, browser: Browser
) -> None:
    provider.has("gina")
    provider.has("hugo")
    other = Browser(sso_server.url)
    other.signs_in("hugo")
    browser.signs_in("gina")
    browser.leaves_the_provider()
    body = {"provider": "corp", "next": "/healthz"}
    url = browser.posts("/api/auth/reauthenticate", body, browser.access_token()).json()["url"]
    assert browser.signs_in("hugo", url) == "/healthz?error=sign_in_refused"
    other.close()
