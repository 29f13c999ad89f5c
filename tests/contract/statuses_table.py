"""The statuses of routes that succeed with anything but 200 alone; `*` for what a path names."""

from collections.abc import Mapping

STATUSES: Mapping[str, str] = {
    "GET /readyz": "200 503",
    "GET /api/auth/oidc/*/start": "303",
    "GET /api/auth/oidc/*/callback": "303",
    "POST /api/web/tasks": "201",
    "POST /api/web/tasks/*/follow-ups": "201",
    "POST /api/web/tasks/*/send-back": "201",
    "POST /api/web/tasks/*/messages": "201",
    "POST /api/web/tasks/*/interrupt": "202",
    "POST /api/web/tasks/*/comments": "201",
    "POST /api/web/tasks/*/reviews": "201",
    "GET /api/web/tasks/*/diff": "200 304",
    "GET /api/web/tasks/*/files": "200 304",
    "GET /api/web/tasks/*/images/*": "200 304",
    "GET /api/workers/images/*": "200 304",
    "POST /api/web/projects/*/images": "201",
    "GET /api/web/tasks/*/logs/raw": "200 206 304",
    "GET /api/web/tasks/*/recording": "200 304",
    "GET /api/web/tasks/*/evidence": "200 304",
    "POST /api/web/projects/*/checks": "202",
    "POST /api/web/projects/*/deploy-key": "201",
    "POST /api/web/projects/*/members": "200 201",
    "POST /api/web/profile/tokens": "201",
    "POST /api/web/profile/chat-token": "201",
    "POST /api/web/profile/drafts": "201",
    "POST /api/web/profile/views": "201",
    "POST /api/admin/developers": "201",
    "POST /api/admin/identity-providers": "201",
    "POST /api/admin/developers/*/identities": "201",
    "POST /api/admin/projects": "201",
    "POST /api/admin/projects/-/checks": "202",
    "POST /api/admin/projects/-/deploy-key": "201",
    "POST /api/admin/projects/*/members": "200 201",
    "POST /api/admin/invitations": "201",
    "POST /api/admin/worker-tokens": "201",
    "POST /api/admin/bots": "201",
    "POST /api/admin/bots/*/bindings": "201",
    "POST /api/workers/register": "201",
}


def expected(route: str) -> set[str]:
    """The statuses with which the route succeeds."""
    return {*STATUSES.get(route, "200").split()}
