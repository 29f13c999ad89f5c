"""What narrowed personal tokens open: one scope for each route that takes personal tokens."""

from collections.abc import Mapping

READ, TASKS, PROJECTS, ADMIN = "read", "tasks", "projects", "admin"

_WEB: Mapping[str, str] = {
    READ: """
        GET /agents                 GET /machines                GET /machines/*
        GET /machines/*/samples     GET /machines/-/samples
        GET /machines/*/tasks       GET /dashboard/stats         GET /dashboard/recent-tasks
        GET /dashboard/recent-activity                           GET /usage
        GET /notifications          GET /stream                  GET /search
        GET /profile                GET /profile/notifications   GET /workspaces/*
        GET /projects               GET /projects/*              GET /projects/-/developers
        GET /projects/*/budget      GET /projects/*/members      GET /workspace-tunnel/*/status
        POST /projects/*/pipeline/dry-run   POST /projects/-/pipeline/dry-run
        GET /tasks                  GET /tasks/*                 GET /tasks/*/events
        GET /tasks/*/logs           GET /tasks/*/logs/raw        GET /tasks/*/pending-confirm
        GET /tasks/*/recording      GET /tasks/*/stream          GET /tasks/*/terminal-inputs
        GET /tasks/*/transcript     GET /tasks/*/evidence        POST /tasks/*/pty-token
        GET /tasks/*/comments       GET /tasks/*/reviews      GET /tasks/*/follow-ups
        GET /tasks/*/follow-ups/*   GET /tasks/*/viewed
        GET /tasks/*/messages       GET /tasks/*/messages/*
        GET /tasks/*/diff           GET /tasks/*/files           GET /inbox
        GET /getting-started        GET /tasks/*/images/*
    """,
    TASKS: """
        POST /tasks                 POST /tasks/*/cancel         POST /tasks/*/confirm-stage
        POST /tasks/*/retry         POST /workspace-tunnel/*/start
        POST /tasks/*/comments      PUT /tasks/*/comments/*      DELETE /tasks/*/comments/*
        POST /tasks/*/reviews       POST /tasks/*/threads/*/resolve
        POST /tasks/*/threads/*/reopen                           PUT /tasks/*/viewed
        POST /workspace-tunnel/*/stop                            POST /tasks/*/follow-ups
        DELETE /tasks/*/follow-ups/*   POST /tasks/*/send-back   PUT /tasks/*/dismiss
        POST /tasks/*/messages      DELETE /tasks/*/messages/*   POST /tasks/*/interrupt
        POST /notifications/*/read  POST /notifications/read-all
        POST /notifications/unread  POST /projects/*/images      DELETE /images/*
    """,
    PROJECTS: """
        PUT /projects/*             POST /projects/*/network/allow
        POST /projects/*/members    DELETE /projects/*/members   DELETE /projects/*/secrets
        POST /projects/*/checks     GET /projects/*/checks/*
        POST /projects/*/deploy-key GET /projects/*/deploy-key
    """,
    ADMIN: """
        POST /machines/*/drain      POST /machines/*/undrain
        PUT /profile                PUT /profile/notifications   GET /profile/budget
        GET /profile/tokens         POST /profile/tokens/*/revoke
        GET /profile/drafts         POST /profile/drafts         PUT /profile/drafts/*
        DELETE /profile/drafts/*    GET /profile/views           POST /profile/views
        PUT /profile/views/*        DELETE /profile/views/*      PUT /getting-started
    """,
}
SCOPES = [
    (f"{method} /api/web{path}", scope)
    for scope, text in _WEB.items()
    for method, path in zip(text.split()[::2], text.split()[1::2], strict=True)
]
_BY_ROUTE = dict(SCOPES)

# By what the matrix calls the tokens. One that is for some projects opens nothing beyond projects.
NARROWED: Mapping[str, frozenset[str]] = {
    "read token": frozenset({READ}),
    "tasks token": frozenset({READ, TASKS}),
    "projects token": frozenset({READ, PROJECTS}),
    "admin token": frozenset({READ, PROJECTS, ADMIN}),
    "token here": frozenset({READ, TASKS, PROJECTS}),
    "token elsewhere": frozenset({READ, TASKS, PROJECTS}),
}


def scope_of(route: str) -> str:
    is_admins = route.split()[1].startswith(("/api/admin/", "/metrics"))
    return ADMIN if is_admins else _BY_ROUTE[route]


def is_within(kind: str, route: str) -> bool:
    """Whether a token of that kind is for such routes."""
    return kind not in NARROWED or scope_of(route) in NARROWED[kind]
