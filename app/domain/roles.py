"""Rights (contract.md, section 1): the table of permissions."""

from dataclasses import dataclass, replace
from enum import StrEnum


class SystemRole(StrEnum):
    DEVELOPER = "developer"
    LEAD = "lead"
    ADMIN = "admin"


class ProjectRole(StrEnum):
    MEMBER = "member"
    MAINTAINER = "maintainer"


class Permission(StrEnum):
    SEE_MACHINES = "see_machines"
    DRAIN_MACHINE = "drain_machine"
    SEE_PROJECT = "see_project"
    CREATE_TASK = "create_task"
    ANSWER_GATE = "answer_gate"
    REVIEW = "review"
    WATCH_TERMINAL = "watch_terminal"
    CONTROL_TERMINAL = "control_terminal"
    SEE_TERMINAL_INPUTS = "see_terminal_inputs"
    CANCEL_TASK = "cancel_task"
    RETRY_TASK = "retry_task"
    FOLLOW_UP = "follow_up"
    CONTROL_TUNNEL = "control_tunnel"
    SEE_MEMBERS = "see_members"
    CHANGE_PROJECT = "change_project"
    ADMINISTER = "administer"


class Relation(StrEnum):
    """A developer's relation to a project or a task. Each relation grants permissions by itself."""

    ANYONE = "anyone"  # any signed-in developer
    MEMBER = "member"
    MAINTAINER = "maintainer"
    CREATOR = "creator"
    LEAD = "lead"
    ADMIN = "admin"


_MEMBERS = frozenset({Relation.MEMBER, Relation.MAINTAINER, Relation.ADMIN})
_OWNERS = frozenset({Relation.CREATOR, Relation.MAINTAINER, Relation.ADMIN})

TABLE: dict[Permission, frozenset[Relation]] = {
    Permission.SEE_MACHINES: frozenset({Relation.ANYONE}),
    Permission.DRAIN_MACHINE: frozenset({Relation.LEAD, Relation.ADMIN}),
    Permission.SEE_PROJECT: _MEMBERS | {Relation.LEAD},
    Permission.CREATE_TASK: _MEMBERS,
    Permission.ANSWER_GATE: _MEMBERS,
    Permission.REVIEW: _MEMBERS,
    Permission.WATCH_TERMINAL: _MEMBERS
    | {Relation.LEAD},  # anyone who can read the log sees the same bytes
    Permission.CONTROL_TERMINAL: _OWNERS,
    Permission.SEE_TERMINAL_INPUTS: frozenset({Relation.MAINTAINER, Relation.ADMIN}),
    Permission.CANCEL_TASK: _OWNERS | {Relation.LEAD},
    Permission.RETRY_TASK: _OWNERS,
    Permission.FOLLOW_UP: _MEMBERS,  # requesting changes also answers the gate
    Permission.CONTROL_TUNNEL: _OWNERS,
    Permission.SEE_MEMBERS: frozenset({Relation.MAINTAINER, Relation.ADMIN}),
    Permission.CHANGE_PROJECT: frozenset({Relation.MAINTAINER, Relation.ADMIN}),
    Permission.ADMINISTER: frozenset({Relation.ADMIN}),
}


@dataclass(frozen=True)
class Person:
    """A developer in relation to one project and one task of it."""

    system_role: SystemRole
    project_role: ProjectRole | None = None
    is_creator: bool = False


def relations_of(person: Person) -> frozenset[Relation]:
    """Return all relations of the person."""
    found = {Relation.ANYONE}
    if person.system_role is not SystemRole.DEVELOPER:
        found.add(Relation(person.system_role))
    if person.project_role is not None:
        found.add(Relation(person.project_role))
        # A creator who has left the project no longer has rights to its tasks.
        if person.is_creator:
            found.add(Relation.CREATOR)
    return frozenset(found)


def is_allowed(act: Permission, person: Person) -> bool:
    """Whether the person has the permission."""
    return bool(TABLE[act] & relations_of(person))


# These aren't in any project.
_OUTSIDE_PROJECTS = frozenset(
    {Permission.SEE_MACHINES, Permission.DRAIN_MACHINE, Permission.ADMINISTER}
)


def project_permissions(person: Person) -> list[Permission]:
    """Return the person's permissions in the project and all its tasks, in the table's order."""
    return [act for act in TABLE if act not in _OUTSIDE_PROJECTS and is_allowed(act, person)]


def own_task_permissions(person: Person) -> list[Permission]:
    """Return the permissions that the person has only in tasks that they created."""
    everywhere = project_permissions(person)
    created = replace(person, is_creator=True)
    return [act for act in project_permissions(created) if act not in everywhere]
