"""Who may do what: contract.md's table, against everybody a developer can be."""

from itertools import product

import pytest

from app.domain import roles
from app.domain.roles import Permission, Person, ProjectRole, Relation, SystemRole

# Columns: a developer outside the project, its member, its maintainer, a member who made the task,
# one who made it and has left the project, a lead outside, an admin outside.
WHO = {
    "outsider": Person(SystemRole.DEVELOPER),
    "member": Person(SystemRole.DEVELOPER, ProjectRole.MEMBER),
    "maintainer": Person(SystemRole.DEVELOPER, ProjectRole.MAINTAINER),
    "creator": Person(SystemRole.DEVELOPER, ProjectRole.MEMBER, is_creator=True),
    "left": Person(SystemRole.DEVELOPER, None, is_creator=True),
    "lead": Person(SystemRole.LEAD),
    "admin": Person(SystemRole.ADMIN),
}
RIGHTS = """
                     outsider member maintainer creator left lead admin
    see_machines     yes      yes    yes        yes     yes  yes  yes
    drain_machine    .        .      .          .       .    yes  yes
    see_project      .        yes    yes        yes     .    yes  yes
    create_task      .        yes    yes        yes     .    .    yes
    answer_gate      .        yes    yes        yes     .    .    yes
    review           .        yes    yes        yes     .    .    yes
    watch_terminal   .        yes    yes        yes     .    yes  yes
    control_terminal .        .      yes        yes     .    .    yes
    see_terminal_inputs .     .      yes        .       .    .    yes
    cancel_task      .        .      yes        yes     .    yes  yes
    retry_task       .        .      yes        yes     .    .    yes
    follow_up        .        yes    yes        yes     .    .    yes
    control_tunnel   .        .      yes        yes     .    .    yes
    see_members      .        .      yes        .       .    .    yes
    change_project   .        .      yes        .       .    .    yes
    administer       .        .      .          .       .    .    yes
"""


def _cells() -> list[tuple[str, str, bool]]:
    head, *rows = (line.split() for line in RIGHTS.strip().splitlines())
    return [
        (act, who, cell == "yes")
        for act, *cells in rows
        for who, cell in zip(head, cells, strict=True)
    ]


CELLS = _cells()


def test_the_table_names_every_act_and_everybody():
    assert {(act, who) for act, who, _ in CELLS} == set(product(Permission, WHO))
    assert roles.TABLE.keys() == set(Permission)


@pytest.mark.parametrize(("act", "who", "granted"), CELLS, ids=[f"{w}-{a}" for a, w, _ in CELLS])
def test_a_right_is_granted_as_the_contract_says(act: str, who: str, granted: bool):
    assert roles.is_allowed(Permission(act), WHO[who]) is granted


EVERYBODY = [
    Person(system, project, creator)
    for system, project, creator in product(SystemRole, [None, *ProjectRole], [False, True])
]


@pytest.mark.parametrize("act", Permission)
def test_an_admin_may_do_everything(act: Permission):
    assert all(roles.is_allowed(act, p) for p in EVERYBODY if p.system_role is SystemRole.ADMIN)


@pytest.mark.parametrize("act", Permission)
def test_a_higher_role_never_loses_a_right(act: Permission):
    system, project = list(SystemRole), [None, *ProjectRole]
    for a, b in product(EVERYBODY, EVERYBODY):
        if (
            system.index(a.system_role) <= system.index(b.system_role)
            and project.index(a.project_role) <= project.index(b.project_role)
            and a.is_creator <= b.is_creator
        ):
            assert roles.is_allowed(act, a) <= roles.is_allowed(act, b)


@pytest.mark.parametrize("act", Permission)
@pytest.mark.parametrize("system", SystemRole)
def test_having_made_a_task_grants_nothing_to_one_who_left(act: Permission, system: SystemRole):
    left = Person(system, None, is_creator=True)
    assert roles.is_allowed(act, left) is roles.is_allowed(act, Person(system))
    assert Relation.CREATOR not in roles.relations_of(left)


def test_a_lead_who_is_a_member_has_both_sets_of_rights():
    both = Person(SystemRole.LEAD, ProjectRole.MEMBER)
    assert roles.relations_of(both) == {Relation.ANYONE, Relation.LEAD, Relation.MEMBER}
    assert roles.is_allowed(Permission.ANSWER_GATE, both)
    assert roles.is_allowed(Permission.DRAIN_MACHINE, both)
    assert not roles.is_allowed(Permission.RETRY_TASK, both)


def test_a_member_has_some_permissions_only_in_tasks_that_they_created() -> None:
    member = WHO["member"]
    assert Permission.CANCEL_TASK not in roles.project_permissions(member)
    assert Permission.CANCEL_TASK in roles.own_task_permissions(member)
    assert roles.own_task_permissions(WHO["maintainer"]) == []


def test_permissions_outside_projects_are_not_a_projects() -> None:
    listed = set(roles.project_permissions(WHO["admin"]))
    assert set(Permission) - listed == {
        Permission.SEE_MACHINES,
        Permission.DRAIN_MACHINE,
        Permission.ADMINISTER,
    }
