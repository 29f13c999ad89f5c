"""Access to the profile's server, for terminal connections."""

from collections.abc import Mapping
from typing import Any

from muster.cli import client, errors
from muster.cli.attach.dial import SignedOut, Unreachable
from muster.cli.attach.steering import Refused
from muster.cli.context import Muster, ca_file_for


class ApiAccess:
    """A `ServerAccess` and a `TaskApi` with a profile's URL and credentials."""

    def __init__(self, muster: Muster, *, is_shell: bool = False) -> None:
        """`is_shell`: terminals are those of shells. Raises CliError if there's no server or its CA
        file is invalid."""
        self._terminal = {"terminal": "shell"} if is_shell else {}
        self._api, self._credentials = muster.api, muster.credentials
        self.url = muster.profile.server
        if not self.url:
            raise errors.NotSignedIn("No server configured.", "muster login --server https://…")
        is_secure = self.url.startswith("https:")
        self.tls = client.create_tls_context(ca_file_for(muster.profile)) if is_secure else None

    def bearer(self) -> str:
        try:
            return self._credentials.bearer(self._api.renew)
        except errors.NotSignedIn as trouble:
            raise SignedOut(trouble.message) from trouble
        except errors.CliError as trouble:
            raise Unreachable(trouble.message) from trouble

    def post(self, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            with self._api.open("POST", path, body={**body, **self._terminal}) as answer:
                answer.read()
                return answer.status_code, client.decode_body(answer)
        except errors.ApiError as refusal:
            return refusal.http_status, {"code": refusal.code, "detail": refusal.detail}
        except errors.NotSignedIn as trouble:
            raise SignedOut(trouble.message) from trouble
        except errors.CliError as trouble:
            raise Unreachable(trouble.message) from trouble

    def get(self, path: str) -> Any:
        try:
            return self._api.get(path)
        except errors.CliError as trouble:
            raise Refused(trouble.message) from trouble

    def send(self, path: str, body: Mapping[str, Any], *, key: str = "") -> Any:
        try:
            return self._api.post(path, dict(body), key=key)
        except errors.CliError as trouble:
            raise Refused(trouble.message) from trouble
