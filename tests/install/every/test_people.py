"""Accounts: your own, others', and their sign-in methods."""

from datetime import UTC, datetime

import pyotp
import pytest

from tests.flows.running_stack import PASSWORD
from tests.install.every.installed_muster import InstalledMuster
from tests.install.every.shell_user import NOT_ALLOWED, ShellUser

pytestmark = pytest.mark.timeout(900)


def account(admin: ShellUser, name: str) -> dict[str, object]:
    return next(who for who in admin.run_json("admin developers list") if who["name"] == name)


def test_an_account_from_its_making_to_its_end(
    installed_muster: InstalledMuster, admin: ShellUser
) -> None:
    [made] = admin.run_json("admin developers create carol --git-email c@localhost", given=PASSWORD)
    number = made["id"]
    wish = "--role lead -F email=c@example.org"
    [changed] = admin.run_json(f"admin developers update {number} {wish}")
    assert (changed["role"], changed["email"]) == ("lead", "c@example.org")
    assert changed in admin.run_json("admin developers list")
    carol = installed_muster.people["carol"] = ShellUser(
        installed_muster.person, installed_muster.command, "carol"
    )
    installed_muster.sign_in("carol")
    assert carol.run_json("whoami")[0]["role"] == "lead"
    [own] = carol.run_json("profile set --git-name 'Carol C.'")
    assert own["gitName"] == carol.run_json("whoami")[0]["gitName"] == "Carol C."
    assert carol.run_json("profile budget")[0]["budget"] is None
    add_second_factor(installed_muster)
    assert carol.run_json("whoami")[0]["totpEnabled"]
    [reset] = admin.run_json(f"admin developers reset-totp {number} --yes")
    assert not reset["totpEnabled"]
    admin(f"admin developers sign-out {number} --yes")
    carol("whoami", status=NOT_ALLOWED)
    assert "muster login" in carol.err
    [gone] = admin.run_json(f"admin developers update {number} --disable")
    assert gone["disabled"]


def add_second_factor(whole: InstalledMuster) -> None:
    """As it is done in a browser."""
    browser = whole.session("carol")
    secret = browser.post("/api/web/profile/totp/setup", {})["secret"]
    browser.post("/api/web/profile/totp/verify", {"code": pyotp.TOTP(secret).now()})


def test_a_login_and_a_token_of_one_s_own_come_and_go(
    installed_muster: InstalledMuster, bob: ShellUser
) -> None:
    bob("profile reauthenticate", given=PASSWORD)
    [made] = bob.run_json("profile create-token --label robot --scope read")
    robot = ShellUser(installed_muster.person, installed_muster.command, "robot")
    robot(
        f"login --server {installed_muster.api.url} --name here --token -",
        given=f"{made['token']}\n",
    )
    assert robot.run_json("whoami")[0]["name"] == "bob"
    [known] = robot.run_json("config list")
    assert (known["name"], known["user"], known["current"]) == ("here", "bob", True)
    robot("config use here")
    assert robot("config path").strip() == str(robot.place / "muster" / "config.toml")
    robot("profile reauthenticate", given=PASSWORD, status=NOT_ALLOWED)  # a token is no session
    assert [token["label"] for token in bob.run_json("profile tokens")] == ["robot"]
    [revoked] = bob.run_json(f"profile revoke-token {made['id']}")
    assert revoked["revokedAt"] is not None
    robot("whoami", status=NOT_ALLOWED)
    robot("logout")
    robot("profile sessions", status=NOT_ALLOWED)
    before = bob.run_json("profile sessions")
    other = installed_muster.session("bob")
    [new] = [
        at for at in bob.run_json("profile sessions") if at["id"] not in {b["id"] for b in before}
    ]
    bob(f"profile end-session {new['id']}")
    assert new["id"] not in [at["id"] for at in bob.run_json("profile sessions")]
    assert other.url
    bob("profile end-session --others")
    assert [at["current"] for at in bob.run_json("profile sessions")] == [True]
    [chat] = bob.run_json("profile chat-token")
    assert datetime.fromisoformat(chat["expiresAt"]) > datetime.now(UTC)


def test_a_provider_and_its_identities(admin: ShellUser, ada: ShellUser) -> None:
    asked = "--name sso --label 'Our SSO' --issuer https://sso.example --client-id muster"
    [made] = admin.run_json(f"admin providers create {asked}")
    [changed] = admin.run_json(f"admin providers update {made['id']} -F enabled=false")
    assert [at["enabled"] for at in admin.run_json("admin providers list")] == [changed["enabled"]]
    who = ada.run_json("whoami")[0]["id"]
    [linked] = admin.run_json(f"admin identities link {who} --provider sso --subject ada-there")
    assert [at["subject"] for at in admin.run_json(f"admin identities list {who}")] == ["ada-there"]
    admin(f"admin identities unlink {who} {linked['id']} --yes")
    assert admin.run_json(f"admin identities list {who}") == []
    admin(f"admin providers delete {made['id']} --yes")
    assert admin.run_json("admin providers list") == []


def test_an_invitation_is_created_listed_and_withdrawn(admin: ShellUser) -> None:
    admin("profile reauthenticate", given=PASSWORD)
    [made] = admin.run_json("invitation create --role lead --note Dora")
    assert "/invitation#" in made["link"]
    [listed] = [at for at in admin.run_json("invitation list") if at["id"] == made["id"]]
    assert (listed["role"], listed["note"], listed["state"]) == ("lead", "Dora", "open")
    admin(f"invitation withdraw {made['id']} --yes")
    [listed] = [at for at in admin.run_json("invitation list") if at["id"] == made["id"]]
    assert listed["state"] == "withdrawn"
