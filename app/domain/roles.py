"""Rights (contract.md, section 1): a table of which acts are granted to whom."""

from dataclasses import dataclass
from enum import StrEnum


class SystemRole(StrEnum):
    DEVELOPER = "developer"
    LEAD = "lead"
    ADMIN = "admin"


class ProjectRole(StrEnum):
    MEMBER = "member"
    MAINTAINER = "maintainer"


class Act(StrEnum):
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


class Standing(StrEnum):
    """What a developer is in relation to a project or a task. Each standing grants acts by
    itself.
    """

    ANYONE = "anyone"  # any signed-in developer
    MEMBER = "member"
    MAINTAINER = "maintainer"
    CREATOR = "creator"
    LEAD = "lead"
    ADMIN = "admin"


_MEMBERS = frozenset({Standing.MEMBER, Standing.MAINTAINER, Standing.ADMIN})
_OWNERS = frozenset({Standing.CREATOR, Standing.MAINTAINER, Standing.ADMIN})

TABLE: dict[Act, frozenset[Standing]] = {
    Act.SEE_MACHINES: frozenset({Standing.ANYONE}),
    Act.DRAIN_MACHINE: frozenset({Standing.LEAD, Standing.ADMIN}),
    Act.SEE_PROJECT: _MEMBERS | {Standing.LEAD},
    Act.CREATE_TASK: _MEMBERS,
    Act.ANSWER_GATE: _MEMBERS,
    Act.REVIEW: _MEMBERS,
    Act.WATCH_TERMINAL: _MEMBERS | {Standing.LEAD},  # who may read the log sees the same bytes
    Act.CONTROL_TERMINAL: _OWNERS,
    Act.SEE_TERMINAL_INPUTS: frozenset({Standing.MAINTAINER, Standing.ADMIN}),
    Act.CANCEL_TASK: _OWNERS | {Standing.LEAD},
    Act.RETRY_TASK: _OWNERS,
    Act.FOLLOW_UP: _MEMBERS,  # as an answer, which has a task go on likewise
    Act.CONTROL_TUNNEL: _OWNERS,
    Act.SEE_MEMBERS: frozenset({Standing.MAINTAINER, Standing.ADMIN}),
    Act.CHANGE_PROJECT: frozenset({Standing.MAINTAINER, Standing.ADMIN}),
    Act.ADMINISTER: frozenset({Standing.ADMIN}),
}


@dataclass(frozen=True)
class Person:
    """A developer in relation to one project and one task of it."""

    system_role: SystemRole
    project_role: ProjectRole | None = None
    is_creator: bool = False


def standings(person: Person) -> frozenset[Standing]:
    """All standings of the person."""
    found = {Standing.ANYONE}
    if person.system_role is not SystemRole.DEVELOPER:
        found.add(Standing(person.system_role))
    if person.project_role is not None:
        found.add(Standing(person.project_role))
        # A creator who has left the project has no rights to its tasks any more.
        if person.is_creator:
            found.add(Standing.CREATOR)
    return frozenset(found)


def may(act: Act, person: Person) -> bool:
    """Whether the table grants the act to the person."""
    return bool(TABLE[act] & standings(person))
