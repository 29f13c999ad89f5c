"""Single sign-on: a person's identity by a provider's claims, whether they may sign in, and the
roles that their groups grant.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.domain.errors import Forbidden, Unauthenticated
from app.domain.roles import ProjectRole, SystemRole

# Limits on a provider's claims.
MAX_SUBJECT = 255
MAX_NAME = 100
MAX_EMAIL = 200
MAX_GROUPS = 2000
# Maximum difference between the provider's clock and ours.
SKEW = timedelta(seconds=30)

_SYSTEM = tuple(SystemRole)  # the higher, the later
_PROJECT = tuple(ProjectRole)
_EMAIL = re.compile(r"[^\s<>@]+@[^\s<>@]+")


class InvalidSignIn(Unauthenticated):
    """The sign-in at the provider is invalid or has expired. Start again."""

    code = "invalid_sign_in"


@dataclass(frozen=True)
class ExternalUser:
    """A person from a provider. `email` is verified by the provider, in lower case."""

    subject: str
    email: str | None
    username: str
    full_name: str
    groups: frozenset[str]


class SignInRefused(Forbidden):
    """That account of the provider isn't allowed to sign in here."""

    code = "sign_in_refused"

    def __init__(self, reason: str, who: ExternalUser | None = None) -> None:
        super().__init__()
        self.reason, self.who = reason, who  # for the audit log


def user_from_claims(claims: Mapping[str, Any], groups_claim: str) -> ExternalUser:
    """Return the person of an ID token's or userinfo's claims. Raises ValueError."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise ValueError("the subject is invalid")
    email = _email(claims)
    username = _single_line(claims.get("preferred_username")) or (email or "").partition("@")[0]
    return ExternalUser(
        subject=subject,
        email=email,
        username=username,
        full_name=_single_line(claims.get("name")) or username,
        groups=_groups(claims, groups_claim),
    )


def find_refusal(
    who: ExternalUser, email_domains: Collection[str], allowed_groups: Collection[str]
) -> str | None:
    """Return why the provider's rules reject the person; None if they don't."""
    if email_domains and (who.email or "").rpartition("@")[2] not in email_domains:
        return "email_domain"
    if allowed_groups and who.groups.isdisjoint(allowed_groups):
        return "groups"
    return None


def account_names(who: ExternalUser) -> Iterator[str]:
    """Yield names for a new account, the best first, without end."""
    base = who.username.partition("@")[0].strip() or "developer"
    yield base
    number = 2
    while True:
        yield f"{base[: MAX_NAME - 10]}-{number}"
        number += 1


def system_role(
    groups: Collection[str], mapping: Sequence[tuple[str, SystemRole]]
) -> SystemRole | None:
    """Return the highest role that the groups grant; None if they grant none."""
    return higher_role(*(role for group, role in mapping if group in groups))


def project_roles(
    groups: Collection[str], mapping: Sequence[tuple[str, str, ProjectRole]]
) -> dict[str, ProjectRole]:
    """Return the highest role in each project that the groups grant, by lower-case project key."""
    given: dict[str, ProjectRole] = {}
    for group, key, role in mapping:
        if group in groups:
            given[key.lower()] = higher_project_role(given.get(key.lower()), role) or role
    return given


def higher_role(*roles: SystemRole | None) -> SystemRole | None:
    """Return the highest system role, if any."""
    return max((role for role in roles if role), key=_SYSTEM.index, default=None)


def higher_project_role(*roles: ProjectRole | None) -> ProjectRole | None:
    """Return the highest project role, if any."""
    return max((role for role in roles if role), key=_PROJECT.index, default=None)


def has_signed_in_since(claims: Mapping[str, Any], begun_at: datetime) -> bool:
    """Whether the provider confirms a sign-in there since then."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return False
    return bool(at >= (begun_at - SKEW).timestamp())


def _email(claims: Mapping[str, Any]) -> str | None:
    email = claims.get("email")
    verified = claims.get("email_verified")
    # Some providers write booleans as strings.
    if not (verified is True or verified == "true") or not isinstance(email, str):
        return None
    fits = len(email) <= MAX_EMAIL and email.isprintable() and _EMAIL.fullmatch(email)
    return email.lower() if fits else None


def _groups(claims: Mapping[str, Any], name: str) -> frozenset[str]:
    """Return the groups in that claim; dots lead to nested claims."""
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    listed = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    return frozenset(group for group in listed[:MAX_GROUPS] if isinstance(group, str))


def has_groups(claims: Mapping[str, Any], name: str) -> bool:
    """Whether the claim exists, even if it's empty."""
    return name in claims or name.partition(".")[0] in claims


def _single_line(text: object) -> str:
    """Return the text as a one-line name; empty if it isn't one."""
    if not isinstance(text, str):
        return ""
    shown = "".join(c for c in text if c.isprintable() and c not in "<>").strip()
    return shown[:MAX_NAME].strip()
