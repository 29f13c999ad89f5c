"""How far credentials reach."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.access import Access
from app.domain.roles import Permission, Person, SystemRole
from app.domain.token_scope import REQUIRED_SCOPE, UNRESTRICTED, AccessScope, TokenScope

R, T, P, A = TokenScope.READ, TokenScope.TASKS, TokenScope.PROJECTS, TokenScope.ADMIN
SCOPES = st.none() | st.lists(st.sampled_from([*TokenScope]), min_size=1)
PROJECTS = st.none() | st.lists(st.integers(1, 5), min_size=1)


def test_every_act_needs_a_scope() -> None:
    assert REQUIRED_SCOPE.keys() == set(Permission)


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (None, {R, T, P, A}),
        (["read"], {R}),
        (["tasks"], {R, T}),
        (["projects"], {R, P}),
        (["admin"], {R, P, A}),
        (["tasks", "admin"], {R, T, P, A}),
    ],
)
def test_each_scope_implies_reading_and_the_admins_projects(
    scopes: list[str] | None, allowed: set[TokenScope]
) -> None:
    assert {
        scope for scope in TokenScope if AccessScope.from_columns(scopes, None).allows(scope)
    } == allowed


def test_what_is_for_some_projects_is_for_nothing_beyond_projects() -> None:
    reach = AccessScope.from_columns(None, [1])
    assert [scope for scope in TokenScope if reach.allows(scope)] == [R, T, P]
    assert not AccessScope.from_columns(["admin"], [1]).allows(R)


@given(SCOPES, PROJECTS, st.sampled_from([*Permission]), st.integers(1, 5))
def test_narrowing_never_widens(
    scopes: list[str] | None, projects: list[int] | None, act: Permission, project: int
) -> None:
    def allows(scope: AccessScope) -> bool:
        return Access(Person(SystemRole.ADMIN), scope, project).allows(act)

    both = allows(AccessScope.from_columns(scopes, projects))
    assert allows(UNRESTRICTED)
    assert not both or projects is None or project in projects
    assert both <= allows(AccessScope.from_columns(scopes, None))
    assert both <= allows(AccessScope.from_columns(None, projects))
