"""The real `oidc-provider`, and who can sign in there."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.embedded import probes, processes
from app.embedded.processes import Process, Program
from tests.programs import find

NPM = Path(__file__).parent / "npm"
CLIENT = {"clientId": "muster", "clientSecret": "a secret with + and % in it"}


class OidcProvider:
    """A provider at `issuer`, that lets its people come back to `muster`. Start it anew, and it
    signs with another key.
    """

    def __init__(self, directory: Path, port: int, muster: str) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self._port, self._directory = port, directory
        self._people = directory / "people.json"
        self.people: dict[str, dict[str, Any]] = {}
        self._given = {
            "port": port,
            "redirectUris": [f"{muster}/api/auth/oidc/corp/callback"],
            "postLogoutRedirectUris": [f"{muster}/"],
            "people": str(self._people),
        }

    def has(self, login: str, **claims: Any) -> None:
        """Somebody who can sign in, by any password, and what is said of them from now on."""
        usual = {"preferred_username": login, "name": login.title(), "groups": []}
        mail = {"email": f"{login}@example.org", "email_verified": True}
        self.people[login] = usual | mail | claims
        self._people.write_text(json.dumps(self.people))

    @contextmanager
    def running(self) -> Iterator[None]:
        self._people.write_text(json.dumps(self.people))
        self.start()
        try:
            yield
        finally:
            self._process.kill_group()

    def start(self) -> None:
        """With a key that it never had."""
        self._process = self._spawned()
        ready = processes.wait_until(self._answers, 60, 0.05)
        assert ready, (self._directory / "provider.log").read_text()

    def rotate(self) -> None:
        """Another key in place of the one that it has."""
        self._process.kill_group()
        self.start()

    def _spawned(self) -> Process:
        return processes.spawn(
            Program(
                name="oidc-provider",
                argv=[find("node"), str(NPM / "provider.mjs"), json.dumps(self._given)],
                log=self._directory / "provider.log",
                cwd=NPM,
                env={"PATH": os.environ["PATH"], "NODE_ENV": "test"},
            )
        )

    def _answers(self) -> bool:
        where = "/.well-known/openid-configuration"
        return bool(probes.probe(self._port, where, tls=False)[0] == 200)
