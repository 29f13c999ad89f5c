"""What people may set in a project, beyond the right to change it."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.domain import field_errors, repository
from app.domain.errors import Forbidden, InvalidFields
from app.extensions import db
from app.models import Developer, Machine, Project
from app.services import rights

# The login for the repository's host: encrypted, and only for that host.
CREDENTIAL_FIELDS = {"git_token": "gitToken", "ssh_key": "sshKey"}


def require_new_login(project: Project, fields: Mapping[str, Any]) -> None:
    """Raise InvalidFields if the URL changes its host and a stored token or key stays.

    Otherwise, maintainers could send unreadable secrets to a host of their own, or use them there.
    """
    url = fields.get("repo_url", project.repo_url)
    if repository.origin(url) == repository.origin(project.repo_url):
        return
    left = [
        name
        for name in CREDENTIAL_FIELDS
        if getattr(project, name) is not None and name not in fields
    ]
    if left:
        raise InvalidFields(
            {CREDENTIAL_FIELDS[name]: [field_errors.LOGIN_LEFT_BEHIND] for name in left}
        )


def require_repo_permission(actor: Developer, project: Project, fields: Mapping[str, Any]) -> None:
    """Raise Forbidden if machines would use their own disk or ssh keys, and the actor isn't an
    admin.

    They don't belong to the project. Maintainers may keep such a URL, but not set one, nor remove
    the key of an ssh URL. (Machines have their own rules, too:
    `muster/worker/git/local_repositories` and `ssh`.)
    """
    before = repository.machine_credential_url(
        project.repo_url, has_key=project.ssh_key is not None
    )
    has_key = bool(fields.get("ssh_key", project.ssh_key))
    after = repository.machine_credential_url(
        fields.get("repo_url", project.repo_url), has_key=has_key
    )
    if after is not None and after != before:
        try:
            rights.require_admin(actor)
        except Forbidden:
            what = "an ssh URL without sshKey" if repository.is_ssh(after) else "a file: URL"
            raise Forbidden(f"Only an admin can set {what}.") from None


def require_protection_permission(
    actor: Developer, project: Project, fields: Mapping[str, Any]
) -> None:
    """Raise Forbidden if it would change which machines may have the project's work and secrets,
    and the actor isn't an admin.
    """
    protected = fields.get("protected", project.protected)
    machines = fields.get("protected_machines", project.protected_machines)
    if protected != project.protected or set(map(str, machines)) != set(project.protected_machines):
        try:
            rights.require_admin(actor)
        except Forbidden:
            raise Forbidden(
                "Only an admin can protect a project and choose its machines."
            ) from None


def known_machines(ids: Sequence[uuid.UUID]) -> list[str]:
    """Return the unique IDs in stored form. Raises InvalidFields for an unknown machine."""
    known = set(db.session.scalars(select(Machine.id).where(Machine.id.in_(ids))))
    if missing := [str(id_) for id_ in ids if id_ not in known]:
        raise InvalidFields(
            {"protectedMachines": [field_errors.UNKNOWN_MACHINE(machine=missing[0])]}
        )
    return sorted(map(str, known))
