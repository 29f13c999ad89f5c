"""The people of projects who can answer gates: active members and admins."""

from collections.abc import Collection, Iterable

from sqlalchemy import and_, or_, select

from app.domain.answerers import EligiblePerson
from app.domain.roles import Permission, Person, SystemRole, is_allowed
from app.extensions import db
from app.models import Developer, ProjectMember


def read_people(project_ids: Collection[int]) -> dict[int, dict[int, EligiblePerson]]:
    """Return whom the permissions table lets answer gates in each project, by ID. One query."""
    query = (
        select(Developer.id, Developer.name, Developer.role.label("system_role"))
        .add_columns(ProjectMember.project_id, ProjectMember.role)
        .outerjoin(
            ProjectMember,
            and_(
                ProjectMember.developer_id == Developer.id,
                ProjectMember.project_id.in_(project_ids),
            ),
        )
        .where(
            Developer.disabled_at.is_(None),
            or_(Developer.role == SystemRole.ADMIN, ProjectMember.project_id.is_not(None)),
        )
    )
    found: dict[int, dict[int, EligiblePerson]] = {project_id: {} for project_id in project_ids}
    for row in db.session.execute(query):
        member = EligiblePerson(row.name, Person(row.system_role, row.role))
        if not is_allowed(Permission.ANSWER_GATE, member.person):
            continue
        if row.project_id is not None:
            found[row.project_id][row.id] = member
        if row.system_role is SystemRole.ADMIN:  # of the projects where they aren't members
            for people in found.values():
                people.setdefault(row.id, EligiblePerson(row.name, Person(row.system_role)))
    return found


def find_unknown(developer_ids: Iterable[int]) -> set[int]:
    """Return the IDs that no account has."""
    wanted = set(developer_ids)
    if not wanted:
        return set()
    query = select(Developer.id).where(Developer.id.in_(wanted))
    return wanted - set(db.session.scalars(query))
