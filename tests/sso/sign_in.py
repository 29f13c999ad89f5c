"""A browser, as far as the way to a provider and back is concerned, by a test's client."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient

from app.extensions import db
from app.models import IdentityProvider, Login
from tests.sso.issuer import Issuer


class SignIn:
    """One sign-in at the stand-in's. `asked` is what the browser carried there."""

    def __init__(
        self, client: FlaskClient, provider: IdentityProvider, issuer: Issuer, **query: Any
    ) -> None:
        self.client, self.issuer = client, issuer
        self.path = f"/api/auth/oidc/{provider.name}"
        answer = client.get(f"{self.path}/start", query_string=query)
        assert answer.status_code == 303, answer.text
        self.url = answer.headers["Location"]
        self.asked = query_of(self.url)

    def return_to_app(
        self, *, client: FlaskClient | None = None, token: str | None = None, **claims: Any
    ) -> Any:
        """The callback's answer, for an ID token with these claims besides the usual ones."""
        issuer = self.issuer
        id_claims = issuer.claims(**{"nonce": self.asked["nonce"], **claims})
        issuer.given = {"id_token": token or issuer.signed(id_claims)}
        return self.call_back(client=client)

    def call_back(self, *, client: FlaskClient | None = None, **query: Any) -> Any:
        usual = {"code": "a-code", "state": self.asked["state"]}
        given = {name: text for name, text in (usual | query).items() if text is not None}
        return (client or self.client).get(f"{self.path}/callback", query_string=given)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def access_token(client: FlaskClient) -> str | None:
    """That of the browser's login, if it has one."""
    answer = client.post(
        "/api/auth/browser/refresh", json={}, headers={"Origin": "http://localhost"}
    )
    assert answer.status_code == 200, answer.text
    token: str | None = answer.json["accessToken"]
    return token


def assert_refused(client: FlaskClient, answer: Any, code: str = "invalid_sign_in") -> None:
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/?error={code}")
    assert access_token(client) is None
    assert db.session.scalars(sa.select(Login)).all() == []
