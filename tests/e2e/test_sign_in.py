"""Signing in, and what a stranger sees until then."""

from playwright.sync_api import expect

from muster import __version__
from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World


def test_whoever_comes_by_a_deep_link_signs_in_and_is_there(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world).open("/tasks?status=running")
    page.get_by_label("Username").fill("bo")
    page.get_by_label("Password", exact=True).fill(world.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/tasks?status=running")
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tasks")


def test_over_plain_http_the_page_says_where_to_sign_in_instead(
    world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(world)
    page = visitor.open(world.stack.url.replace("127.0.0.1", "plain.muster.test") + "/tasks")
    expect(page.get_by_role("heading", level=1)).to_have_text("Signing in here isn't secure")
    expect(page.get_by_text("plain.muster.test", exact=False).first).to_be_visible()
    expect(page.get_by_label("Password")).to_have_count(0)
    # The browser says that it leaves a header out there, which is so.
    assert all("Cross-Origin-Opener-Policy" in each for each in visitor.errors), visitor.errors
    visitor.errors.clear()


def test_the_foot_of_the_login_says_the_servers_version(
    world: World, open_browser: OpenBrowser
) -> None:
    expect(open_browser(world).open("/login").get_by_role("contentinfo")).to_contain_text(
        __version__
    )


def test_a_wrong_password_is_shown_and_is_no_error(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world)
    visitor.expect(401, "/api/auth/browser/login")
    page = visitor.open("/login")
    page.get_by_label("Username").fill("bo")
    page.get_by_label("Password", exact=True).fill("something else altogether")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert").first).to_be_visible()
    assert "/login" in page.url


def test_who_signs_out_in_one_tab_is_out_in_all(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world, "bo")
    first = visitor.open("/")
    expect(first.get_by_role("heading", level=1)).to_be_visible()
    second = visitor.context.new_page()
    second.goto("/tasks")
    expect(second.get_by_role("heading", level=1)).to_have_text("Tasks")
    second.get_by_role("button", name="Your account").click()
    second.get_by_role("menuitem", name="Sign out").click()
    second.wait_for_url("**/login*")
    first.wait_for_url("**/login*")
