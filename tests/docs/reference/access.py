"""Who has access: to routes, by role to what, and by a token's scope."""

from typing import NamedTuple

from app.domain.roles import TABLE, Permission, Relation
from app.domain.token_scope import REQUIRED_SCOPE, AccessScope, TokenScope
from tests.contract import rights_table as rights
from tests.contract.rights_table import Access
from tests.docs.reference.markdown import (
    format_code,
    format_table,
    join_blocks,
)
from tests.docs.reference.texts import TEXTS, format_intro

NO_TOKEN = "personal access tokens get 401"
NO_TOKEN_OF_ADMINS = "personal access tokens get 403 `session_required`"


class NamedAccess(NamedTuple):
    """What the page calls an `Access` of the rights table, and what that means."""

    name: str
    access: Access
    text: str


NAMED = (
    NamedAccess("anyone", rights.ANYBODY, "No credential, or one in the body or a cookie"),
    NamedAccess("developers", rights.DEVELOPER, "Any developer; lists show what you can see"),
    NamedAccess("developers, no PAT", rights.SIGNED_IN, f"The same; {NO_TOKEN}"),
    NamedAccess("its owner", rights.MINE, "The developer whose it is; others get 404"),
    NamedAccess("its owner, no PAT", rights.MINE_SIGNED_IN, f"The same; {NO_TOKEN}"),
    NamedAccess("project viewers", rights.SEEN, "Members of the project, leads, admins"),
    NamedAccess("members", rights.BY_MEMBERS, "Members of the project, admins"),
    NamedAccess("task creator", rights.BY_CREATOR, "The task's creator, while a member"),
    NamedAccess("task owners", rights.BY_OWNERS, "The same, maintainers, admins"),
    NamedAccess("task owners, leads", rights.BY_OWNERS_AND_LEADS, "The same, and leads"),
    NamedAccess("maintainers", rights.BY_MAINTAINERS, "Maintainers of the project, admins"),
    NamedAccess("leads", rights.LEADS, "Leads, admins"),
    NamedAccess("admins", rights.ADMINS, "Admins"),
    NamedAccess("admins, no PAT", rights.SIGNED_IN_ADMINS, f"Admins; {NO_TOKEN_OF_ADMINS}"),
    NamedAccess("machines", rights.WORKER, "A worker JWT"),
    NamedAccess("first frame", rights.FIRST_FRAME, "The credential in the first frame"),
    NamedAccess("chat platforms", rights.SIGNATURES, "The platform's signature"),
)
SCRAPERS = ("scrapers", "Clients on the server's host, the scrape token, admins")
"""The rights table has admins for `/metrics`; the others are tried in tests/app/api."""
METRICS = "GET /metrics"


def name_access(route: str, wildcard_route: str) -> str:
    """What the page calls access to a route, which `wildcard_route` is in the rights table."""
    if route == METRICS:
        return SCRAPERS[0]
    access = rights.ROUTES[wildcard_route]
    return next(each.name for each in NAMED if each.access == access)


def render_access_names() -> str:
    rows = [(each.name, each.text) for each in NAMED]
    return format_table(("access", "who"), [*rows, SCRAPERS])


def render_permissions() -> str:
    rows = [
        (
            f"`{permission}`",
            TEXTS["permissions"][permission],
            format_code(relation for relation in Relation if relation in TABLE[permission]),
            f"`{REQUIRED_SCOPE[permission]}`",
        )
        for permission in Permission
    ]
    return join_blocks(
        format_intro("permissions"),
        format_table(("permission", "allows", "granted to", "scope"), rows),
    )


def render_scopes() -> str:
    rows = [
        (f"`{scope}`", format_code(_implied(scope)), TEXTS["scopes"][scope]) for scope in TokenScope
    ]
    return join_blocks(format_intro("scopes"), format_table(("scope", "implies", "opens"), rows))


def _implied(scope: TokenScope) -> list[TokenScope]:
    allowed = AccessScope(frozenset({scope}))
    return [other for other in TokenScope if other is not scope and allowed.allows(other)]
