"""Single sign-on against a stand-in that can say what no good provider says; the real one is in
tests/sso.
"""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jws
from joserfc.jwk import RSAKey

from app.domain.login import LoginVia
from app.extensions import db
from app.models import (
    AuditEntry,
    Developer,
    IdentityProvider,
    Login,
)
from tests.sso.issuer import Issuer
from tests.sso.sign_in import SignIn, access_token, assert_refused, query_of


def test_a_browser_comes_back_signed_in_to_where_it_wanted_to_go(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    answer = start_sign_in(next="/tasks/7?tab=log").return_to_app()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tasks/7?tab=log")
    token = access_token(client)
    mine = client.get("/api/web/profile", headers={"Authorization": f"Bearer {token}"}).json
    assert mine["name"] == "ada"
    login = db.session.scalars(sa.select(Login)).one()
    assert (login.via, login.developer_id) == (LoginVia.OIDC, ada.id)
    assert login.provider_session is not None
    assert "eyJ" not in login.provider_session  # it is encrypted


def test_what_is_asked_of_the_provider_is_bound_to_this_sign_in(
    start_sign_in: Callable[..., SignIn], issuer: Issuer, ada: Developer
) -> None:
    one, other = start_sign_in(), start_sign_in()
    assert one.asked["code_challenge_method"] == "S256"
    for name in ("state", "nonce", "code_challenge"):
        assert len(one.asked[name]) >= 43
        assert one.asked[name] != other.asked[name]
    callback = f"http://localhost{one.path}/callback"
    assert one.asked["redirect_uri"] == callback
    other.return_to_app()
    assert issuer.token_requests[-1]["redirect_uri"] == [callback]
    assert len(issuer.token_requests[-1]["code_verifier"][0]) >= 43


def jws_payload(claims: dict[str, Any]) -> bytes:
    return json.dumps(claims).encode()


def jws_base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def forged(issuer: Issuer, claims: dict[str, Any]) -> str:
    """By another key, under the name of the issuer's."""
    key = RSAKey.generate_key(2048, {"kid": issuer.key.kid})
    header = {"alg": "RS256", "kid": issuer.key.kid}
    return jws.serialize_compact(header, jws_payload(claims), key)


def unsigned(issuer: Issuer, claims: dict[str, Any]) -> str:
    head = jws_base64(b'{"alg":"none","kid":"%s"}' % issuer.key.kid.encode())
    return f"{head}.{jws_base64(jws_payload(claims))}."


def by_the_public_key(issuer: Issuer, claims: dict[str, Any]) -> str:
    """HS256, with the public key as its secret."""
    head = jws_base64(b'{"alg":"HS256","kid":"%s"}' % issuer.key.kid.encode())
    signing_input = f"{head}.{jws_base64(jws_payload(claims))}"
    mac = hmac.digest(issuer.key.as_pem(private=False), signing_input.encode(), "sha256")
    return f"{signing_input}.{jws_base64(mac)}"


def changed(issuer: Issuer, claims: dict[str, Any]) -> str:
    """Another subject behind a signature that was good."""
    head, _, signature = issuer.signed(claims).split(".")
    return f"{head}.{jws_base64(jws_payload({**claims, 'sub': 'somebody'}))}.{signature}"


NOW = int(time.time())
WRONG_CLAIMS: dict[str, dict[str, Any]] = {
    "nonce": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "audience": {"aud": "another"},
    "audience, of which we are a party": {"aud": "another", "azp": "muster"},
    "audiences, and none is meant": {"aud": ["muster", "another"]},
    "audiences, and another is meant": {"aud": ["muster", "another"], "azp": "another"},
    "party": {"azp": "another"},
    "issuer": {"iss": "https://evil.example.org"},
    "no issuer": {"iss": None},
    "expired": {"exp": NOW - 60},
    "no end": {"exp": None},
    "from the future": {"iat": NOW + 3600},
    "not yet": {"nbf": NOW + 3600},
    "no subject": {"sub": None},
    "an empty subject": {"sub": ""},
    "a subject that is no text": {"sub": 7},
    "hash of the access token": {"at_hash": "bm90IGl0cyBoYXNoIQ"},
}
WRONG_TOKENS = {
    "alg none": unsigned,
    "a secret made of the public key": by_the_public_key,
    "another key": forged,
    "changed": changed,
}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS)
def test_a_token_that_says_something_wrong_signs_nobody_in(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer, wrong: str
) -> None:
    assert_refused(client, start_sign_in().return_to_app(**WRONG_CLAIMS[wrong]))
    (entry,) = db.session.scalars(sa.select(AuditEntry)).all()
    assert (entry.action, entry.target_type) == ("login.failed", "identity_provider")


@pytest.mark.parametrize("wrong", WRONG_TOKENS)
def test_a_token_that_is_not_signed_as_it_should_signs_nobody_in(
    client: FlaskClient,
    start_sign_in: Callable[..., SignIn],
    issuer: Issuer,
    ada: Developer,
    wrong: str,
) -> None:
    going = start_sign_in()
    token = WRONG_TOKENS[wrong](issuer, issuer.claims(going.asked["nonce"]))
    assert_refused(client, going.return_to_app(token=token))


