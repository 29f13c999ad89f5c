"""Authentication. All of /api and /metrics requires a credential, unless listed here.

It runs before anything else in a request is read, so anonymous clients learn nothing, not even
which paths exist.
"""

import hmac
import uuid
from collections.abc import Callable

from flask import Flask, current_app, g, request

from app import http_server
from app.api import client_address, request_limits, scopes
from app.domain import origin
from app.domain.errors import (
    Forbidden,
    InsufficientScope,
    InvalidToken,
    SessionRequired,
    Unauthenticated,
)
from app.domain.roles import Permission, Person, is_allowed
from app.domain.token_scope import UNRESTRICTED, AccessScope
from app.domain.tokens import digest
from app.models import Developer, Machine
from app.services.accounts import auth, personal_tokens, tokens

# These authenticate by their body, a cookie or their first frame, or not at all.
PUBLIC_ROUTES = (
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/auth/browser/login",
    "/api/auth/browser/refresh",
    "/api/auth/browser/logout",
    "/api/auth/providers",
    "/api/auth/oidc/<provider>/start",
    "/api/auth/oidc/<provider>/callback",
    "/api/auth/oidc/exchange",
    "/api/auth/invitations/inspect",
    "/api/auth/invitations/accept",
    "/api/auth/device",
    "/api/auth/device/token",
    "/api/workers/healthz",
    "/api/workers/register",
    "/api/workers/recover",
    "/api/workers/connect",
    "/api/workers/pty/<int:task_id>",
    "/api/openapi.json",
    "/api/docs",
)

# Personal access tokens are valid under these paths,
PERSONAL_TOKEN_PREFIXES = ("/api/web/", "/api/admin/", "/metrics")
# except for these: the thief of a token could extend their access, or lock the owner out.
PERSONAL_TOKEN_EXCLUSIONS = frozenset(
    {
        ("PUT", "/api/web/profile/password"),
        ("POST", "/api/web/profile/tokens"),
        ("POST", "/api/web/profile/chat-token"),
        ("POST", "/api/web/profile/totp/setup"),
        ("POST", "/api/web/profile/totp/verify"),
        ("POST", "/api/web/profile/totp/disable"),
        ("GET", "/api/web/profile/sessions"),
        ("DELETE", "/api/web/profile/sessions"),
        ("DELETE", "/api/web/profile/sessions/<uuid:session_id>"),
        ("GET", "/api/web/device/<user_code>"),
        ("POST", "/api/web/device/<user_code>/approve"),
        ("POST", "/api/web/device/<user_code>/deny"),
    }
)


# Nor for these, which could grant access to another person, or to a machine or a bot that outlives
# the token. The response is a 403 with a code that asks for a sign-in.
SESSION_REQUIRED_ROUTES = frozenset(
    {
        ("POST", "/api/admin/developers"),
        ("PUT", "/api/admin/developers/<int:developer_id>/reset-totp"),
        ("POST", "/api/admin/invitations"),
        ("POST", "/api/admin/worker-tokens"),
        ("POST", "/api/admin/bots"),
        ("PUT", "/api/admin/bots/<int:bot_id>"),
        ("PUT", "/api/admin/settings"),
        ("POST", "/api/admin/identity-providers"),
        ("PUT", "/api/admin/identity-providers/<int:provider_id>"),
        ("POST", "/api/admin/developers/<int:developer_id>/identities"),
    }
)


def current_developer() -> Developer:
    """Return the signed-in developer, on a route under /api that requires one."""
    developer: Developer = g.developer
    return developer


def current_credential() -> str:
    """Return the request's bearer credential. Raises Unauthenticated."""
    return _bearer_credential()


def current_login() -> uuid.UUID:
    """Return the login of the request's access token, on a route without personal access tokens.

    Raises InvalidToken.
    """
    return tokens.access_claims(_bearer_credential()).login


