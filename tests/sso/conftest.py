"""A gunicorn of ours, and the real `oidc-provider` by which people sign in there."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.domain.roles import SystemRole
from app.embedded import ports
from app.extensions import db
from tests.conftest import make_app
from tests.factories import PASSWORD, make_developer, make_project
from tests.gunicorns import gunicorn
from tests.needs import declare_needs
from tests.sso.oidc_provider import CLIENT, OidcProvider


@dataclass
class SsoServer:
    """A server with its database, its provider called `corp`, and what its admin does."""

    url: str
    database: str
    provider: OidcProvider
    provider_id: int
    admin: dict[str, str]

    def ask(self, method: str, path: str, json: Any = None) -> Any:
        """As the admin."""
        answer = httpx.request(method, f"{self.url}{path}", json=json, headers=self.admin)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def rules(self, **changes: Any) -> None:
        self.ask("PUT", f"/api/admin/identity-providers/{self.provider_id}", changes)


@pytest.fixture(scope="session")
@declare_needs("node", "oidc-provider")
def sso_server(
    environment: dict[str, str],
    new_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[SsoServer]:
    directory = tmp_path_factory.mktemp("sso")
    env = {**environment, "DATABASE_URL": new_database("muster_sso")}
    with make_app(env).app_context():
        make_developer(name="root", role=SystemRole.ADMIN)
        make_project(key="WEB")
        db.session.remove()
        db.engine.dispose()
    with gunicorn(directory, {**env, "PATH": os.environ["PATH"]}, patience=120) as server:
        provider = OidcProvider(directory, ports.find_free_port(), server.url)
        provider.has("ada")
        login = {"username": "root", "password": PASSWORD}
        pair = httpx.post(f"{server.url}/api/auth/login", json=login).json()
        admin = {"Authorization": f"Bearer {pair['accessToken']}"}
        house = SsoServer(server.url, env["DATABASE_URL"], provider, 0, admin)
        body = {"name": "corp", "label": "Corp", "issuer": provider.issuer, "createAccounts": True}
        body |= {**CLIENT, "scopes": "openid profile email groups"}
        body |= {"roles": [{"group": "leads", "role": "lead"}]}
        body |= {"memberships": [{"group": "web", "projectKey": "WEB", "role": "maintainer"}]}
        house.provider_id = house.ask("POST", "/api/admin/identity-providers", body)["id"]
        yield house


@pytest.fixture(scope="session")
def provider(sso_server: SsoServer) -> Iterator[OidcProvider]:
    with sso_server.provider.running():
        yield sso_server.provider
