"""/api/admin/developers as admins see it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.extensions import db
from app.models import Developer, SecondFactor
from app.services import encryption
from tests.app.services.statements import counted
from tests.factories import PASSWORD, make_developer, make_personal_token

Login = Callable[[Developer], dict[str, str]]
PATH = "/api/admin/developers"
NEW = {
    "name": "grace",
    "password": "a long enough password",
    "role": "lead",
    "gitName": "Grace H",
    "gitEmail": "grace@example.org",
}


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(make_developer(role=SystemRole.ADMIN))


def test_an_account_is_made_and_listed(client: FlaskClient, admin: dict[str, str]) -> None:
    made = client.post(PATH, json=NEW, headers=admin)
    assert made.status_code == 201
    assert made.json == {
        "id": made.json["id"],
        "name": "grace",
        "role": "lead",
        "gitName": "Grace H",
        "gitEmail": "grace@example.org",
        "email": None,
        "budget": None,
        "totpEnabled": False,
        "platformUid": None,
        "disabled": False,
        "createdAt": made.json["createdAt"],
    }
    assert client.get(PATH, headers=admin).json["items"][0] == made.json
    credentials = {"username": "GRACE", "password": NEW["password"]}
    assert client.post("/api/auth/login", json=credentials).status_code == 200
    again = client.post(PATH, json={**NEW, "name": "Grace"}, headers=admin)
    assert again.status_code == 409


def must_change_password(client: FlaskClient, name: str, password: str) -> bool:
    """What the profile says after this sign-in."""
    answer = client.post("/api/auth/login", json={"username": name, "password": password})
    assert answer.json.keys() == {"accessToken", "refreshToken"}
    headers = {"Authorization": f"Bearer {answer.json['accessToken']}"}
    found: bool = client.get("/api/web/profile", headers=headers).json["mustChangePassword"]
    if found:  # and nothing is refused because of it
        assert client.get("/api/web/inbox", headers=headers).status_code == 200
    return found


def test_a_password_of_somebody_else_is_to_be_changed_until_they_chose_their_own(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    typed, own = NEW["password"], "one of their own choice"
    made = client.post(PATH, json=NEW, headers=admin).json
    assert must_change_password(client, "grace", typed)
    pair = client.post("/api/auth/login", json={"username": "grace", "password": typed}).json
    changed = client.put(
        "/api/web/profile/password",
        json={"currentPassword": typed, "newPassword": own},
        headers={"Authorization": f"Bearer {pair['accessToken']}"},
    )
    assert changed.status_code == 200
    assert not must_change_password(client, "grace", own)
    client.put(f"{PATH}/{made['id']}", json={"gitName": "G"}, headers=admin)
    assert not must_change_password(client, "grace", own)
    client.put(f"{PATH}/{made['id']}", json={"password": typed}, headers=admin)
    assert must_change_password(client, "grace", typed)


def test_an_admin_who_resets_their_own_password_chose_it(client: FlaskClient, login: Login) -> None:
    root = make_developer(role=SystemRole.ADMIN, must_change_password=True)
    client.put(f"{PATH}/{root.id}", json={"password": NEW["password"]}, headers=login(root))
    assert not must_change_password(client, root.name, NEW["password"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "a\nb"},
        {"password": "short"},
        {"role": "root"},
        {"gitName": "G <h>"},
        {"gitEmail": "nobody"},
        {"gitEmail": "a@b\nc"},
        {"gitEmail": "a\x17@b.org"},
        {"isAdmin": True},
    ],
    ids=str,
)
def test_a_bad_account_is_refused(
    client: FlaskClient, admin: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = client.post(PATH, json={**NEW, **wrong}, headers=admin)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == list(wrong)


def test_an_account_is_changed_in_part(client: FlaskClient, admin: dict[str, str]) -> None:
    developer = make_developer()
    before = client.get(PATH, headers=admin).json["items"][0]
    answer = client.put(f"{PATH}/{developer.id}", json={"gitName": "Ada L"}, headers=admin)
    assert (answer.status_code, answer.json) == (200, {**before, "gitName": "Ada L"})
    assert client.get(PATH, headers=admin).json["items"][0] == answer.json
    assert client.put(f"{PATH}/{developer.id}", json={}, headers=admin).json == answer.json


@pytest.mark.parametrize(
    ("body", "ends"),
    [
        ({"role": "lead"}, True),
        ({"role": "developer"}, False),
        ({"password": "another long password"}, True),
        ({"disabled": True}, True),
        ({"disabled": False}, False),
        ({"gitName": "Other", "gitEmail": "o@example.org"}, False),
    ],
    ids=str,
)
def test_what_ends_the_sessions_of_an_account(
    client: FlaskClient, admin: dict[str, str], login: Login, body: dict[str, Any], ends: bool
) -> None:
    developer = make_developer()
    headers = login(developer)
    assert client.put(f"{PATH}/{developer.id}", json=body, headers=admin).status_code == 200
    status = client.get("/api/web/profile", headers=headers).status_code
    assert status == (401 if ends else 200)


def test_a_password_that_an_admin_sets_is_the_one_that_works(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    developer = make_developer()
    body = {"password": "another long password"}
    assert client.put(f"{PATH}/{developer.id}", json=body, headers=admin).status_code == 200
    for password, status in ((PASSWORD, 401), (body["password"], 200)):
        credentials = {"username": developer.name, "password": password}
        assert client.post("/api/auth/login", json=credentials).status_code == status


def test_a_disabled_account_comes_back_without_its_personal_tokens(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    developer = make_developer()
    _, secret = make_personal_token(developer)
    credentials = {"username": developer.name, "password": PASSWORD}
    for disabled, status in ((True, 401), (False, 200)):
        body = {"disabled": disabled}
        answer = client.put(f"{PATH}/{developer.id}", json=body, headers=admin)
        assert (answer.status_code, answer.json["disabled"]) == (200, disabled)
        assert client.post("/api/auth/login", json=credentials).status_code == status
        headers = {"Authorization": f"Bearer {secret}"}
        assert client.get("/api/web/tasks", headers=headers).status_code == 401


@pytest.mark.parametrize("body", [{"role": "lead"}, {"disabled": True}], ids=str)
def test_the_last_active_admin_stays(
    client: FlaskClient, login: Login, body: dict[str, Any]
) -> None:
    last = make_developer(role=SystemRole.ADMIN)
    gone = make_developer(role=SystemRole.ADMIN)
    gone.disabled_at = gone.created_at
    headers = login(last)
    answer = client.put(f"{PATH}/{last.id}", json={"gitName": "X", **body}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (409, "last_admin")
    assert client.get("/api/web/profile", headers=headers).json["gitName"] == last.git_name
    make_developer(role=SystemRole.ADMIN)
    assert client.put(f"{PATH}/{last.id}", json=body, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "root"},
        {"role": None},
        {"password": "short"},
        {"gitName": "a\nb"},
        {"gitEmail": "nobody"},
        {"disabled": "perhaps"},
        {"id": 7},
        {"name": "other"},
        {"tokenGeneration": 1},
        {"budget": 5},
        {"platformUid": ""},
        {"platformUid": "slack:U 1"},
        {"platformUid": "U024BE7LH"},
        {"platformUid": "slack:"},
        {"platformUid": "slack:" + "u" * 195},
    ],
    ids=str,
)
def test_a_bad_change_is_refused(
    client: FlaskClient, admin: dict[str, str], wrong: dict[str, Any]
) -> None:
    answer = client.put(f"{PATH}/{make_developer().id}", json=wrong, headers=admin)
    assert (answer.status_code, list(answer.json["errors"])) == (422, list(wrong))


def test_an_admin_resets_the_second_factor_of_another(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    developer = make_developer()
    secret = encryption.encrypt("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    enabled_at = developer.created_at
    db.session.add(SecondFactor(developer_id=developer.id, secret=secret, enabled_at=enabled_at))
    db.session.commit()
    credentials = {"username": developer.name, "password": PASSWORD}
    refused = client.post("/api/auth/login", json=credentials)
    assert refused.json["code"] == "totp_required"
    for _ in range(2):
        answer = client.put(f"{PATH}/{developer.id}/reset-totp", headers=admin)
        assert (answer.status_code, answer.json["id"]) == (200, developer.id)
    assert client.post("/api/auth/login", json=credentials).status_code == 200


def test_an_unknown_account_is_not_found_and_others_are_the_admins_business(
    client: FlaskClient, admin: dict[str, str], login: Login
) -> None:
    lead = make_developer(role=SystemRole.LEAD)
    for path in ("", "/reset-totp"):
        assert client.put(f"{PATH}/999999{path}", json={}, headers=admin).status_code == 404
        answer = client.put(f"{PATH}/{lead.id}{path}", json={}, headers=login(lead))
        assert answer.status_code == 403


def test_a_platform_uid_is_one_developers(
    client: FlaskClient, admin: dict[str, str], login: Login
) -> None:
    ada, grace = make_developer(), make_developer()
    uid = {"platformUid": "slack:U024BE7LH"}
    answer = client.put(f"{PATH}/{ada.id}", json=uid, headers=admin)
    assert (answer.status_code, answer.json["platformUid"]) == (200, "slack:U024BE7LH")
    assert client.get(PATH, headers=admin).json["items"][1] == answer.json
    own = client.get("/api/web/profile", headers=login(ada))
    assert own.json["platformUid"] == "slack:U024BE7LH"
    for more in ({"gitName": "G"}, {"disabled": True}):
        refused = client.put(f"{PATH}/{grace.id}", json={**uid, **more}, headers=admin)
        assert (refused.status_code, refused.json["code"]) == (409, "platform_uid_taken")
    assert client.put(f"{PATH}/{ada.id}", json=uid, headers=admin).status_code == 200
    gone = client.put(f"{PATH}/{ada.id}", json={"platformUid": None}, headers=admin)
    assert gone.json["platformUid"] is None
    assert client.put(f"{PATH}/{grace.id}", json=uid, headers=admin).status_code == 200


def test_the_list_says_who_has_a_second_factor_and_asks_once(
    client: FlaskClient, admin: dict[str, str]
) -> None:
    with counted() as alone:
        client.get(PATH, headers=admin)
    on, half, _ = (make_developer() for _ in range(3))
    for developer, enabled_at in ((on, on.created_at), (half, None)):
        factor = SecondFactor(developer_id=developer.id, secret="x", enabled_at=enabled_at)
        db.session.add(factor)
    db.session.commit()
    with counted() as statements:
        items = client.get(PATH, headers=admin).json["items"]
    assert [item["totpEnabled"] for item in items] == [False, False, True, False]
    assert len(statements) == len(alone)
