"""A developer's access to a project and its tasks, with the credential of their request."""

from dataclasses import dataclass

from app.domain.errors import DomainError, Forbidden, InsufficientScope, NotFound
from app.domain.roles import Permission, Person, SystemRole, is_allowed
from app.domain.token_scope import REQUIRED_SCOPE, AccessScope

# In a deleted project, admins can read the history and end what still runs, and nothing else.
_IN_DELETED = frozenset(
    {Permission.SEE_PROJECT, Permission.CANCEL_TASK, Permission.SEE_TERMINAL_INPUTS}
)


@dataclass(frozen=True)
class Access:
    """Whose access it is, and to which project. `is_deleted`: the project has been deleted."""

    person: Person
    scope: AccessScope
    project_id: int
    is_deleted: bool = False

    def allows(self, act: Permission) -> bool:
        return self.find_refusal(act) is None

    def find_refusal(self, act: Permission) -> DomainError | None:
        """Return why the permission is refused; None if they have it.

        NotFound if they can't even see the project; InsufficientScope if only the credential lacks
        the permission.
        """
        is_gone = self.is_deleted and self.person.system_role is not SystemRole.ADMIN
        is_visible = is_allowed(Permission.SEE_PROJECT, self.person) and not is_gone
        if not is_visible or not self.scope.covers(self.project_id):
            return NotFound()
        if self.is_deleted and act not in _IN_DELETED:
            return Forbidden("The project has been deleted.")
        return find_refusal(act, self.person, self.scope)


def find_refusal(act: Permission, person: Person, scope: AccessScope) -> Forbidden | None:
    """Return why the permission is refused, wherever it is needed; None if they have it."""
    if not is_allowed(act, person):
        return Forbidden()
    if not scope.allows(required := REQUIRED_SCOPE[act]):
        return InsufficientScope(f"This needs a token with the scope `{required}`.")
    return None
