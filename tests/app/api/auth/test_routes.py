"""/api/auth: who gets in, and which credential is good where."""

import re
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from app.domain.machine import MachineStatus
from app.domain.roles import SystemRole
from app.domain.tokens import TokenKind
from app.extensions import db
from app.models import Developer, Machine
from app.services.accounts import tokens
from tests.factories import PASSWORD, make_developer, make_machine, make_personal_token

Login = Callable[[Developer], dict[str, str]]
WorkerLogin = Callable[[Machine], dict[str, str]]
CLOSED_PATHS = (
    ("GET", "/api/web/tasks"),
    ("GET", "/api/web/no-such-path"),
    ("POST", "/api/web/tasks"),
    ("GET", "/api/admin/projects"),
    ("GET", "/api/admin/no-such-path"),
    ("POST", "/api/workers/refresh-token"),
    ("POST", "/api/auth/logout"),
    ("GET", "/api/no-such-room"),
)


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    pair: dict[str, str] = answer.get_json()
    return pair


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_login_gives_a_pair_whose_access_token_opens_the_api(client: FlaskClient) -> None:
    pair = sign_in(client, make_developer().name)
    assert set(pair) == {"accessToken", "refreshToken"}
    answer = client.post(
        "/api/auth/logout",
        json={"refreshToken": pair["refreshToken"]},
        headers=bearer(pair["accessToken"]),
    )
    assert (answer.status_code, answer.get_json()) == (200, {})


def test_a_name_is_known_in_any_letter_case(client: FlaskClient) -> None:
    make_developer(name="Zoë")
    sign_in(client, "zOË")


@pytest.mark.parametrize("case", ["unknown name", "wrong password", "disabled account"])
def test_every_refused_login_looks_the_same(client: FlaskClient, case: str) -> None:
    developer = make_developer()
    if case == "disabled account":
        developer.disabled_at = developer.created_at
    answer = client.post(
        "/api/auth/login",
        json={
            "username": "nobody" if case == "unknown name" else developer.name,
            "password": "not it at all" if case == "wrong password" else PASSWORD,
        },
    )
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.get_json() == {
        "type": "about:blank",
        "title": "Unauthorized",
        "status": 401,
        "detail": "Wrong name or password.",
        "code": "invalid_credentials",
    }


def test_a_refresh_gives_another_pair(client: FlaskClient) -> None:
    first = sign_in(client, make_developer().name)
    answer = client.post("/api/auth/refresh", json={"refreshToken": first["refreshToken"]})
    assert answer.status_code == 200
    assert answer.get_json()["refreshToken"] != first["refreshToken"]


def test_after_logout_both_tokens_of_the_login_are_dead_at_once(client: FlaskClient) -> None:
    pair = sign_in(client, make_developer().name)
    body, headers = {"refreshToken": pair["refreshToken"]}, bearer(pair["accessToken"])
    assert client.post("/api/auth/logout", json=body, headers=headers).status_code == 200
    assert client.post("/api/auth/refresh", json=body).status_code == 401
    answer = client.get("/api/web/profile", headers=headers)
    assert (answer.status_code, answer.json["code"]) == (401, "invalid_token")
    assert client.post("/api/auth/logout", json=body, headers=headers).status_code == 401


def test_a_logout_leaves_other_logins_and_personal_tokens_alone(client: FlaskClient) -> None:
    developer = make_developer()
    gone, stays = sign_in(client, developer.name), sign_in(client, developer.name)
    _, secret = make_personal_token(developer)
    body = {"refreshToken": gone["refreshToken"]}
    client.post("/api/auth/logout", json=body, headers=bearer(gone["accessToken"]))
    for token in (stays["accessToken"], secret):
        assert client.get("/api/web/profile", headers=bearer(token)).status_code == 200


def test_nobody_logs_somebody_else_out(client: FlaskClient, login: Login) -> None:
    body = {"refreshToken": sign_in(client, make_developer().name)["refreshToken"]}
    answer = client.post("/api/auth/logout", json=body, headers=login(make_developer()))
    assert answer.status_code == 200
    assert client.post("/api/auth/refresh", json=body).status_code == 200


