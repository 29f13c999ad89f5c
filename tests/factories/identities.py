"""Providers of single sign-on, and who developers are there."""

from typing import Any

from app.models import Developer, DeveloperIdentity, IdentityProvider
from tests.factories.rows import now, numbers, stored


def make_provider(**fields: Any) -> IdentityProvider:
    """A provider without a client secret, by which nobody gets an account of their own."""
    name = f"idp{next(numbers)}"
    defaults = {
        "name": name,
        "label": name.title(),
        "issuer": f"https://{name}.example.org",
        "client_id": "muster",
        "scopes": "openid profile email",
        "enabled": True,
        "create_accounts": False,
        "match_email": True,
        "email_domains": [],
        "groups_claim": "groups",
        "allowed_groups": [],
        "roles": [],
        "memberships": [],
        "created_at": now(),
        "updated_at": now(),
    }
    return stored(IdentityProvider, defaults, fields)


def make_identity(
    developer: Developer, provider: IdentityProvider, **fields: Any
) -> DeveloperIdentity:
    """Who the developer is at the provider."""
    defaults = {
        "developer_id": developer.id,
        "provider_id": provider.id,
        "subject": f"subject{next(numbers)}",
        "projects": {},
        "linked_at": now(),
    }
    return stored(DeveloperIdentity, defaults, fields)
