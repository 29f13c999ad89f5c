"""Signing in by a real provider in a real browser: what its cookies let through, and what not."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.chromium import Chromium, Page, wait_for
from tests.needs import declare_needs
from tests.programs import find
from tests.sso.conftest import SsoServer
from tests.sso.oidc_provider import OidcProvider

TIMEOUT_SECONDS = 90.0
REFRESH = """fetch('/api/auth/browser/refresh', {
  method: 'POST', headers: {'Content-Type': 'application/json'}, body: '{}',
}).then(answer => answer.json())"""
PROFILE = """token => fetch('/api/web/profile', {headers: {Authorization: `Bearer ${token}`}})
  .then(answer => answer.json())"""
FORM = "!!document.querySelector('form') && document.readyState === 'complete'"


@pytest.fixture
@declare_needs("chromium")
def page(sso_server: SsoServer) -> Iterator[Page]:
    with (
        tempfile.TemporaryDirectory(prefix="muster-sso-", ignore_cleanup_errors=True) as home,
        Chromium(find("chromium"), Path(home)) as running,
    ):
        page = running.open(f"{sso_server.url}/healthz", {})
        yield page
        page.close()


def now(page: Page, expression: str) -> Any:
    """Its value; None while one page gives way to the next."""
    try:
        return page.evaluate(expression)
    except AssertionError:
        return None


def submit(page: Page, *fields: str) -> None:
    """Wait for a form that has these fields, fill them in and send it."""
    there = " && ".join([FORM, *(f"!!document.querySelector('[name={f}]')" for f in fields)])
    wait_for(lambda: now(page, there), "form", TIMEOUT_SECONDS)
    for field in fields:
        page.evaluate(f"document.querySelector('[name={field}]').value = 'ines'")
    page.evaluate("setTimeout(() => document.querySelector('form').submit(), 0) > 0")


def test_somebody_signs_in_with_a_browser(
    sso_server: SsoServer, provider: OidcProvider, page: Page
) -> None:
    provider.has("ines", groups=["leads"])
    page.evaluate(
        "setTimeout(() => { location = '/api/auth/oidc/corp/start?next=/readyz' }, 0) > 0"
    )
    submit(page, "login", "password")
    wait_for(
        lambda: "consent" in (now(page, "document.body.innerHTML") or ""),
        "consent",
        TIMEOUT_SECONDS,
    )
    submit(page)
    wait_for(lambda: now(page, "location.pathname") == "/readyz", "way back", TIMEOUT_SECONDS)
    # Set on the way back from another site, sent by a page of ours, and seen by no script.
    token = page.evaluate(REFRESH)["accessToken"]
    mine = page.call(f"({PROFILE})", token)
    assert (mine["name"], mine["role"]) == ("ines", "lead")
    assert page.evaluate("document.cookie") == ""