@pytest.mark.parametrize(("method", "path"), CLOSED_PATHS)
def test_without_a_credential_everything_is_closed(
    client: FlaskClient, method: str, path: str
) -> None:
    answer = client.open(path, method=method)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="muster"'


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer \x7f", "x y z"])
def test_a_malformed_authorization_is_401(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/web/tasks", headers={"Authorization": header})
    assert answer.status_code == 401


def test_authentication_comes_before_validation(client: FlaskClient) -> None:
    for body in ({"unknown": 1}, [], "text"):
        assert client.post("/api/web/tasks", json=body).status_code == 401
    answer = client.post("/api/web/tasks", data="{", content_type="text/plain")
    assert answer.status_code == 401


def test_a_credential_is_refused_wherever_it_does_not_belong(
    client: FlaskClient, login: Login, worker_login: WorkerLogin
) -> None:
    admin = make_developer(role=SystemRole.ADMIN)
    access, worker = login(admin), worker_login(make_machine())
    refresh = bearer(sign_in(client, admin.name)["refreshToken"])
    enroll = bearer(tokens.generate(TokenKind.ENROLLMENT))
    for wrong in (worker, refresh, enroll):
        assert client.get("/api/web/tasks", headers=wrong).status_code == 401
        assert client.get("/api/admin/projects", headers=wrong).status_code == 401
        assert client.post("/api/auth/logout", json={}, headers=wrong).status_code == 401
    for wrong in (access, refresh, enroll):
        assert client.post("/api/workers/refresh-token", headers=wrong).status_code == 401
    assert client.get("/api/web/tasks", headers=access).status_code != 401
    assert client.post("/api/workers/refresh-token", headers=worker).status_code != 401


@pytest.mark.parametrize("token", ["access", "worker"])
def test_a_forged_or_altered_jwt_is_refused(
    app: Flask, client: FlaskClient, login: Login, worker_login: WorkerLogin, token: str
) -> None:
    path = {"access": "/api/web/tasks", "worker": "/api/workers/refresh-token"}[token]
    method = {"access": "GET", "worker": "POST"}[token]
    genuine = (login(make_developer()) if token == "access" else worker_login(make_machine()))[
        "Authorization"
    ]
    head, payload, signature = genuine.split(".")
    unsigned = "Bearer eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0." + payload + "."
    for altered in (f"{head}.{payload}.{signature[::-1]}", f"{head}.{payload}.", unsigned):
        answer = client.open(path, method=method, headers={"Authorization": altered})
        assert answer.status_code == 401
        assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_raised_generation_ends_every_session(client: FlaskClient) -> None:
    developer = make_developer()
    pair = sign_in(client, developer.name)
    developer.token_generation += 1
    assert client.get("/api/web/tasks", headers=bearer(pair["accessToken"])).status_code == 401
    body = {"refreshToken": pair["refreshToken"]}
    assert client.post("/api/auth/refresh", json=body).status_code == 401


def test_a_disabled_account_is_out_at_once(client: FlaskClient) -> None:
    developer = make_developer()
    pair = sign_in(client, developer.name)
    developer.disabled_at = developer.created_at
    assert client.get("/api/web/tasks", headers=bearer(pair["accessToken"])).status_code == 401
    body = {"refreshToken": pair["refreshToken"]}
    assert client.post("/api/auth/refresh", json=body).status_code == 401


def test_a_decommissioned_machine_or_an_older_jwt_is_refused(
    client: FlaskClient, worker_login: WorkerLogin
) -> None:
    machine = make_machine()
    old = worker_login(machine)
    machine.jwt_version += 1
    assert client.post("/api/workers/refresh-token", headers=old).status_code == 401
    new = worker_login(machine)
    machine.status = MachineStatus.DECOMMISSIONED
    assert client.post("/api/workers/refresh-token", headers=new).status_code == 401


def test_a_token_of_nobody_is_refused(client: FlaskClient, login: Login) -> None:
    developer = make_developer()
    headers = login(developer)
    db.session.delete(developer)
    db.session.commit()
    assert client.get("/api/web/tasks", headers=headers).status_code == 401
    stranger = {"Authorization": f"Bearer {tokens.worker_jwt(Machine(id=uuid.uuid4()))[0]}"}
    assert client.post("/api/workers/refresh-token", headers=stranger).status_code == 401


@pytest.mark.parametrize("role", [SystemRole.DEVELOPER, SystemRole.LEAD])
def test_the_admin_api_is_for_admins(client: FlaskClient, login: Login, role: SystemRole) -> None:
    answer = client.get("/api/admin/projects", headers=login(make_developer(role=role)))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "forbidden")
    admin = make_developer(role=SystemRole.ADMIN)
    assert client.get("/api/admin/projects", headers=login(admin)).status_code == 200


def test_authenticating_takes_one_query(app: Flask, client: FlaskClient, login: Login) -> None:
    headers = login(make_developer())
    assert _statements(lambda: client.get("/api/web/no-such-path", headers=headers)) == 1
    headers = {"Authorization": f"Bearer {tokens.worker_jwt(make_machine())[0]}"}
    assert _statements(lambda: client.get("/api/workers/no-such-path", headers=headers)) == 1


def test_no_response_of_a_login_says_a_hash(client: FlaskClient, capsys: object) -> None:
    developer = make_developer()
    answer = client.post("/api/auth/login", json={"username": developer.name, "password": PASSWORD})
    assert not re.search(r"argon2|mst_(?!refresh)", answer.text)


def _statements(act: Callable[[], object]) -> int:
    statements: list[str] = []

    def record_statement(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            statements.append(statement)

    engine = db.engine.engine
    sa.event.listen(engine, "before_cursor_execute", record_statement)
    try:
        act()
    finally:
        sa.event.remove(engine, "before_cursor_execute", record_statement)
    return len(statements)


def test_a_name_nested_deeper_than_python_goes_is_refused(client: FlaskClient) -> None:
    name = "[" * 900 + "]" * 900
    body = f'{{"username": {name}, "password": "x"}}'
    answer = client.post("/api/auth/login", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
