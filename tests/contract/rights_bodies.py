"""What each route of the table of rights is asked with: the least that it takes."""

from typing import Any

from tests.factories.changes import COMMITS
from tests.image_files import make_png

# Of routes whose body is a file.
FILES = {"POST /api/web/projects/*/images": make_png()}


def _of_others(world: Any) -> dict[str, dict[str, Any]]:
    return {
        "POST /api/auth/browser/login": {"username": "admin", "password": world.password},
        "POST /api/auth/browser/refresh": {},
        "POST /api/auth/browser/logout": {},
        "POST /api/auth/invitations/inspect": {"token": world.invitation_secret},
        "POST /api/auth/invitations/accept": {
            "token": world.invitation_secret,
            "name": "invited",
            "password": world.password,
        },
        "POST /api/auth/device": {"clientName": "x"},
        "POST /api/auth/device/token": {"deviceCode": "x"},
        "POST /api/admin/invitations": {},
        "POST /api/admin/developers/*/identities": {
            "provider": world.other_provider,
            "subject": "x",
        },
        "POST /api/admin/identity-providers": {
            "name": "new",
            "label": "New",
            "issuer": "https://new.example.org",
            "clientId": "x",
        },
        "PUT /api/admin/identity-providers/*": {"label": "x"},
        "POST /api/web/projects/*/pipeline/dry-run": {"description": "x"},
        "POST /api/admin/projects/-/checks": {"repoUrl": "https://git.example.org/x.git"},
    }


OF_REVIEWS: dict[str, dict[str, Any]] = {
    "POST /api/web/tasks/*/comments": {"body": "x"},
    "PUT /api/web/tasks/*/comments/*": {"body": "x"},
    "POST /api/web/tasks/*/reviews": {"verdict": "approve"},
    "PUT /api/web/tasks/*/viewed": {"path": "a", "blob": None, "viewed": False},
    "POST /api/web/notifications/unread": {"ids": [1]},
    "PUT /api/web/tasks/*/dismiss": {"dismissed": True},
    "PUT /api/web/getting-started": {"dismissed": True},
}
OF_ACCOUNTS: dict[str, dict[str, Any]] = {
    "PUT /api/web/profile/notifications": {},
    "POST /api/web/profile/drafts": {},
    "PUT /api/web/profile/drafts/*": {},
    "POST /api/web/profile/views": {"name": "x", "query": ""},
    "PUT /api/web/profile/views/*": {},
}


_OF_AGENTS: dict[str, dict[str, Any]] = {
    "POST /api/web/tasks/*/follow-ups": {"instruction": "x"},
    "POST /api/web/tasks/*/messages": {"text": "x"},
}


def body_of(route: str, world: Any) -> dict[str, Any] | None:
    """The least that the route takes."""
    bodies: dict[str, dict[str, Any]] = {
        "POST /api/auth/login": {"username": "admin", "password": world.password},
        "POST /api/auth/refresh": {"refreshToken": world.refresh_token},
        "POST /api/auth/reauthenticate": {"password": world.password},
        "POST /api/auth/logout": {"refreshToken": "x"},
        **_of_others(world),
        "POST /api/web/tasks": {"projectKey": world.key, "description": "x"},
        "POST /api/web/tasks/*/confirm-stage": {"stageIndex": 0, "result": "confirm"},
        **OF_REVIEWS,
        **_OF_AGENTS,
        "PUT /api/web/projects/*": {"name": "x"},
        "POST /api/web/projects/*/network/allow": {"host": "a.example"},
        "POST /api/web/projects/*/members": {"developerId": world.target},
        "PUT /api/web/profile": {"gitName": "x"},
        "PUT /api/web/profile/password": {
            "currentPassword": world.password,
            "newPassword": "another long password",
        },
        "POST /api/web/profile/totp/verify": {"code": "123456"},
        "POST /api/web/profile/totp/disable": {"password": world.password},
        "POST /api/web/profile/tokens": {"label": "x"},
        **OF_ACCOUNTS,
        "POST /api/admin/developers": {
            "name": "somebody",
            "password": world.password,
            "role": "developer",
            "gitName": "x",
            "gitEmail": "x@example.org",
        },
        "PUT /api/admin/developers/*": {"gitName": "x"},
        "POST /api/admin/projects": {"key": "NEW", "repoUrl": "https://git.example.org/x.git"},
        "PUT /api/admin/projects/*": {"name": "x"},
        "POST /api/admin/projects/*/members": {"developerId": world.target},
        "POST /api/admin/worker-tokens": {},
        "PUT /api/admin/machines/*": {"name": "x"},
        "POST /api/admin/bots": {
            "platform": "slack",
            "name": "x",
            "appId": "x",
            "appSecret": "x",
            "webhookToken": "x",
        },
        "PUT /api/admin/bots/*": {"name": "x"},
        "POST /api/admin/bots/*/bindings": {"platformChatId": "x", "projectKey": world.key},
        "PUT /api/admin/settings": {},
        "POST /api/workers/register": {
            "machineId": world.new_machine_id,
            "token": world.enrollment_token,
            "name": "x",
            "capabilities": ["claude"],
            "hardware": {},
        },
        "POST /api/workers/recover": {
            "machineId": world.machine_id,
            "recoverySecret": world.recovery_secret,
        },
    }
    return world.exchange() if route == "POST /api/auth/oidc/exchange" else bodies.get(route)


def query_of(route: str, world: Any) -> dict[str, Any]:
    """What the route wants in its query."""
    queries: dict[str, dict[str, Any]] = {
        "DELETE /api/web/projects/*/members": {"developerId": world.a_member},
        "DELETE /api/admin/projects/*/members": {"developerId": world.a_member},
        "DELETE /api/admin/projects/*": {"force": "true"},
        "GET /api/web/search": {"q": "x"},
        "GET /api/web/tasks/*/files": {"path": "made.py", "commit": COMMITS[1]},
        "DELETE /api/admin/bots/*/bindings": {"platformChatId": "x"},
    }
    return queries.get(route, {})
