"""Network access of a project's stages: hosts are allowed one by one."""

from app.domain import field_errors, network
from app.domain.errors import InvalidFields, NetworkOpen
from app.domain.field_errors import InvalidValue
from app.domain.roles import Permission
from app.extensions import db
from app.models import Developer, Project
from app.services import audit, rights
from app.services.projects import projects


def allow_host(actor: Developer, key: str, host: str) -> Project:
    """Allow a host for the project's stages, and return the project. Commits.

    An already allowed one changes nothing. It applies to stages that start from now on, except
    those with their own network setting. Raises NotFound, Forbidden, InvalidFields, NetworkOpen.
    """
    rights.require(Permission.CHANGE_PROJECT, actor, projects.get(actor, key))
    try:
        entry = network.canonicalize(host)
    except InvalidValue as error:
        raise InvalidFields({"host": [error.error]}) from None
    project = projects.lock_project(key)
    before = project.network
    if before is None:
        raise NetworkOpen
    if entry not in before:
        if len(before) >= network.MAX_HOSTS:
            raise InvalidFields({"host": [field_errors.TOO_MANY_HOSTS(max=network.MAX_HOSTS)]})
        project.network = [*before, entry]
        audit.record(
            "project.updated",
            "project",
            project.key,
            actor=actor,
            before={"network": network.to_api(before)},
            after={"network": network.to_api(project.network)},
        )
    db.session.commit()
    return project
