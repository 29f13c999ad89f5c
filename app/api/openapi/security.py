"""The credentials that each operation accepts, by `app.api.guards`."""

from typing import Any

from app.api import guards

METRICS = "/metrics"

SCHEMES: dict[str, Any] = {
    "accessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "From `POST /api/auth/login`; lives 15 minutes. `POST /api/auth/refresh` "
        "gives a new one. Opens /api/web, for admins /api/admin, and the logout.",
    },
    "personalAccessToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "mst_pat_…",
        "description": "From `POST /api/web/profile/tokens`; lives until it is revoked or its "
        "`expiresAt`. Opens what its owner may do in /api/web and /api/admin, as far as its "
        "`scopes` and `projects` go, but nothing that would make it last or lock the owner out.",
    },
    "scrapeToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "`MUSTER_METRICS_TOKEN` of the server. Opens /metrics, which clients on the "
        "server's own host may read without.",
    },
    "workerJwt": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A machine's, from `POST /api/workers/register`; lives 24 hours. Opens "
        "/api/workers.",
    },
}


def operation_security(method: str, rule: str) -> list[dict[str, list[str]]]:
    """An operation's `security`: one of these schemes is needed; none if it is empty. An empty one
    is among them where none is needed on the server's own host.
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
