"""What would outlast a login wants somebody who is really there."""

import json

import psycopg2
from playwright.sync_api import expect

from tests.e2e.conftest import OpenBrowser
from tests.e2e.test_people import press, whose
from tests.e2e.world.stage import World


def age_logins(world: World, name: str) -> None:
    """As if nobody had signed in there, or confirmed, within the last ten minutes."""
    services = json.loads((world.stack.home / "services.json").read_text())
    with psycopg2.connect(services["DATABASE_URL"].replace("+psycopg2", "")) as database:
        database.cursor().execute(
            "UPDATE logins SET reauthenticated_at = reauthenticated_at - interval '11 minutes' "
            "WHERE developer_id = (SELECT id FROM developers WHERE name = %s)",
            (name,),
        )


def test_a_login_that_is_old_is_confirmed_by_the_password_and_the_act_goes_on(
    world: World, open_browser: OpenBrowser
) -> None:
    visitor = open_browser(world, "alice")
    visitor.expect(403, "/profile/tokens")
    visitor.expect(422, "/api/auth/reauthenticate")
    page = visitor.open("/profile")
    press(page, "New token")
    page.get_by_label("Label").fill("for what outlasts me")
    age_logins(world, "alice")
    press(page, "Create token")
    asked = page.get_by_role("dialog", name="Confirm your identity")
    asked.get_by_label("Password").fill("of somebody else")
    asked.get_by_role("button", name="Confirm").click()
    expect(asked.get_by_text("Wrong password. Try again.")).to_be_visible()
    asked.get_by_label("Password").fill(world.password)
    asked.get_by_role("button", name="Confirm").click()
    # What was asked for is done, and need not be asked for again.
    token = page.get_by_role("dialog").locator(".copy code").inner_text()
    assert whose(page, token) == "alice"
    press(page, "I've saved it")
    expect(page.get_by_role("button", name="Revoke for what outlasts me").first).to_be_visible()


def test_who_does_not_confirm_does_nothing(world: World, open_browser: OpenBrowser) -> None:
    visitor = open_browser(world, "alice")
    visitor.expect(403, "/profile/tokens")
    page = visitor.open("/profile")
    press(page, "New token")
    page.get_by_label("Label").fill("for nobody")
    age_logins(world, "alice")
    press(page, "Create token")
    asked = page.get_by_role("dialog", name="Confirm your identity")
    expect(asked).to_be_visible()
    page.keyboard.press("Escape")
    expect(asked).to_have_count(0)
    # The form is as it was, to be sent again.
    expect(page.get_by_label("Label")).to_have_value("for nobody")
    tokens = world.people["alice"].get("/api/web/profile/tokens")["items"]
    assert "for nobody" not in [each["label"] for each in tokens]
