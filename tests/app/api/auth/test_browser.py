"""/api/auth/browser: a login whose refresh token no script sees."""

from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.extensions import db
from app.models import Developer, Login, ServerIdentity
from app.services import clock
from app.services.ops import identity
from tests.app.api.auth.test_routes import bearer
from tests.app.api.auth.test_routes_reauthentication import second_factor
from tests.app.services.accounts.test_auth_sessions import Clock, time_
from tests.factories import PASSWORD, make_developer

__all__ = ["time_"]

ROOT_PATH = "/api/auth/browser"
HERE = "http://localhost"


@pytest.fixture
def ada(app: object) -> Developer:
    return make_developer()


def send(
    client: FlaskClient, act: str, body: Any = None, *, origin: str | None = HERE, **how: Any
) -> Any:
    headers = {"Origin": origin} if origin is not None else {}
    return client.post(f"{ROOT_PATH}/{act}", json=body or {}, headers=headers, **how)


def sign_in(client: FlaskClient, developer: Developer, **how: Any) -> Any:
    body = {"username": developer.name, "password": PASSWORD}
    answer = send(client, "login", body, **how)
    assert answer.status_code == 200, answer.text
    return answer


def cookie(answer: Any) -> Morsel[str] | None:
    """The cookie of the session that the answer sets."""
    found = SimpleCookie("\r\n".join(answer.headers.getlist("Set-Cookie")))
    kept = [each for name, each in found.items() if "-device-" not in name]
    assert len(kept) <= 1
    return next(iter(kept), None)


def is_in(client: FlaskClient, token: str | None) -> bool:
    return client.get("/api/web/profile", headers=bearer(token or "x")).status_code == 200


def test_a_login_answers_the_access_token_and_keeps_the_other_from_scripts(
    client: FlaskClient, ada: Developer
) -> None:
    answer = sign_in(client, ada)
    assert set(answer.json) == {"accessToken"}
    assert is_in(client, answer.json["accessToken"])
    kept = cookie(answer)
    assert kept is not None
    assert kept.value.startswith("mst_refresh_")
    assert kept.value not in answer.text
    assert (kept["httponly"], kept["samesite"], kept["path"]) == (True, "Strict", "/")
    assert (kept["domain"], kept["max-age"]) == ("", str(7 * 86400))


@pytest.mark.parametrize(
    ("url", "prefix", "secure"),
    [
        ("http://localhost", "", ""),
        ("http://127.0.0.1:9000", "", ""),
        ("http://[::1]:9000", "", ""),
        ("https://localhost:9000", "__Host-", True),
        ("https://muster.example.org", "__Host-", True),
        ("http://muster.example.org", "__Host-", True),  # a proxy that does not say that it has TLS
    ],
)
def test_the_cookie_is_of_this_host_and_tls_but_within_one_machine(
    client: FlaskClient, ada: Developer, url: str, prefix: str, secure: Any
) -> None:
    kept = cookie(sign_in(client, ada, origin=url, base_url=url))
    assert kept is not None
    assert kept.key == f"{prefix}muster-{identity.server_id()}"
    assert kept["secure"] == secure
    again = send(client, "refresh", origin=url, base_url=url)
    assert again.json["accessToken"] is not None
    gone = cookie(send(client, "logout", origin=url, base_url=url))
    assert gone is not None  # browsers drop it only if it is of the same kind
    assert (gone.key, gone["max-age"], gone["secure"]) == (kept.key, "0", secure)


def test_a_refresh_goes_on_with_the_cookie_alone(client: FlaskClient, ada: Developer) -> None:
    first = cookie(sign_in(client, ada))
    answer = send(client, "refresh")
    second = cookie(answer)
    assert answer.status_code == 200
    assert is_in(client, answer.json["accessToken"])
    assert first is not None
    assert second is not None
    assert first.value != second.value


@pytest.mark.parametrize("before", ["never", "logged out", "garbage", "ended"])
def test_without_a_session_a_refresh_says_so(
    client: FlaskClient, ada: Developer, before: str
) -> None:
    if before != "never":
        sign_in(client, ada)
    if before == "logged out":
        send(client, "logout")
    elif before == "garbage":
        client.set_cookie(f"muster-{identity.server_id()}", "mst_refresh_x")
    elif before == "ended":
        db.session.execute(sa.update(Login).values(ended_at=clock.now()))
    answer = send(client, "refresh")
    assert (answer.status_code, answer.json) == (200, {"accessToken": None})
    gone = cookie(answer)
    has_kept_one = before in ("garbage", "ended")
    assert (gone is not None and gone["max-age"] == "0") == has_kept_one


def test_a_logout_ends_the_login_and_may_be_repeated(client: FlaskClient, ada: Developer) -> None:
    token = sign_in(client, ada).json["accessToken"]
    for _ in range(2):
        answer = send(client, "logout")
        assert (answer.status_code, answer.json) == (200, {})
    assert not is_in(client, token)


def test_several_tabs_may_refresh_at_once_and_for_ten_seconds(
    app: Flask, client: FlaskClient, ada: Developer, time_: Clock
) -> None:
    first = cookie(sign_in(client, ada))
    assert first is not None
    tabs = [app.test_client() for _ in range(3)]
    tokens = []
    for tab, seconds in zip(tabs, (0, 5, 5), strict=True):
        time_.pass_(seconds=seconds)
        tab.set_cookie(first.key, first.value)
        tokens.append(send(tab, "refresh").json["accessToken"])
    assert all(is_in(client, token) for token in tokens)
    for tab in tabs:  # whichever's cookie was the last to be kept
        assert send(tab, "refresh").json["accessToken"] is not None
    time_.pass_(seconds=1)
    assert send(client, "refresh").json["accessToken"] is None  # that is a copy
    assert not any(is_in(client, token) for token in tokens)


