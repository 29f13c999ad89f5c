"""The console in Chromium, where people confirm by the provider what would outlast their login."""

from collections.abc import Iterator

import psycopg2
import pytest
from playwright.sync_api import Browser, Page, expect

from demo.console import builder
from tests.e2e.visitor import Visitor, launched
from tests.needs import declare_needs
from tests.sso.conftest import SsoServer
from tests.sso.oidc_provider import OidcProvider

LABEL = "for what outlasts me"


@pytest.fixture(scope="module")
@declare_needs("chromium")
def browser() -> Iterator[Browser]:
    builder.build(print)
    with launched() as browser:
        yield browser


@pytest.fixture
def page(sso_server: SsoServer, browser: Browser) -> Iterator[Page]:
    visitor = Visitor(browser, sso_server.url)
    yield visitor.page
    visitor.close()
    # The provider's pages are its own business.
    assert [fault for fault in visitor.errors if sso_server.url in fault] == []


def sign_in(page: Page, login: str) -> None:
    """At the provider, where one is."""
    page.locator("[name=login]").fill(login)
    page.locator("[name=password]").fill("any")
    page.locator("form [type=submit]").click()


def consent(page: Page) -> None:
    """Asked for once."""
    page.get_by_role("button", name="Continue").click()


def comes_to_profile(page: Page, login: str) -> None:
    page.goto("/api/auth/oidc/corp/start?next=/profile")
    sign_in(page, login)
    consent(page)
    page.wait_for_url("**/profile")


def test_who_comes_back_to_a_sign_in_that_is_over_is_told_before_the_next_and_not_after(
    sso_server: SsoServer, provider: OidcProvider, page: Page
) -> None:
    provider.has("lea")
    page.goto("/api/auth/oidc/corp/callback?state=over&code=x")
    expect(page.get_by_text("The provider's response wasn't valid.")).to_be_visible()
    page.get_by_role("link", name="Corp").click()
    sign_in(page, "lea")
    consent(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.wait_for_url(f"{sso_server.url}/")
    expect(page.get_by_text("identity wasn't confirmed")).to_have_count(0)


def age_logins(house: SsoServer) -> None:
    """As if nobody had signed in, or confirmed, within the last ten minutes."""
    with psycopg2.connect(house.database.replace("+psycopg2", "")) as database:
        database.cursor().execute(
            "UPDATE logins SET reauthenticated_at = reauthenticated_at - interval '11 minutes'"
        )


def wants_a_token(page: Page) -> None:
    page.get_by_role("button", name="New token", exact=True).click()
    creates_token(page)


def creates_token(page: Page) -> None:
    """In the dialog, which the page's URL opens again on the way back from the provider."""
    page.get_by_label("Label").fill(LABEL)
    page.get_by_role("button", name="Create token", exact=True).click()


def goes_to_confirm(page: Page, house: SsoServer) -> None:
    age_logins(house)
    wants_a_token(page)
    asked = page.get_by_role("dialog", name="Confirm your identity")
    asked.get_by_role("button", name="Sign in again with Corp").click()
    page.wait_for_url(f"{house.provider.issuer}/**")


def test_who_signs_in_at_the_provider_again_may_do_it(
    sso_server: SsoServer, provider: OidcProvider, page: Page
) -> None:
    provider.has("ida")
    comes_to_profile(page, "ida")
    goes_to_confirm(page, sso_server)
    sign_in(page, "ida")  # asked for, though the provider knows the browser
    page.wait_for_url(f"{sso_server.url}/profile?do=token")
    creates_token(page)
    expect(page.get_by_role("dialog").locator(".copy code")).to_contain_text("mst_pat_")


def test_who_signs_in_as_somebody_else_may_not_and_is_told(
    sso_server: SsoServer, provider: OidcProvider, page: Page
) -> None:
    provider.has("jan")
    provider.has("kim")
    comes_to_profile(page, "jan")
    goes_to_confirm(page, sso_server)
    sign_in(page, "kim")
    consent(page)
    page.wait_for_url(f"{sso_server.url}/profile*")
    expect(page.get_by_text("Your identity wasn't confirmed.")).to_be_visible()
    page.wait_for_url(f"{sso_server.url}/profile?do=token")
    creates_token(page)
    expect(page.get_by_role("dialog", name="Confirm your identity")).to_be_visible()