@pytest.mark.parametrize("token", ["", "x", "a.b.c", 7, None])
def test_what_is_no_token_signs_nobody_in(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], issuer: Issuer, token: object
) -> None:
    going = start_sign_in()
    issuer.given = {"id_token": token}
    assert_refused(client, going.call_back())


def test_what_was_set_out_with_is_good_once(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    going = start_sign_in(next="/a")
    assert going.return_to_app().headers["Location"] == "/a"
    again = going.return_to_app()
    assert again.headers["Location"] == "/?error=invalid_sign_in"
    assert len(db.session.scalars(sa.select(Login)).all()) == 1


def test_a_token_of_another_sign_in_is_no_good_in_this_one(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], issuer: Issuer, ada: Developer
) -> None:
    earlier = issuer.signed(issuer.claims(start_sign_in().asked["nonce"]))
    assert_refused(client, start_sign_in().return_to_app(token=earlier))


def test_a_callback_in_another_browser_signs_nobody_in(
    app: Flask, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    victim = app.test_client()
    assert_refused(victim, start_sign_in().return_to_app(client=victim))


@pytest.mark.parametrize("state", [None, "", "guessed"])
def test_a_callback_without_a_state_of_ours_signs_nobody_in(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer, state: str | None
) -> None:
    assert_refused(client, start_sign_in().call_back(state=state))


def test_another_issuers_answer_is_none_of_this_one(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], issuer: Issuer, ada: Developer
) -> None:
    issuer.given = {"id_token": "x"}
    assert_refused(client, start_sign_in().call_back(iss="https://other.example.org"))
    assert issuer.token_requests == []


def test_an_issuer_that_names_itself_always_has_to(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], issuer: Issuer, ada: Developer
) -> None:
    issuer.more = {"authorization_response_iss_parameter_supported": True}
    assert_refused(client, start_sign_in().return_to_app())
    assert issuer.token_requests == []


def test_who_declines_at_the_provider_comes_back_without_a_login(
    client: FlaskClient, start_sign_in: Callable[..., SignIn]
) -> None:
    answer = start_sign_in().call_back(code=None, error="access_denied")
    assert_refused(client, answer, "sign_in_refused")


def test_a_rotated_key_is_read_once_and_not_again_at_once(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], issuer: Issuer, ada: Developer
) -> None:
    start_sign_in(next="/a").return_to_app()
    issuer.rotate()
    assert start_sign_in(next="/b").return_to_app().headers["Location"] == "/b"
    assert issuer.asked.count("/jwks") == 2
    issuer.rotate("third")
    assert "error=invalid_sign_in" in start_sign_in().return_to_app().headers["Location"]
    assert issuer.asked.count("/jwks") == 2


WAYS_OUT = ("//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\\b", "/\tb")


@pytest.mark.parametrize("path", WAYS_OUT)
def test_the_way_back_leads_nowhere_else(
    client: FlaskClient, provider: IdentityProvider, path: str
) -> None:
    where = f"/api/auth/oidc/{provider.name}/start"
    answer = client.get(where, query_string={"next": path})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["next"])


@pytest.mark.parametrize(
    "uri", ["http://evil.example:80/", "https://127.0.0.1:80/", "http://127.0.0.1@evil.example:80/"]
)
def test_programs_listen_on_the_persons_own_machine(
    client: FlaskClient, provider: IdentityProvider, uri: str
) -> None:
    where = f"/api/auth/oidc/{provider.name}/start"
    query = {"redirectUri": uri, "codeChallenge": "c" * 43}
    answer = client.get(where, query_string=query)
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["redirectUri"])


VERIFIER = "v" * 43
CHALLENGE = create_s256_code_challenge(VERIFIER)


def exchange(client: FlaskClient, code: str, verifier: str = VERIFIER) -> Any:
    return client.post("/api/auth/oidc/exchange", json={"code": code, "codeVerifier": verifier})


def programs_code(visit: Callable[..., SignIn]) -> str:
    going = visit(redirectUri="http://127.0.0.1:51234/done", codeChallenge=CHALLENGE)
    back = going.return_to_app().headers["Location"]
    assert back.startswith("http://127.0.0.1:51234/done?code=mst_sso_")
    return query_of(back)["code"]


def test_a_program_exchanges_its_code_once(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    code = programs_code(start_sign_in)
    assert access_token(client) is None  # its browser is not signed in
    pair = exchange(client, code).json
    mine = client.get(
        "/api/web/profile", headers={"Authorization": f"Bearer {pair['accessToken']}"}
    )
    assert mine.json["name"] == "ada"
    assert exchange(client, code).status_code == 401


def test_a_code_without_its_verifier_is_no_good_and_lost(
    client: FlaskClient, start_sign_in: Callable[..., SignIn], ada: Developer
) -> None:
    code = programs_code(start_sign_in)
    assert exchange(client, code, "w" * 43).status_code == 401
    assert exchange(client, code).status_code == 401
