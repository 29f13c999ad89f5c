"""A life with credentials, whose secrets the audit log must not tell."""

import uuid
from typing import Any

import pyotp
from flask.testing import FlaskClient

from tests.contract.audited_actions import MARK
from tests.factories import PASSWORD, make_developer, make_enrollment_token


def own_credentials(client: FlaskClient) -> tuple[list[str], list[str]]:
    """A person's and a machine's whole life with credentials: all secrets that came up in it, and
    what the audit log has to tell of it.
    """
    found: list[str] = []
    developer = make_developer(password_hash=make_developer().password_hash)
    login = {"username": developer.name, "password": PASSWORD}

    def ask(method: str, path: str, json: Any = None, *, token: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        answer = client.open(path, method=method, json=json, headers=headers)
        assert answer.status_code < 300, (path, answer.json)
        return answer.json

    def collect(answer: Any, *names: str) -> Any:
        for name in names:
            found.extend([answer[name]] if isinstance(answer[name], str) else answer[name])
        return answer

    profile = "/api/web/profile"
    pair = collect(ask("POST", "/api/auth/login", login), "accessToken", "refreshToken")
    token = pair["accessToken"]
    setup = collect(ask("POST", f"{profile}/totp/setup", token=token), "secret")
    code = pyotp.TOTP(setup["secret"]).now()
    verified = ask("POST", f"{profile}/totp/verify", {"code": code}, token=token)
    collect(verified, "recoveryCodes")
    ask("POST", f"{profile}/totp/disable", {"password": PASSWORD}, token=token)
    personal = collect(ask("POST", f"{profile}/tokens", {"label": "ci"}, token=token), "token")
    ask("POST", f"{profile}/tokens/{personal['id']}/revoke", token=token)
    collect(ask("POST", f"{profile}/chat-token", token=token), "token")
    passwords = {"currentPassword": PASSWORD, "newPassword": f"{MARK} as my password"}
    collect(
        ask("PUT", f"{profile}/password", passwords, token=token), "accessToken", "refreshToken"
    )
    _, enrollment = make_enrollment_token()
    machine = {
        "machineId": str(uuid.uuid4()),
        "token": enrollment,
        "name": "m",
        "capabilities": ["claude"],
        "hardware": {},
    }
    let_in = collect(ask("POST", "/api/workers/register", machine), "workerJwt", "recoverySecret")
    lost = {"machineId": machine["machineId"], "recoverySecret": let_in["recoverySecret"]}
    collect(ask("POST", "/api/workers/recover", lost), "workerJwt", "recoverySecret")
    actions = [
        "login.started",
        "totp.enabled",
        "totp.disabled",
        "personal_token.created",
        "personal_token.revoked",
        "chat_token.created",
        "password.changed",
        "login.started",
        "machine.registered",
        "machine.recovered",
    ]
    return [*found, code, PASSWORD, enrollment, MARK], actions
