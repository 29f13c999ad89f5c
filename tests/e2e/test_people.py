"""People and what they may: second factors, tokens, devices, confirmations, administration."""

from urllib.parse import urlsplit

import pyotp
from playwright.sync_api import Page, Route, expect

from app.server_cli.local.api import ApiClient
from tests.e2e.conftest import OpenBrowser
from tests.e2e.world.stage import World


def whose(page: Page, credential: str) -> str:
    """Who one is with the credential, by the API."""
    headers = {"Authorization": f"Bearer {credential}"}
    name: str = page.request.get("/api/web/profile", headers=headers).json()["name"]
    return name


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_second_factor_is_set_up_by_its_key_asked_for_and_turned_off(
    world: World, open_browser: OpenBrowser
) -> None:
    page = open_browser(world, "priya").open("/profile")
    press(page, "Set up")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    secret = dialog.locator(".copy code").inner_text()
    dialog.get_by_label("Code shown in the app").fill(pyotp.TOTP(secret).now())
    press(page, "Turn on")
    recovery = dialog.get_by_role("listitem").first.inner_text()
    press(page, "I've saved it")

    stranger = open_browser(world)
    stranger.expect(401, "/api/auth/browser/login")  # which says that a code is wanted
    door = stranger.open("/login?next=/profile")
    door.get_by_label("Username").fill("priya")
    door.get_by_label("Password", exact=True).fill(world.password)
    press(door, "Sign in")
    door.get_by_label("Code").fill(recovery)
    press(door, "Confirm")
    door.wait_for_url("**/profile")

    press(page, "Turn off")
    dialog.get_by_label("Current password").fill(world.password)
    dialog.get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Set up")).to_be_visible()


def test_a_token_is_shown_once_works_and_ends(world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(world, "bo").open("/profile")
    press(page, "New token")
    page.get_by_label("Label").fill("for a script")
    press(page, "Create token")
    token = page.get_by_role("dialog").locator(".copy code").inner_text()
    assert whose(page, token) == "bo"
    press(page, "I've saved it")
    expect(page.get_by_text(token)).to_have_count(0)
    press(page, "Revoke for a script")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("cell", name="revoked")).to_be_visible()


def test_whom_nobody_has_confirmed_lately_is_asked_before_the_act_and_not_refused(
    world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(world, "bo")
    asked: list[str] = []

    def long_ago(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"reauthenticatedUntil": None})

    visitor.context.route("**/api/web/profile", long_ago)
    visitor.page.on("request", lambda one: asked.append(f"{one.method} {urlsplit(one.url).path}"))
    page = visitor.open("/profile")
    press(page, "New token")
    page.get_by_label("Label").fill("after a while")
    press(page, "Create token")
    dialog = page.get_by_role("dialog", name="Confirm your identity")
    dialog.get_by_label("Password").fill(world.password)
    assert "POST /api/web/profile/tokens" not in asked
    dialog.get_by_role("button", name="Confirm").click()
    press(page, "I've saved it")
    assert asked.count("POST /api/web/profile/tokens") == 1
    press(page, "Revoke after a while")
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("button", name="Revoke after a while")).to_have_count(0)


def test_a_device_is_let_in_by_its_code(world: World, open_browser: OpenBrowser) -> None:
    stranger = ApiClient(world.stack.url)
    codes = stranger.post("/api/auth/device", {"clientName": "a laptop of bo's"})
    page = open_browser(world, "bo").open(f"/device?code={codes['userCode']}")
    expect(page.get_by_role("heading", level=2)).to_contain_text("a laptop of bo's")
    press(page, "Approve")
    expect(page.get_by_role("heading", level=2)).to_have_text("The device is signed in")
    pair = stranger.post("/api/auth/device/token", {"deviceCode": codes["deviceCode"]})
    assert whose(page, pair["accessToken"]) == "bo"


def test_who_is_no_admin_finds_nothing_there(world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(world, "bo").open("/admin/audit")
    expect(page.get_by_role("heading", level=1)).to_have_text("Page not found")


def test_a_bot_is_made_tried_and_says_what_to_mend(world: World, open_browser: OpenBrowser) -> None:
    page = open_browser(world, "alice").open("/admin/bots")
    press(page, "New bot")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Platform").select_option("webhook")
    dialog.get_by_label("Name").fill("Herald")
    dialog.get_by_label("Signing secret").fill("a secret of the two")
    dialog.get_by_label("HTTPS URL").fill("https://127.0.0.1:9/hook")
    press(page, "Create")
    press(page, "Test Herald")
    press(page, "Send test message")
    expect(dialog.get_by_text("Message not sent")).to_be_visible()
    expect(dialog.get_by_text("notifyAllowedHosts")).to_be_visible()
    page.goto("/admin/audit?action=bot.tested")
    press(page, "Show bot.tested")
    expect(dialog.get_by_text("alice")).to_be_visible()


def test_a_setting_is_changed_and_goes_back(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world, "alice")
    page = visitor.open("/admin/settings")
    page.get_by_label("Slots per machine", exact=True).fill("32")
    press(page, "Save 1 change")
    expect(page.get_by_text("changed by alice")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Slots per machine", exact=True)).to_have_value("32")
    page.get_by_label("Slots per machine", exact=True).fill("")
    press(page, "Save 1 change")
    expect(page.get_by_label("Slots per machine", exact=True)).to_have_value("64")
