"""JWTs that somebody made, altered, kept too long, or uses where they are not meant."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import jwt
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer
from app.services import clock
from app.services.accounts import auth, tokens
from tests.factories import (
    PASSWORD,
    access_token_of,
    make_developer,
    make_login,
    make_machine,
    make_personal_token,
)

Claims = dict[str, Any]
HOUR = timedelta(hours=1)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def opens(client: FlaskClient, token: str) -> set[str]:
    """The rooms that a bearer of it gets into."""
    rooms = {
        "web": ("GET", "/api/web/profile"),
        "admin": ("GET", "/api/admin/developers"),
        "worker": ("POST", "/api/workers/refresh-token"),
    }
    statuses = {
        room: client.open(path, method=method, headers=bearer(token)).status_code
        for room, (method, path) in rooms.items()
    }
    assert set(statuses.values()) <= {200, 401, 403}, statuses
    return {room for room, status in statuses.items() if status == 200}


def _access(now: datetime) -> Claims:
    admin = make_developer(role=SystemRole.ADMIN)
    times = {"iat": now, "nbf": now, "exp": now + HOUR}
    about = {"gen": admin.token_generation, "fam": str(make_login(admin).id)}
    return {"typ": "access", "sub": str(admin.id), **about, **times}


def _worker(now: datetime) -> Claims:
    machine = make_machine()
    times = {"iat": now, "exp": now + HOUR}
    return {"typ": "worker", "sub": str(machine.id), "ver": machine.jwt_version, **times}


KINDS = {
    "access": (_access, "JWT_SECRET_KEY", {"web", "admin"}),
    "worker": (_worker, "WORKER_JWT_SECRET_KEY", {"worker"}),
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def claims(app: Flask, kind: str) -> Claims:
    return KINDS[kind][0](clock.now())


@pytest.fixture
def sign(app: Flask, kind: str) -> Callable[..., str]:
    """By the right key, unless another setting is named."""

    def sign(claims: Claims, setting: str = "", **how: Any) -> str:
        key = app.config[setting or KINDS[kind][1]]
        return jwt.encode(claims, key, **{"algorithm": "HS256", **how})

    return sign


def test_what_is_forged_here_would_be_good_if_it_were_not_altered(
    client: FlaskClient, claims: Claims, sign: Callable[..., str], kind: str
) -> None:
    assert opens(client, sign(claims)) == KINDS[kind][2]


def without(*names: str) -> Callable[[Claims], Claims]:
    return lambda claims: {name: claims[name] for name in claims if name not in names}


def other(**changes: Any) -> Callable[[Claims], Claims]:
    return lambda claims: claims | changes


CHANGES: dict[str, Callable[[Claims], Claims]] = {
    "expired": lambda claims: claims | {"exp": claims["iat"] - HOUR},
    "not yet valid": lambda claims: claims | {"nbf": claims["exp"]},
    "the other kind": lambda c: c | {"typ": "worker" if c["typ"] == "access" else "access"},
    "a third kind": other(typ="refresh"),
    "both kinds": other(typ=["access", "worker"]),
    "null kind": other(typ=None),
    "subject -1": other(sub="-1"),
    "no bigint": other(sub="9" * 30),
    "sql": other(sub="1 OR 1=1"),
    "an unknown uuid": other(sub=str(uuid.UUID(int=1))),
    "another generation": other(gen=0, ver=99),
    "a word for a generation": other(gen="x", ver="x"),
    "a huge generation": other(gen=10**30, ver=10**30),
    "no end": without("exp"),
    "no kind": without("typ"),
    "no subject": without("sub"),
    "no generation": without("gen", "ver"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_jwt_with_other_claims_opens_nothing(
    client: FlaskClient,
    claims: Claims,
    sign: Callable[..., str],
    change: Callable[[Claims], Claims],
) -> None:
    assert opens(client, sign(change(claims))) == set()


@pytest.mark.parametrize("login", [None, "", "x", 7, str(uuid.UUID(int=1)), "another's", "ended"])
def test_an_access_token_opens_nothing_but_by_a_login_of_its_developers(
    app: Flask, client: FlaskClient, login: Any
) -> None:
    claims = _access(clock.now())
    if login == "another's":
        login = str(make_login(make_developer()).id)
    elif login == "ended":
        ended = make_login(db.session.get_one(Developer, int(claims["sub"])), ended_at=clock.now())
        login = str(ended.id)
    forged = claims | {"fam": login}
    assert opens(client, jwt.encode(forged, app.config["JWT_SECRET_KEY"], "HS256")) == set()


@pytest.mark.filterwarnings("ignore:The HMAC key")
@pytest.mark.parametrize("algorithm", ["none", "HS384", "HS512"])
def test_only_the_one_algorithm_is_taken(
    client: FlaskClient, claims: Claims, sign: Callable[..., str], algorithm: str
) -> None:
    token = (
        jwt.encode(claims, None, algorithm="none")
        if algorithm == "none"
        else sign(claims, algorithm=algorithm)
    )
    assert opens(client, token) == set()
    assert opens(client, token.replace(".", "..", 1)) == set()


@pytest.mark.parametrize("setting", ["JWT_SECRET_KEY", "WORKER_JWT_SECRET_KEY", "SECRET_KEY"])
def test_another_key_of_ours_signs_nothing(
    client: FlaskClient, claims: Claims, sign: Callable[..., str], kind: str, setting: str
) -> None:
    if setting != KINDS[kind][1]:
        assert opens(client, sign(claims, setting)) == set()


@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../dev/null"},
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "oct", "k": "AA"}},
        {"x5u": "https://evil.example/cert"},
        {"crit": ["exp"]},
        {"b64": False},
    ],
    ids=lambda header: next(iter(header)),
)
def test_no_header_says_which_key_is_right(
    client: FlaskClient, claims: Claims, header: Claims
) -> None:
    forged = jwt.encode(claims, "k" * 32, algorithm="HS256", headers=header)
    assert opens(client, forged) == set()


def test_one_credential_is_never_taken_for_another(app: Flask, client: FlaskClient) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    machine = make_machine()
    pair = auth.login(admin.name, PASSWORD)
    _, pat = make_personal_token(admin)
    others = [tokens.generate(each) for each in TokenKind]
    worker = tokens.worker_jwt(machine)[0]
    assert opens(client, pair.access_token) == {"web", "admin"}
    assert opens(client, pat) == {"web", "admin"}
    assert opens(client, worker) == {"worker"}
    for wrong in (pair.refresh_token, *others):
        assert opens(client, wrong) == set()
    for wrong in (pair.access_token, pat, worker, *others):
        answer = client.post("/api/auth/refresh", json={"refreshToken": wrong})
        assert answer.status_code == 401
        body = {"machineId": str(machine.id), "recoverySecret": wrong[:200]}
        assert client.post("/api/workers/recover", json=body).status_code == 401
        registration = {
            "machineId": str(uuid.uuid4()),
            "token": wrong[:200],
            "name": "x",
            "capabilities": [],
            "hardware": {},
        }
        assert client.post("/api/workers/register", json=registration).status_code == 401


@pytest.mark.parametrize("where", ["query", "cookie", "form", "basic"])
def test_a_credential_counts_in_its_header_only(
    app: Flask, client: FlaskClient, where: str
) -> None:
    token = access_token_of(make_developer())
    path, headers = "/api/web/profile", {}
    if where == "query":
        path += f"?access_token={token}&jwt={token}"
    elif where == "cookie":
        client.set_cookie("access_token_cookie", token)
    elif where == "form":
        headers = {"X-Authorization": f"Bearer {token}"}
    else:
        headers = {"Authorization": f"Basic {token}"}
    assert client.get(path, headers=headers).status_code == 401


def test_after_the_overlap_an_old_refresh_token_takes_the_new_ones_with_it(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = clock.now()
    developer = make_developer()
    first = auth.login(developer.name, PASSWORD).refresh_token

    def refresh(token: str, seconds: float) -> Any:
        monkeypatch.setattr(clock, "now", lambda: began + timedelta(seconds=seconds))
        return client.post("/api/auth/refresh", json={"refreshToken": token})

    second = refresh(first, 60).json["refreshToken"]
    assert refresh(first, 69.9).status_code == 200  # the answer may have been lost
    assert refresh(first, 70.1).status_code == 401
    assert refresh(second, 70.2).status_code == 401


@pytest.mark.parametrize("end", ["deleted", "disabled", "demoted"])
def test_rights_that_have_ended_end_at_once(app: Flask, client: FlaskClient, end: str) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    other = bearer(access_token_of(make_developer(role=SystemRole.ADMIN)))
    access, (_, pat) = access_token_of(admin), make_personal_token(admin)
    path = f"/api/admin/developers/{admin.id}"
    if end == "deleted":
        db.session.delete(admin)
        db.session.commit()
    else:
        changes = {"disabled": True} if end == "disabled" else {"role": "developer"}
        assert client.put(path, json=changes, headers=other).status_code == 200
    assert opens(client, access) == set()
    assert opens(client, pat) == ({"web"} if end == "demoted" else set())
