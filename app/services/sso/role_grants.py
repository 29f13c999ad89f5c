"""Roles that a person's groups grant: applied at each sign-in, and revoked when the groups are
gone.

Roles granted by people stay: the higher of the two applies.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from app.domain import sso
from app.domain.roles import ProjectRole, SystemRole
from app.extensions import db
from app.models import Developer, DeveloperIdentity, IdentityProvider, Project, ProjectMember
from app.services import audit
from app.services.accounts import logins


def roles_from_groups(
    provider: IdentityProvider, groups: frozenset[str]
) -> tuple[SystemRole | None, dict[int, ProjectRole]]:
    """Return the system role, and the role in each project by its ID, that the provider's groups
    grant.
    """
    roles = [(rule["group"], SystemRole(rule["role"])) for rule in provider.roles]
    named = [
        (rule["group"], rule["project_key"], ProjectRole(rule["role"]))
        for rule in provider.memberships
    ]
    by_key = sso.project_roles(groups, named)
    found = db.session.execute(
        select(Project.id, func.lower(Project.key)).where(
            func.lower(Project.key).in_(by_key), Project.deleted_at.is_(None)
        )
    )
    return sso.system_role(groups, roles), {id_: by_key[key] for id_, key in found}


def apply_roles(
    developer: Developer,
    identity: DeveloperIdentity,
    role: SystemRole | None,
    projects: Mapping[int, ProjectRole],
    now: datetime,
    *,
    is_only_admin: bool,
) -> None:
    """Grant the developer what the identity's groups grant now, and revoke what they granted
    before.

    The caller holds the developer's lock, and commits. Another system role ends all logins, as when
    an admin sets it. The only admin stays one, whatever the groups.
    """
    before = {int(id_) for id_ in identity.projects}
    identity.role = role
    identity.projects = {str(id_): given.value for id_, given in projects.items()}
    db.session.flush()
    identities = _list_identities(developer)
    was: dict[str, Any] = {"role": developer.role, "members": {}}
    became: dict[str, Any] = {"members": {}}
    _set_role(developer, sso.higher_role(*(each.role for each in identities)), is_only_admin)
    for project_id in sorted(before | projects.keys()):
        roles = [each.projects.get(str(project_id)) for each in identities]
        granted = sso.higher_project_role(*(ProjectRole(given) for given in roles if given))
        old, new = _set_membership(developer.id, project_id, granted)
        was["members"][str(project_id)] = old
        became["members"][str(project_id)] = new
    became["role"] = developer.role
    if was["role"] is not developer.role:
        developer.token_generation += 1
        logins.end_all(developer, now)
    audit.record(
        "developer.groups_applied", "developer", developer.id, actor=None, before=was, after=became
    )


def _list_identities(developer: Developer) -> list[DeveloperIdentity]:
    mine = select(DeveloperIdentity).where(DeveloperIdentity.developer_id == developer.id)
    return list(db.session.scalars(mine))


def _set_role(developer: Developer, granted: SystemRole | None, is_only_admin: bool) -> None:
    by_hand = developer.base_role or developer.role
    wanted = sso.higher_role(by_hand, granted) or by_hand
    if is_only_admin and wanted is not SystemRole.ADMIN:
        return
    developer.role = wanted
    developer.base_role = None if wanted is by_hand else by_hand


def _set_membership(
    developer_id: int, project_id: int, granted: ProjectRole | None
) -> tuple[ProjectRole | None, ProjectRole | None]:
    """Return the role before, and after."""
    key = (project_id, developer_id)
    member = db.session.get(ProjectMember, key, with_for_update=True, populate_existing=True)
    old = member.role if member else None
    by_hand = member.base_role if member and member.by_groups else old
    wanted = sso.higher_project_role(by_hand, granted)
    if wanted is None:
        if member is not None:
            db.session.delete(member)
            db.session.flush()
        return old, None
    if member is None:
        member = ProjectMember(project_id=project_id, developer_id=developer_id)
        db.session.add(member)
    member.role = wanted
    member.by_groups = wanted is not by_hand
    member.base_role = by_hand if member.by_groups else None
    db.session.flush()
    return old, wanted
