"""The credentials that each operation accepts, by `app.api.guards`."""

from typing import Any

from app.api import guards

METRICS = "/metrics"

SCHEMES: dict[str, Any] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From `POST /api/auth/login`; valid for 15 minutes. Get a new one "
        "from `POST /api/auth/refresh`. Grants access to /api/web, logout and, for "
        "admins, /api/admin.",
    },
    "personalAccessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "mst_pat_…",
        "description": "From `POST /api/web/profile/tokens`; valid until it's revoked or "
        "until `expiresAt`. Grants access to /api/web and /api/admin with its owner's "
        "permissions, within its `scopes` and `projects`. It can't do "
        "anything that would extend its access or lock its owner out.",
    },
    "scrapeToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The server's `MUSTER_METRICS_TOKEN`. Grants access to /metrics, "
        "which clients on the server's own host can read without it.",
    },
    "workerJwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A machine's, from `POST /api/workers/register`; valid for 24 "
        "hours. Grants access to /api/workers.",
    },
}


def operation_security(method: str, rule: str) -> list[dict[str, list[str]]]:
    """Return an operation's `security`: one of these schemes is required; none if it's empty.

    It includes an empty scheme if no credential is required on the server's own host.
    """
    if rule == METRICS:
        return [{}, {"scrapeToken": []}, {"accessToken": []}, {"personalAccessToken": []}]
    return [{scheme: []} for scheme in _schemes(method, rule)]


def _schemes(method: str, rule: str) -> list[str]:
    if rule in guards.PUBLIC_ROUTES or not rule.startswith("/api/"):
        return []
    if rule.startswith("/api/workers/"):
        return ["workerJwt"]
    if guards.accepts_personal_tokens(method, rule):
        return ["accessToken", "personalAccessToken"]
    return ["accessToken"]
