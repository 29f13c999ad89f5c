"""Who gets where: one line for each route, `*` for what is named in its path.

A route without a line fails the tests, and so does a line without a route.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.contract import scopes_table

PEOPLE = ("outsider", "stranger", "member", "creator", "maintainer", "lead", "admin")
EVERYBODY = frozenset(PEOPLE)
FROM_PROVIDER = " by groups"  # behind the name of somebody whose standing single sign-on gave
NON_MEMBERS = frozenset({"outsider", "stranger"})  # a stranger works on another project
MEMBERS = frozenset({"member", "creator", "maintainer", "admin"})
OWNERS = frozenset({"creator", "maintainer", "admin"})
OPEN, DEVELOPERS, WORKERS, FRAMES, SIGNED = "open", "developers", "workers", "frames", "signed"


@dataclass(frozen=True)
class Access:
    """Whose credentials a route takes (`door`), and what becomes of the people who have one.

    404 for those `hidden` from, 403 for others who are not `allowed`. `tokens` is what allowed
    people get who come with a personal access token: 0, the same, or 401, or 403.
    """

    credential_kind: str = DEVELOPERS
    allowed: frozenset[str] = EVERYBODY
    hidden: frozenset[str] = field(default=frozenset())
    tokens: int = 0


ANYBODY = Access(OPEN)
WORKER = Access(WORKERS)
SIGNATURES = Access(SIGNED)  # a platform's; no credential of ours: see tests/app/chat
FIRST_FRAME = Access(FRAMES)  # a socket: see tests/app/control_channel, tests/app/terminals
DEVELOPER = Access()
SIGNED_IN = Access(tokens=401)
MINE = Access(allowed=frozenset({"member"}), hidden=EVERYBODY - {"member"})
MINE_SIGNED_IN = replace(MINE, tokens=401)
SEEN = Access(allowed=MEMBERS | {"lead"}, hidden=NON_MEMBERS)
BY_MEMBERS = Access(allowed=MEMBERS, hidden=NON_MEMBERS)
BY_CREATOR = Access(allowed=frozenset({"creator"}), hidden=NON_MEMBERS)
BY_OWNERS = Access(allowed=OWNERS, hidden=NON_MEMBERS)
BY_OWNERS_AND_LEADS = Access(allowed=OWNERS | {"lead"}, hidden=NON_MEMBERS)
BY_MAINTAINERS = Access(allowed=frozenset({"maintainer", "admin"}), hidden=NON_MEMBERS)
LEADS = Access(allowed=frozenset({"lead", "admin"}))
ADMINS = Access(allowed=frozenset({"admin"}))
SIGNED_IN_ADMINS = Access(allowed=frozenset({"admin"}), tokens=403)

ROUTES: Mapping[str, Access] = {
    "GET /healthz": ANYBODY,
    "GET /.well-known/muster-evidence.json": ANYBODY,
    "GET /install/worker.sh": ANYBODY,
    "GET /install/requirements-worker.txt": ANYBODY,
    "GET /install/*": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ADMINS,  # and this host, and the scrape token: tests/app/api
    "GET /api/openapi.json": ANYBODY,
    "GET /api/docs": ANYBODY,
    "POST /api/auth/login": ANYBODY,
    "POST /api/auth/refresh": ANYBODY,
    "POST /api/auth/browser/login": ANYBODY,
    "POST /api/auth/browser/refresh": ANYBODY,
    "POST /api/auth/browser/logout": ANYBODY,
    "POST /api/auth/reauthenticate": SIGNED_IN,
    "POST /api/auth/logout": SIGNED_IN,
    "GET /api/auth/providers": ANYBODY,
    "POST /api/auth/invitations/inspect": ANYBODY,
    "POST /api/auth/invitations/accept": ANYBODY,
    "GET /api/auth/oidc/*/start": ANYBODY,
    "GET /api/auth/oidc/*/callback": ANYBODY,
    "POST /api/auth/oidc/exchange": ANYBODY,
    "POST /api/auth/oidc/logout": SIGNED_IN,
    "POST /api/auth/device": ANYBODY,
    "POST /api/auth/device/token": ANYBODY,
    "GET /api/web/device/*": SIGNED_IN,
    "POST /api/web/device/*/approve": SIGNED_IN,
    "POST /api/web/device/*/deny": SIGNED_IN,
    "GET /api/web/tasks": DEVELOPER,
    "POST /api/web/tasks": BY_MEMBERS,
    "GET /api/web/tasks/*": SEEN,
    "POST /api/web/tasks/*/cancel": BY_OWNERS_AND_LEADS,
    "POST /api/web/tasks/*/retry": BY_OWNERS,
    "POST /api/web/tasks/*/confirm-stage": BY_MEMBERS,
    "GET /api/web/tasks/*/pending-confirm": SEEN,
    "POST /api/web/tasks/*/send-back": BY_MEMBERS,
    "GET /api/web/tasks/*/follow-ups": SEEN,
    "POST /api/web/tasks/*/follow-ups": BY_MEMBERS,
    "GET /api/web/tasks/*/follow-ups/*": SEEN,
    "DELETE /api/web/tasks/*/follow-ups/*": BY_MEMBERS,
    "GET /api/web/tasks/*/messages": SEEN,
    "POST /api/web/tasks/*/messages": BY_MEMBERS,
    "GET /api/web/tasks/*/messages/*": SEEN,
    "DELETE /api/web/tasks/*/messages/*": BY_MEMBERS,
    "POST /api/web/tasks/*/interrupt": BY_OWNERS,
    "POST /api/web/tasks/*/pty-token": SEEN,
    "GET /api/web/tasks/*/terminal-inputs": BY_MAINTAINERS,
    "GET /api/web/tasks/*/events": SEEN,
    "GET /api/web/tasks/*/diff": SEEN,
    "GET /api/web/tasks/*/files": SEEN,
    "GET /api/web/tasks/*/images/*": SEEN,
    "GET /api/web/tasks/*/logs": SEEN,
    "GET /api/web/tasks/*/logs/raw": SEEN,
    "GET /api/web/tasks/*/stream": SEEN,
    "GET /api/web/tasks/*/recording": SEEN,
    "GET /api/web/tasks/*/evidence": SEEN,
    "GET /api/web/tasks/*/transcript": SEEN,
    "GET /api/web/tasks/*/comments": SEEN,
    "POST /api/web/tasks/*/comments": BY_MEMBERS,
    "PUT /api/web/tasks/*/comments/*": MINE,
    "DELETE /api/web/tasks/*/comments/*": MINE,
    "POST /api/web/tasks/*/threads/*/resolve": BY_MEMBERS,
    "POST /api/web/tasks/*/threads/*/reopen": BY_MEMBERS,
    "GET /api/web/tasks/*/reviews": SEEN,
    "POST /api/web/tasks/*/reviews": BY_MEMBERS,
    "GET /api/web/tasks/*/viewed": SEEN,
    "PUT /api/web/tasks/*/viewed": BY_MEMBERS,
    "PUT /api/web/tasks/*/dismiss": BY_CREATOR,
    "GET /api/web/inbox": DEVELOPER,
    "GET /api/web/getting-started": DEVELOPER,
    "PUT /api/web/getting-started": ADMINS,
    "GET /api/web/usage": DEVELOPER,
    "GET /api/web/workspaces/*": SEEN,
    "POST /api/web/workspace-tunnel/*/start": BY_OWNERS,
    "POST /api/web/workspace-tunnel/*/stop": BY_OWNERS,
    "GET /api/web/workspace-tunnel/*/status": SEEN,
    "GET /api/web/agents": DEVELOPER,
    "GET /api/web/machines": DEVELOPER,
    "GET /api/web/machines/*": DEVELOPER,
    "GET /api/web/machines/*/tasks": DEVELOPER,
    "GET /api/web/machines/*/samples": DEVELOPER,
    "GET /api/web/machines/-/samples": DEVELOPER,
    "POST /api/web/machines/*/drain": LEADS,
    "POST /api/web/machines/*/undrain": LEADS,
    "GET /api/web/projects": DEVELOPER,
    "GET /api/web/projects/-/developers": DEVELOPER,
    "GET /api/web/projects/*": SEEN,
    "GET /api/web/projects/*/budget": SEEN,
    "POST /api/web/projects/-/pipeline/dry-run": DEVELOPER,
    "POST /api/web/projects/*/pipeline/dry-run": SEEN,
    "PUT /api/web/projects/*": BY_MAINTAINERS,
    "DELETE /api/web/projects/*/secrets": BY_MAINTAINERS,
    "POST /api/web/projects/*/network/allow": BY_MAINTAINERS,
    "POST /api/web/projects/*/checks": BY_MAINTAINERS,
    "GET /api/web/projects/*/deploy-key": BY_MAINTAINERS,
    "POST /api/web/projects/*/deploy-key": BY_MAINTAINERS,
    "GET /api/web/projects/*/checks/*": BY_MAINTAINERS,
    "POST /api/web/projects/*/images": BY_MEMBERS,
    "DELETE /api/web/images/*": MINE,
    "GET /api/web/projects/*/members": BY_MAINTAINERS,
    "POST /api/web/projects/*/members": BY_MAINTAINERS,
    "DELETE /api/web/projects/*/members": BY_MAINTAINERS,
    "GET /api/web/profile": DEVELOPER,
    "GET /api/web/profile/budget": DEVELOPER,
    "PUT /api/web/profile": DEVELOPER,
    "PUT /api/web/profile/password": SIGNED_IN,
    "POST /api/web/profile/totp/setup": SIGNED_IN,
    "POST /api/web/profile/totp/verify": SIGNED_IN,
    "POST /api/web/profile/totp/disable": SIGNED_IN,
    "GET /api/web/profile/notifications": DEVELOPER,
    "PUT /api/web/profile/notifications": DEVELOPER,
    "GET /api/web/stream": DEVELOPER,
    "GET /api/web/profile/sessions": SIGNED_IN,
    "DELETE /api/web/profile/sessions": SIGNED_IN,
    "DELETE /api/web/profile/sessions/*": MINE_SIGNED_IN,
    "GET /api/web/profile/tokens": DEVELOPER,
    "POST /api/web/profile/tokens": SIGNED_IN,
    "POST /api/web/profile/chat-token": SIGNED_IN,
    "POST /api/web/profile/tokens/*/revoke": MINE,
    "GET /api/web/profile/drafts": DEVELOPER,
    "POST /api/web/profile/drafts": DEVELOPER,
    "PUT /api/web/profile/drafts/*": MINE,
    "DELETE /api/web/profile/drafts/*": MINE,
    "GET /api/web/profile/views": DEVELOPER,
    "POST /api/web/profile/views": DEVELOPER,
    "PUT /api/web/profile/views/*": MINE,
    "DELETE /api/web/profile/views/*": MINE,
    "GET /api/web/dashboard/stats": DEVELOPER,
    "GET /api/web/dashboard/recent-tasks": DEVELOPER,
    "GET /api/web/dashboard/recent-activity": DEVELOPER,
    "GET /api/web/notifications": DEVELOPER,
    "POST /api/web/notifications/*/read": MINE,
    "POST /api/web/notifications/read-all": DEVELOPER,
    "POST /api/web/notifications/unread": DEVELOPER,
    "GET /api/web/search": DEVELOPER,
    "GET /api/admin/developers": ADMINS,
    "POST /api/admin/developers": SIGNED_IN_ADMINS,
    "PUT /api/admin/developers/*": ADMINS,
    "PUT /api/admin/developers/*/reset-totp": SIGNED_IN_ADMINS,
    "DELETE /api/admin/developers/*/sessions": ADMINS,
    "GET /api/admin/developers/*/identities": ADMINS,
    "POST /api/admin/developers/*/identities": SIGNED_IN_ADMINS,
    "DELETE /api/admin/developers/*/identities/*": ADMINS,
    "GET /api/admin/identity-providers": ADMINS,
    "POST /api/admin/identity-providers": SIGNED_IN_ADMINS,
    "PUT /api/admin/identity-providers/*": SIGNED_IN_ADMINS,
    "DELETE /api/admin/identity-providers/*": ADMINS,
    "GET /api/admin/projects": ADMINS,
    "POST /api/admin/projects": ADMINS,
    "POST /api/admin/projects/-/checks": ADMINS,
    "POST /api/admin/projects/-/deploy-key": ADMINS,
    "GET /api/admin/projects/-/checks/*": ADMINS,
    "PUT /api/admin/projects/*": ADMINS,
    "DELETE /api/admin/projects/*": ADMINS,
    "DELETE /api/admin/projects/*/secrets": ADMINS,
    "GET /api/admin/projects/*/members": ADMINS,
    "POST /api/admin/projects/*/members": ADMINS,
    "DELETE /api/admin/projects/*/members": ADMINS,
    "GET /api/admin/invitations": ADMINS,
    "POST /api/admin/invitations": SIGNED_IN_ADMINS,
    "DELETE /api/admin/invitations/*": ADMINS,
    "GET /api/admin/worker-tokens": ADMINS,
    "POST /api/admin/worker-tokens": SIGNED_IN_ADMINS,
    "POST /api/admin/worker-tokens/*/revoke": ADMINS,
    "GET /api/admin/worker-tokens/*/status": ADMINS,
    "GET /api/admin/machines": ADMINS,
    "PUT /api/admin/machines/*": ADMINS,
    "DELETE /api/admin/machines/*": ADMINS,
    "GET /api/admin/bots": ADMINS,
    "POST /api/admin/bots": SIGNED_IN_ADMINS,
    "PUT /api/admin/bots/*": SIGNED_IN_ADMINS,
    "DELETE /api/admin/bots/*": ADMINS,
    "POST /api/admin/bots/*/test": ADMINS,
    "GET /api/admin/bots/all-bindings": ADMINS,
    "GET /api/admin/bots/*/bindings": ADMINS,
    "POST /api/admin/bots/*/bindings": ADMINS,
    "DELETE /api/admin/bots/*/bindings": ADMINS,
    "GET /api/admin/deliveries": ADMINS,
    "POST /api/admin/deliveries/*/retry": ADMINS,
    "GET /api/admin/audit-logs": ADMINS,
    "GET /api/admin/settings": ADMINS,
    "PUT /api/admin/settings": SIGNED_IN_ADMINS,
    "GET /api/workers/healthz": ANYBODY,
    "POST /api/workers/register": ANYBODY,
    "POST /api/workers/refresh-token": WORKER,
    "POST /api/workers/recover": ANYBODY,
    "GET /api/workers/images/*": WORKER,
    "POST /api/workers/uninstalled": WORKER,
    "GET /api/workers/connect": FIRST_FRAME,
    "GET /api/workers/pty/*": FIRST_FRAME,
    "GET /ws/pty/*": FIRST_FRAME,
    "POST /webhook/slack/events": SIGNATURES,
    "POST /webhook/slack/interact": SIGNATURES,
    "POST /webhook/slack/commands": SIGNATURES,
    "POST /webhook/lark": SIGNATURES,
}


def expected(route: str, credential: str) -> int:
    """The status of a request with that credential (`member`, `member's token`, `expired`, …).

    0 for anything that is no refusal.
    """
    access = ROUTES[route]
    person, _, kind = credential.partition("'s ")
    if person.endswith(FROM_PROVIDER):
        # As others of that standing; but what is the member's own is not theirs.
        person = (
            person.removesuffix(FROM_PROVIDER) if access.allowed != MINE.allowed else "stranger"
        )
    if access.credential_kind == OPEN:
        return 0
    if access.credential_kind == SIGNED:
        return 401
    if access.credential_kind == WORKERS:
        return 0 if credential == "worker" else 401
    if person not in EVERYBODY or (kind and access.tokens == 401):
        return 401
    if not scopes_table.is_within(kind, route):
        return 403
    if person in access.hidden or (kind == "token elsewhere" and access.hidden):
        return 404
    if person not in access.allowed:
        return 403
    return access.tokens if kind else 0
