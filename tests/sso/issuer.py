"""A stand-in for an OpenID Connect provider, which can say what no good one says.

`oidc-provider` (see `npm`) is the real one; it cannot be made to sign what is wrong.
"""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import RSAKey

CLIENT_ID = "muster"


class Issuer:
    """Publishes `keys`, signs with the last of them, and gives for any code what `given` is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys = [_key("first")]
        self.asked: list[str] = []
        self.given: dict[str, Any] = {}
        self.userinfo: dict[str, Any] = {}
        self.more: dict[str, Any] = {}
        self.token_requests: list[dict[str, list[str]]] = []

    @property
    def key(self) -> RSAKey:
        return self.keys[-1]

    def rotate(self, name: str = "second") -> None:
        """Another key in place of all."""
        self.keys = [_key(name)]

    def claims(self, nonce: str | None, **more: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": self.url, "aud": CLIENT_ID, "sub": "ada-1", "nonce": nonce}
        usual |= {"iat": now, "exp": now + 300, "auth_time": now}
        usual |= {"email": "ada@example.org", "email_verified": True, "groups": []}
        usual |= {"preferred_username": "ada", "name": "Ada Lovelace"}
        return {name: value for name, value in (usual | more).items() if value is not None}

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        protected = {"alg": "RS256", "kid": self.key.kid, **header}
        return jws.serialize_compact(protected, json.dumps(claims).encode(), self.key)

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "end_session_endpoint": f"{self.url}/end",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
            **self.more,
        }

    def answer(self, path: str) -> dict[str, Any] | None:
        self.asked.append(path)
        return {
            "/.well-known/openid-configuration": self.discovery(),
            "/jwks": {"keys": [key.as_dict(private=False, use="sig") for key in self.keys]},
            "/token": {"access_token": "opaque", "token_type": "Bearer", **self.given},
            "/userinfo": self.userinfo,
        }.get(path)


@contextmanager
def serving() -> Iterator[Issuer]:
    """An issuer on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.answer(urlsplit(self.path).path)
            body = json.dumps(found).encode()
            self.send_response(200 if found is not None else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            issuer.token_requests.append(parse_qs(form))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


_made: dict[str, RSAKey] = {}


def _key(name: str) -> RSAKey:
    if name not in _made:  # each takes a while
        _made[name] = RSAKey.generate_key(2048, {"kid": name})
    return _made[name]
