"""Who is asking. Under /api everything is closed that is not listed here.

Authentication comes before anything else of a request is looked at, so that a stranger learns
nothing, not even which paths there are.
"""

from collections.abc import Callable

from flask import Flask, g, request

from app.domain.errors import Forbidden, InvalidToken, SessionRequired, Unauthenticated
from app.domain.roles import Act, Person, may
from app.models import Developer, Machine
from app.services.people import auth, personal_tokens, tokens

# These authenticate by what is in their body or in their first frame, or not at all.
OPEN = (
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/workers/healthz",
    "/api/workers/register",
    "/api/workers/recover",
    "/api/workers/connect",
    "/api/workers/pty/<int:task_id>",
    "/api/openapi.json",
    "/api/docs",
)

# A personal access token is good in these rooms,
FOR_PERSONAL_TOKENS = ("/api/web/", "/api/admin/")
# but whoever has copied one must not be able to make their access last, or lock the owner out.
NOT_FOR_PERSONAL_TOKENS = frozenset(
    {
        ("PUT", "/api/web/profile/password"),
        ("POST", "/api/web/profile/tokens"),
        ("POST", "/api/web/profile/chat-token"),
        ("POST", "/api/web/profile/totp/setup"),
        ("POST", "/api/web/profile/totp/verify"),
        ("POST", "/api/web/profile/totp/disable"),
    }
)


# And what would let somebody in who need not be the owner of the token, or a machine or a bot that
# outlives it. Here it is known, and the answer says what is missing.
NEEDS_SESSION = frozenset(
    {
        ("POST", "/api/admin/developers"),
        ("PUT", "/api/admin/developers/<int:developer_id>/reset-totp"),
        ("POST", "/api/admin/worker-tokens"),
        ("POST", "/api/admin/bots"),
        ("PUT", "/api/admin/bots/<int:bot_id>"),
        ("PUT", "/api/admin/settings"),
    }
)


def current_developer() -> Developer:
    """Who is signed in, on a route that a guard has let them pass to."""
    developer: Developer = g.developer
    return developer


def current_credential() -> str:
    """What they came with."""
    return _bearer()


def has_session() -> bool:
    """Whether they have signed in themselves: the credential is no personal access token."""
    return not g.by_personal_token


def current_machine() -> Machine:
    """The machine whose worker is asking, likewise."""
    machine: Machine = g.machine
    return machine


def install(app: Flask) -> None:
    app.before_request(_guard)


def _guard() -> None:
    path = _path()
    if path in OPEN:
        return
    for prefix, require in GUARDS:
        if path.startswith(prefix):
            require()
            return


def _path() -> str:
    """The rule that will serve the request, for a path has more than one spelling."""
    return request.url_rule.rule if request.url_rule else request.path


def _require_developer() -> None:
    credential = _bearer()
    g.by_personal_token = personal_tokens.is_one(credential)
    if not g.by_personal_token:
        g.developer = auth.developer_of(credential)
    elif takes_personal_tokens(request.method, _path()):
        g.developer = personal_tokens.developer_of(credential)
    else:
        raise InvalidToken


def takes_personal_tokens(method: str, path: str) -> bool:
    """Whether a personal access token is good there; `path` is a rule's."""
    return path.startswith(FOR_PERSONAL_TOKENS) and (method, path) not in NOT_FOR_PERSONAL_TOKENS


def _require_admin() -> None:
    _require_developer()
    if not may(Act.ADMINISTER, Person(current_developer().role)):
        raise Forbidden
    if g.by_personal_token and (request.method, _path()) in NEEDS_SESSION:
        raise SessionRequired


def _require_machine() -> None:
    g.machine = tokens.machine_of(_bearer())


GUARDS: tuple[tuple[str, Callable[[], None]], ...] = (
    ("/api/admin/", _require_admin),
    ("/api/workers/", _require_machine),
    ("/api/", _require_developer),
)


def _bearer() -> str:
    """The credential. Raises Unauthenticated."""
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential.strip():
        raise Unauthenticated
    return credential.strip()