def test_two_servers_on_one_host_do_not_sign_each_other_out(
    app: Flask, client: FlaskClient, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cookies know no ports: what one sets the other is sent, too."""
    here = identity.server_id()
    sign_in(client, ada)
    monkeypatch.setitem(app.extensions, identity.CACHE_KEY, "another")
    assert send(client, "refresh").json["accessToken"] is None
    sign_in(client, make_developer())
    send(client, "logout")
    monkeypatch.setitem(app.extensions, identity.CACHE_KEY, here)
    assert send(client, "refresh").json["accessToken"] is not None


def test_a_server_keeps_its_id(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(app.extensions, identity.CACHE_KEY, raising=False)
    first = identity.server_id()
    monkeypatch.delitem(app.extensions, identity.CACHE_KEY)
    assert identity.server_id() == first
    assert db.session.scalars(sa.select(ServerIdentity.id)).all() == [first]


def test_who_signs_in_again_leaves_the_login_before(client: FlaskClient, ada: Developer) -> None:
    first, second = (sign_in(client, ada).json["accessToken"] for _ in range(2))
    assert (is_in(client, first), is_in(client, second)) == (False, True)


def test_who_fails_to_sign_in_again_stays(client: FlaskClient, ada: Developer) -> None:
    token = sign_in(client, ada).json["accessToken"]
    body = {"username": ada.name, "password": "not it"}
    assert send(client, "login", body).status_code == 401
    assert is_in(client, token)


@pytest.mark.parametrize(
    "origin",
    [None, "null", "", "http://localhost:9001", "http://evil.example", "https://a@localhost"],
)
def test_no_page_but_ours_gets_anywhere(
    client: FlaskClient, ada: Developer, origin: str | None
) -> None:
    token = sign_in(client, ada).json["accessToken"]
    for act in ("login", "refresh", "logout"):
        body = {"username": ada.name, "password": PASSWORD} if act == "login" else {}
        answer = send(client, act, body, origin=origin)
        assert (answer.status_code, answer.json["code"]) == (403, "wrong_origin")
        assert cookie(answer) is None
    assert is_in(client, token)


def test_a_page_that_the_deployment_names_is_ours(
    app: Flask, client: FlaskClient, ada: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "ORIGINS", ["http://localhost:5173"])
    assert sign_in(client, ada, origin="http://localhost:5173").json["accessToken"]


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_that_a_form_could_send_is_refused(
    client: FlaskClient, ada: Developer, kind: str | None
) -> None:
    token = sign_in(client, ada).json["accessToken"]
    data = "{}" if kind else None
    for act in ("login", "refresh", "logout"):
        path = f"{ROOT_PATH}/{act}"
        answer = client.post(path, data=data, content_type=kind, headers={"Origin": HERE})
        assert answer.status_code == 415
    assert is_in(client, token)


def test_the_cookie_opens_nothing_else(client: FlaskClient, ada: Developer) -> None:
    sign_in(client, ada)
    for method, path in (("GET", "/api/web/profile"), ("POST", "/api/auth/logout")):
        assert client.open(path, method=method, headers={"Origin": HERE}).status_code == 401


def test_a_new_password_goes_on_in_the_cookie(client: FlaskClient, ada: Developer) -> None:
    token = sign_in(client, ada).json["accessToken"]
    answer = change_password(client, token)
    assert answer.json["refreshToken"] is None
    assert is_in(client, answer.json["accessToken"])
    assert not is_in(client, token)
    assert send(client, "refresh").json["accessToken"] is not None


def test_a_new_password_of_another_login_does_not(client: FlaskClient, ada: Developer) -> None:
    sign_in(client, ada)
    body = {"username": ada.name, "password": PASSWORD}
    token = client.post("/api/auth/login", json=body).json["accessToken"]
    answer = change_password(client, token)
    assert answer.json["refreshToken"].startswith("mst_refresh_")
    assert cookie(answer) is None


def change_password(client: FlaskClient, token: str) -> Any:
    body = {"currentPassword": PASSWORD, "newPassword": "another long password"}
    return client.put("/api/web/profile/password", json=body, headers=bearer(token))


def test_wrong_passwords_count(client: FlaskClient, ada: Developer) -> None:
    body = {"username": ada.name, "password": "not it"}
    answers = [send(client, "login", body) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]


def test_a_login_of_seven_days_ago_is_over(
    client: FlaskClient, ada: Developer, time_: Clock
) -> None:
    sign_in(client, ada)
    time_.moment += timedelta(days=7)
    assert send(client, "refresh").json["accessToken"] is None


def test_a_code_that_is_needed_too_is_a_step_and_no_error(
    client: FlaskClient, ada: Developer
) -> None:
    totp, _ = second_factor(client, ada)
    body = {"username": ada.name, "password": PASSWORD}
    answer = send(client, "login", body)
    assert (answer.status_code, answer.json, cookie(answer)) == (200, {"accessToken": None}, None)
    answer = send(client, "login", body | {"totpCode": totp.now()})
    assert is_in(client, answer.json["accessToken"])
    assert cookie(answer)
    wrong = send(client, "login", body | {"password": "another one"})
    assert (wrong.status_code, wrong.json["code"]) == (401, "invalid_credentials")
