"""A credential is good for so many requests a minute, and answers say how many are left."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from redis import RedisError

from app.domain.roles import SystemRole
from app.models import Developer
from app.redis.rate_limit import SharedRateLimit
from app.services import settings
from app.services.accounts import auth
from tests.factories import make_developer, make_personal_token
from tests.factories.developers import begin_login

Login = Callable[[Developer], dict[str, str]]

PATH = "/api/web/profile"


@pytest.fixture
def developer(app: object) -> Developer:
    settings.update(make_developer(role=SystemRole.ADMIN), {"requestsPerMinute": 3})
    return make_developer()


def token_of(developer: Developer) -> dict[str, str]:
    return {"Authorization": f"Bearer {make_personal_token(developer)[1]}"}


def test_one_too_many_is_told_to_wait(client: FlaskClient, developer: Developer) -> None:
    mine, another = token_of(developer), token_of(developer)
    answers = [client.get(PATH, headers=mine) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    remaining = [answer.headers["RateLimit-Remaining"] for answer in answers]
    assert remaining == ["2", "1", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"3"}
    assert answers[-1].json["code"] == "too_many_requests"
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get(PATH, headers=another).status_code == 200


def test_a_login_is_one_credential_whatever_its_access_token_is(
    client: FlaskClient, developer: Developer
) -> None:
    pair = begin_login(developer)
    for _ in range(3):
        pair = auth.refresh(pair.refresh_token)
        headers = {"Authorization": f"Bearer {pair.access_token}"}
        assert client.get(PATH, headers=headers).status_code == 200
    pair = auth.refresh(pair.refresh_token)
    headers = {"Authorization": f"Bearer {pair.access_token}"}
    assert client.get(PATH, headers=headers).status_code == 429


def test_who_has_no_credential_is_told_nothing(client: FlaskClient, developer: Developer) -> None:
    assert "RateLimit-Limit" not in client.get(PATH).headers
    assert "RateLimit-Limit" not in client.get("/healthz").headers


def test_where_a_password_is_asked_for_its_limit_is_told(
    client: FlaskClient, developer: Developer, login: Login
) -> None:
    body = {"currentPassword": "not it, surely", "newPassword": "something else"}
    answer = client.put(f"{PATH}/password", json=body, headers=login(developer))
    assert answer.headers["RateLimit-Limit"] == "5"


def test_redis_is_not_asked_and_its_absence_keeps_nobody_out(
    client: FlaskClient, developer: Developer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: SharedRateLimit) -> bool:
        raise RedisError

    monkeypatch.setattr(SharedRateLimit, "sync", away)
    headers = token_of(developer)
    answers = [client.get(PATH, headers=headers).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
