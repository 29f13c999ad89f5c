"""Developers' identities at providers, as admins see and link them."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.exc import IntegrityError

from app.domain import field_errors
from app.domain.errors import Conflict, InvalidFields, NotFound
from app.extensions import db
from app.models import Developer, DeveloperIdentity, IdentityProvider
from app.services import audit, clock, rights
from app.services.accounts import account_admin
from app.services.sso import account_match, providers


class IdentityTaken(Conflict):
    """That identity is already linked to an account, or the account to another one there."""

    code = "identity_taken"


@dataclass(frozen=True)
class LinkedIdentity:
    """An identity, and its provider's name."""

    identity: DeveloperIdentity
    provider: str


def listing(actor: Developer, developer_id: int) -> Select[DeveloperIdentity]:
    """Return the query of an account's identities. Raises Forbidden, NotFound."""
    rights.require_admin(actor)
    if db.session.get(Developer, developer_id) is None:
        raise NotFound("Developer not found.")
    return select(DeveloperIdentity).where(DeveloperIdentity.developer_id == developer_id)


def views(identities: Iterable[DeveloperIdentity]) -> list[LinkedIdentity]:
    """Return the identities with their providers' names, in the same order, by one query."""
    names = {row.id: row.name for row in db.session.scalars(select(IdentityProvider))}
    return [LinkedIdentity(each, names[each.provider_id]) for each in identities]


def create(actor: Developer, developer_id: int, *, provider: str, subject: str) -> LinkedIdentity:
    """Link the developer to an identity at a provider. Commits.

    Raises Forbidden, NotFound, InvalidFields, IdentityTaken.
    """
    rights.require_admin(actor)
    developer, _ = account_admin.lock_with_admins(developer_id)
    named = select(IdentityProvider).where(IdentityProvider.name == provider)
    found = db.session.scalar(named)
    if found is None:
        raise InvalidFields({"provider": [field_errors.NO_SUCH_PROVIDER]})
    try:
        identity = account_match.create_identity(
            found, developer, subject, None, clock.now(), actor=actor
        )
    except IntegrityError:
        db.session.rollback()
        raise IdentityTaken from None
    db.session.commit()
    return LinkedIdentity(identity, found.name)


def delete(actor: Developer, developer_id: int, identity_id: int) -> None:
    """Unlink an identity, and revoke the roles that its groups granted. Commits.

    Raises Forbidden, NotFound.
    """
    rights.require_admin(actor)
    identity = db.session.get(DeveloperIdentity, identity_id)
    if identity is None or identity.developer_id != developer_id:
        raise NotFound("Identity not found.")
    (view,) = views([identity])
    providers.delete_identity(identity)
    before = {"provider": view.provider, "subject": identity.subject, "email": identity.email}
    audit.record("identity.unlinked", "developer", developer_id, actor=actor, before=before)
    db.session.commit()
