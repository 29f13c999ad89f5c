"""Single sign-on providers, as admins create them. Client secrets are stored encrypted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.exc import IntegrityError

from app.domain import field_errors
from app.domain.errors import AlreadyExists, InvalidFields, NotFound
from app.domain.sso import InvalidSignIn
from app.extensions import db
from app.models import Developer, DeveloperIdentity, IdentityProvider, Project
from app.services import audit, clock, encryption, rights
from app.services.accounts import account_admin
from app.services.sso import metadata, role_grants

# Their names in the API and the audit log.
_NAMES = {
    "label": "label",
    "client_id": "clientId",
    "scopes": "scopes",
    "enabled": "enabled",
    "create_accounts": "createAccounts",
    "match_email": "matchEmail",
    "email_domains": "emailDomains",
    "groups_claim": "groupsClaim",
    "allowed_groups": "allowedGroups",
    "roles": "roles",
    "memberships": "memberships",
}

_BY_DEFAULT: dict[str, Any] = {
    "scopes": "openid profile email",
    "email_domains": [],
    "allowed_groups": [],
    "roles": [],
    "memberships": [],
}


def listing(actor: Developer) -> Select[IdentityProvider]:
    """Return the query of all providers. Raises Forbidden."""
    rights.require_admin(actor)
    return select(IdentityProvider)


def list_enabled() -> list[IdentityProvider]:
    """Return the providers that people can sign in with, oldest first."""
    wanted = select(IdentityProvider).where(IdentityProvider.enabled).order_by(IdentityProvider.id)
    return list(db.session.scalars(wanted))


def find_by_name(name: str) -> IdentityProvider:
    """Return the provider with that name that people can sign in with. Raises NotFound."""
    provider = db.session.scalar(
        select(IdentityProvider).where(IdentityProvider.name == name, IdentityProvider.enabled)
    )
    if provider is None:
        raise NotFound("Provider not found.")
    return provider


def find_enabled(provider_id: int) -> IdentityProvider:
    """Return the provider of a started sign-in. Raises InvalidSignIn if it's deleted or off."""
    provider = db.session.get(IdentityProvider, provider_id, populate_existing=True)
    if provider is None or not provider.enabled:
        raise InvalidSignIn
    return provider


def require_enabled(name: str) -> IdentityProvider:
    """Return an enabled provider by the name in a request. Raises InvalidFields."""
    provider = next((each for each in list_enabled() if each.name == name), None)
    if provider is None:
        raise InvalidFields({"provider": [field_errors.NO_SUCH_PROVIDER]})
    return provider


def create(
    actor: Developer, *, name: str, issuer: str, client_secret: str | None, **fields: Any
) -> IdentityProvider:
    """Create a provider; `fields` are those of `update`. Commits.

    Raises Forbidden, InvalidFields, AlreadyExists.
    """
    rights.require_admin(actor)
    now = clock.now()
    provider = IdentityProvider(name=name, issuer=issuer, created_at=now, updated_at=now)
    if not metadata.is_secure(issuer):
        raise InvalidFields({"issuer": [field_errors.NO_HTTPS_URL]})
    _set_fields(provider, _BY_DEFAULT | fields, client_secret)
    db.session.add(provider)
    try:
        db.session.flush()
    except IntegrityError:
        db.session.rollback()
        raise AlreadyExists("A provider with that name already exists.") from None
    audited_fields = _audited_fields(provider)
    audit.record(
        "identity_provider.created", "identity_provider", name, actor=actor, after=audited_fields
    )
    db.session.commit()
    return provider


def update(actor: Developer, provider_id: int, **fields: Any) -> IdentityProvider:
    """Change the given fields; name and issuer can't change, because identities depend on them.
    Commits.

    A client secret of None is removed. Raises Forbidden, NotFound, InvalidFields.
    """
    rights.require_admin(actor)
    provider = _lock(provider_id)
    before = _audited_fields(provider)
    secret = fields.pop("client_secret", provider)
    _set_fields(provider, fields, secret)
    provider.updated_at = clock.now()
    audit.record(
        *("identity_provider.updated", "identity_provider", provider.name),
        actor=actor,
        before=before,
        after=_audited_fields(provider),
    )
    db.session.commit()
    metadata.clear_cache(provider.issuer)
    return provider


def delete(actor: Developer, provider_id: int) -> None:
    """Delete a provider with all its identities, and revoke the roles that their groups granted.
    Commits.

    Raises Forbidden, NotFound.
    """
    rights.require_admin(actor)
    provider = _lock(provider_id)
    theirs = select(DeveloperIdentity).where(DeveloperIdentity.provider_id == provider.id)
    for identity in db.session.scalars(theirs.order_by(DeveloperIdentity.developer_id)).all():
        delete_identity(identity)
    db.session.delete(provider)
    audited_fields = _audited_fields(provider)
    audit.record(
        *("identity_provider.deleted", "identity_provider", provider.name),
        actor=actor,
        before=audited_fields,
    )
    db.session.commit()


def delete_identity(identity: DeveloperIdentity) -> None:
    """Delete an identity, and revoke the roles that its groups granted. The caller commits."""
    developer, others = account_admin.lock_with_admins(identity.developer_id)
    role_grants.apply_roles(developer, identity, None, {}, clock.now(), is_only_admin=not others)
    db.session.delete(identity)
    db.session.flush()


def _lock(provider_id: int) -> IdentityProvider:
    provider = db.session.get(
        IdentityProvider, provider_id, with_for_update=True, populate_existing=True
    )
    if provider is None:
        raise NotFound("Provider not found.")
    return provider


def _set_fields(provider: IdentityProvider, fields: Mapping[str, Any], secret: Any) -> None:
    """`secret`: the provider itself if it doesn't change."""
    _require_projects(fields.get("memberships") or [])
    if "openid" not in fields.get("scopes", "openid").split():
        raise InvalidFields({"scopes": [field_errors.OPENID_NEEDED]})
    for name, value in fields.items():
        setattr(provider, name, value)
    if secret is not provider:
        provider.client_secret = encryption.encrypt(secret) if secret else None


def _require_projects(memberships: list[dict[str, Any]]) -> None:
    wanted = {rule["project_key"].lower() for rule in memberships}
    keys = select(func.lower(Project.key)).where(
        func.lower(Project.key).in_(wanted), Project.deleted_at.is_(None)
    )
    if missing := wanted - set(db.session.scalars(keys)):
        raise InvalidFields({"memberships": [field_errors.UNKNOWN_PROJECT(project=min(missing))]})


def _audited_fields(provider: IdentityProvider) -> dict[str, Any]:
    fields = {called: getattr(provider, name) for name, called in _NAMES.items()}
    # The replacement of the secret is recorded; the audit log omits its value.
    fields["memberships"] = [
        {"group": rule["group"], "projectKey": rule["project_key"], "role": rule["role"]}
        for rule in provider.memberships
    ]
    return {"issuer": provider.issuer, **fields, "clientSecret": provider.client_secret}