def current_login_or_none() -> uuid.UUID | None:
    """Return the login of the request's access token; None with a personal access token."""
    return current_login() if has_session() else None


def has_session() -> bool:
    """Whether the developer has signed in: the credential isn't a personal access token."""
    return not g.by_personal_token


def current_machine() -> Machine:
    """Return the machine whose worker sends the request, on a route under /api that requires
    one.
    """
    machine: Machine = g.machine
    return machine


def install(app: Flask) -> None:
    app.before_request(_guard)


def _guard() -> None:
    path = _route_path()
    if path in PUBLIC_ROUTES:
        request.max_content_length = http_server.MAX_ANONYMOUS_BODY_BYTES
        return
    for prefix, require in GUARDS:
        if path.startswith(prefix):
            try:
                require()
            finally:
                _count_request()
            return


def _count_request() -> None:
    """Count the request of a known client, even if it's rejected; its connection is no longer
    anonymous.
    """
    if "developer" in g or "machine" in g:
        http_server.mark_authenticated(request.environ)
        request_limits.count_request(_rate_limit_key())


def _rate_limit_key() -> str:
    """Return the rate limit key of the request's credential: a login (access tokens change), a
    personal access token, or a machine.
    """
    if "machine" in g:
        return f"machine:{g.machine.id}"
    if g.by_personal_token:
        return f"token:{digest(_bearer_credential())}"
    return f"login:{current_login()}"


def _route_path() -> str:
    """Return the URL rule that serves the request; a rule covers several spellings of a path."""
    return request.url_rule.rule if request.url_rule else request.path


def _require_developer() -> None:
    credential = _bearer_credential()
    g.by_personal_token = personal_tokens.is_personal_token(credential)
    if not g.by_personal_token:
        g.developer = auth.developer_of(credential, client_address.client_ip())
    elif accepts_personal_tokens(request.method, _route_path()):
        g.developer = personal_tokens.developer_of(credential)
        _require_scope(g.developer.access_scope)
    else:
        raise InvalidToken


def _require_scope(reach: AccessScope) -> None:
    """Raise InsufficientScope if the credential's scope excludes the route. Services check
    again, by permission.
    """
    if reach == UNRESTRICTED or request.url_rule is None:
        return
    scope = scopes.required_scope(request.method, _route_path())
    if scope is None or not reach.allows(scope):
        raise InsufficientScope


def accepts_personal_tokens(method: str, path: str) -> bool:
    """Whether personal access tokens are valid for the route; `path` is its URL rule."""
    return (
        path.startswith(PERSONAL_TOKEN_PREFIXES) and (method, path) not in PERSONAL_TOKEN_EXCLUSIONS
    )


def _require_admin() -> None:
    _require_developer()
    if not is_allowed(Permission.ADMINISTER, Person(current_developer().role)):
        raise Forbidden
    if g.by_personal_token and (request.method, _route_path()) in SESSION_REQUIRED_ROUTES:
        raise SessionRequired


def _require_scraper() -> None:
    """Require this host, the scrape token, or an admin; the first two without querying Postgres.

    A Host with another name may be a page in this host's browser, whose author pointed the name
    here to read the response.
    """
    is_ours = client_address.is_local_client() and origin.is_loopback(request.host)
    if not (is_ours or _has_scrape_token()):
        _require_admin()


def _has_scrape_token() -> bool:
    wanted = current_app.config["METRICS_TOKEN"]
    return bool(wanted) and hmac.compare_digest(_bearer_credential().encode(), wanted.encode())


def _require_machine() -> None:
    g.machine = tokens.machine_of(_bearer_credential())


GUARDS: tuple[tuple[str, Callable[[], None]], ...] = (
    ("/api/admin/", _require_admin),
    ("/api/workers/", _require_machine),
    ("/api/", _require_developer),
    ("/metrics", _require_scraper),
)


def _bearer_credential() -> str:
    """Return the credential of the Authorization header. Raises Unauthenticated."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated
    return credential.strip()
