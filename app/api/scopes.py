"""The scope that each route requires of a limited personal access token.

Limited tokens don't work for routes that aren't listed. Services check again, by permission
(`services.rights`).
"""

from collections.abc import Mapping

from app.domain.token_scope import TokenScope

# All of these belong to admins; reading there exposes everyone's data.
ADMIN_PREFIXES = ("/api/admin/", "/metrics")

_WEB: Mapping[TokenScope, tuple[str, ...]] = {
    TokenScope.READ: (
        "GET /agents",
        "GET /dashboard/recent-activity",
        "GET /dashboard/recent-tasks",
        "GET /dashboard/stats",
        "GET /getting-started",
        "GET /inbox",
        "GET /machines",
        "GET /machines/-/samples",
        "GET /machines/<uuid:machine_id>",
        "GET /machines/<uuid:machine_id>/samples",
        "GET /machines/<uuid:machine_id>/tasks",
        "GET /notifications",
        "GET /profile",
        "GET /profile/notifications",
        "GET /projects",
        "GET /projects/-/developers",
        "GET /projects/<key>",
        "GET /projects/<key>/budget",
        "GET /projects/<key>/members",
        "GET /search",
        "GET /stream",
        "GET /tasks",
        "GET /tasks/<int:task_id>",
        "GET /tasks/<int:task_id>/comments",
        "GET /tasks/<int:task_id>/diff",
        "GET /tasks/<int:task_id>/events",
        "GET /tasks/<int:task_id>/files",
        "GET /tasks/<int:task_id>/follow-ups",
        "GET /tasks/<int:task_id>/follow-ups/<int:follow_up_id>",
        "GET /tasks/<int:task_id>/messages",
        "GET /tasks/<int:task_id>/messages/<int:message_id>",
        "GET /tasks/<int:task_id>/evidence",
        "GET /tasks/<int:task_id>/images/<int:image_id>",
        "GET /tasks/<int:task_id>/logs",
        "GET /tasks/<int:task_id>/logs/raw",
        "GET /tasks/<int:task_id>/pending-confirm",
        "GET /tasks/<int:task_id>/recording",
        "GET /tasks/<int:task_id>/reviews",
        "GET /tasks/<int:task_id>/stream",
        "GET /tasks/<int:task_id>/terminal-inputs",
        "GET /tasks/<int:task_id>/transcript",
        "GET /tasks/<int:task_id>/viewed",
        "GET /usage",
        "GET /workspace-tunnel/<int:task_id>/status",
        "GET /workspaces/<int:task_id>",
        "POST /projects/-/pipeline/dry-run",
        "POST /projects/<key>/pipeline/dry-run",
        "POST /tasks/<int:task_id>/pty-token",  # typing requires TASKS: `services.terminals`
    ),
    TokenScope.TASKS: (
        "DELETE /tasks/<int:task_id>/comments/<int:comment_id>",
        "DELETE /tasks/<int:task_id>/follow-ups/<int:follow_up_id>",
        "DELETE /tasks/<int:task_id>/messages/<int:message_id>",
        "POST /notifications/<int:notification_id>/read",
        "POST /notifications/read-all",
        "POST /notifications/unread",
        "DELETE /images/<int:image_id>",
        "POST /projects/<key>/images",
        "POST /tasks",
        "POST /tasks/<int:task_id>/cancel",
        "POST /tasks/<int:task_id>/comments",
        "POST /tasks/<int:task_id>/confirm-stage",
        "POST /tasks/<int:task_id>/follow-ups",
        "POST /tasks/<int:task_id>/send-back",
        "POST /tasks/<int:task_id>/interrupt",
        "POST /tasks/<int:task_id>/messages",
        "POST /tasks/<int:task_id>/retry",
        "POST /tasks/<int:task_id>/reviews",
        "POST /tasks/<int:task_id>/threads/<int:thread_id>/reopen",
        "POST /tasks/<int:task_id>/threads/<int:thread_id>/resolve",
        "POST /workspace-tunnel/<int:task_id>/start",
        "POST /workspace-tunnel/<int:task_id>/stop",
        "PUT /tasks/<int:task_id>/comments/<int:comment_id>",
        "PUT /tasks/<int:task_id>/dismiss",
        "PUT /tasks/<int:task_id>/viewed",
    ),
    TokenScope.PROJECTS: (
        "DELETE /projects/<key>/members",
        "DELETE /projects/<key>/secrets",
        "POST /projects/<key>/members",
        "GET /projects/<key>/checks/<check_id>",
        "POST /projects/<key>/deploy-key",
        "GET /projects/<key>/deploy-key",
        "POST /projects/<key>/checks",
        "POST /projects/<key>/network/allow",
        "PUT /projects/<key>",
    ),
    # Your own account is in no project, and its other tokens name projects.
    TokenScope.ADMIN: (
        "DELETE /profile/drafts/<int:draft_id>",
        "DELETE /profile/views/<int:view_id>",
        "GET /profile/budget",
        "GET /profile/drafts",
        "GET /profile/tokens",
        "GET /profile/views",
        "POST /machines/<uuid:machine_id>/drain",
        "POST /machines/<uuid:machine_id>/undrain",
        "POST /profile/drafts",
        "POST /profile/tokens/<int:token_id>/revoke",
        "POST /profile/views",
        "PUT /getting-started",
        "PUT /profile",
        "PUT /profile/drafts/<int:draft_id>",
        "PUT /profile/notifications",
        "PUT /profile/views/<int:view_id>",
    ),
}
_BY_ROUTE = {
    f"{method} /api/web{path}": scope
    for scope, routes in _WEB.items()
    for method, path in (route.split() for route in routes)
}


def required_scope(method: str, path: str) -> TokenScope | None:
    """Return the scope for a route, whose URL rule is `path`; None: limited tokens don't work."""
    if path.startswith(ADMIN_PREFIXES):
        return TokenScope.ADMIN
    return _BY_ROUTE.get(f"{'GET' if method == 'HEAD' else method} {path}")
