"""What a developer's credential opens: a permission of theirs, in a project that it covers."""

import pytest

from app.domain.access import Access
from app.domain.errors import DomainError, Forbidden, InsufficientScope, NotFound
from app.domain.roles import Permission, Person, ProjectRole, SystemRole
from app.domain.token_scope import AccessScope

MEMBER = Person(SystemRole.DEVELOPER, ProjectRole.MEMBER)
LEAD, ADMIN = Person(SystemRole.LEAD), Person(SystemRole.ADMIN)
HERE, ELSEWHERE = 1, 2


def access(person: Person, *, deleted: bool = False, **limits: list[str] | list[int]) -> Access:
    scope = AccessScope.from_columns(limits.get("scopes"), limits.get("projects"))  # type: ignore[arg-type]
    return Access(person, scope, HERE, is_deleted=deleted)


@pytest.mark.parametrize(
    ("access", "act", "expected"),
    [
        pytest.param(access(MEMBER), Permission.REVIEW, None, id="a member reviews"),
        pytest.param(access(MEMBER), Permission.RETRY_TASK, Forbidden, id="and retries nothing"),
        pytest.param(
            access(Person(SystemRole.DEVELOPER)), Permission.REVIEW, NotFound, id="unseen"
        ),
        pytest.param(
            access(MEMBER, scopes=["read"]), Permission.REVIEW, InsufficientScope, id="scope"
        ),
        pytest.param(
            access(MEMBER, scopes=["read"]), Permission.RETRY_TASK, Forbidden, id="role first"
        ),
        pytest.param(access(MEMBER, scopes=["read"]), Permission.SEE_PROJECT, None, id="reads"),
        pytest.param(access(MEMBER, projects=[HERE]), Permission.REVIEW, None, id="covered"),
        pytest.param(
            access(ADMIN, projects=[ELSEWHERE]), Permission.SEE_PROJECT, NotFound, id="elsewhere"
        ),
        pytest.param(
            access(MEMBER, deleted=True), Permission.SEE_PROJECT, NotFound, id="deleted, member"
        ),
        pytest.param(
            access(LEAD, deleted=True), Permission.CANCEL_TASK, NotFound, id="deleted, lead"
        ),
        pytest.param(
            access(ADMIN, deleted=True), Permission.CANCEL_TASK, None, id="deleted, admin ends"
        ),
        pytest.param(
            access(ADMIN, deleted=True), Permission.RETRY_TASK, Forbidden, id="deleted, no more"
        ),
    ],
)
def test_a_permission_is_refused_with_a_reason(
    access: Access, act: Permission, expected: type[DomainError] | None
) -> None:
    refusal = access.find_refusal(act)
    assert (type(refusal) if refusal else None) is expected
    assert access.allows(act) is (expected is None)
