"""A stand-in for a provider, and browsers that go there."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.models import Developer, IdentityProvider
from tests.factories import make_developer, make_provider
from tests.sso.issuer import Issuer, serving
from tests.sso.sign_in import SignIn


@pytest.fixture(scope="module")
def its_server() -> Iterator[Issuer]:
    with serving() as issuer:
        yield issuer


@pytest.fixture
def issuer(app: Flask, its_server: Issuer) -> Issuer:
    """As it is at first."""
    app.extensions.pop("muster_oidc", None)
    its_server.__init__(its_server.url)  # type: ignore[misc]
    return its_server


@pytest.fixture
def provider(issuer: Issuer) -> IdentityProvider:
    return make_provider(issuer=issuer.url, create_accounts=True)


@pytest.fixture
def ada() -> Developer:
    return make_developer(name="ada", email="ada@example.org")


@pytest.fixture
def start_sign_in(
    client: FlaskClient, provider: IdentityProvider, issuer: Issuer
) -> Callable[..., SignIn]:
    return lambda **query: SignIn(client, provider, issuer, **query)
