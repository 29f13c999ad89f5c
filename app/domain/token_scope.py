"""The scope of a credential: its permissions and projects, within those of its owner.

A sign-in has no limits. A personal access token can be limited when it's created.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.roles import Permission


class TokenScope(StrEnum):
    """The scopes of a token, and what each implies (`_IMPLIED`)."""

    READ = "read"
    TASKS = "tasks"  # create, answer, review, retry, cancel them; type into terminals; open tunnels
    PROJECTS = "projects"  # change projects and their members
    ADMIN = "admin"  # everything outside projects: /api/admin, machines, your own account


_READ = frozenset({TokenScope.READ})
_IMPLIED: dict[TokenScope, frozenset[TokenScope]] = {
    TokenScope.READ: frozenset(),
    TokenScope.TASKS: _READ,
    TokenScope.PROJECTS: _READ,
    TokenScope.ADMIN: _READ | {TokenScope.PROJECTS},  # creating projects includes changing them
}

# The scope that each permission requires.
REQUIRED_SCOPE: dict[Permission, TokenScope] = {
    Permission.SEE_MACHINES: TokenScope.READ,
    Permission.DRAIN_MACHINE: TokenScope.ADMIN,
    Permission.SEE_PROJECT: TokenScope.READ,
    Permission.CREATE_TASK: TokenScope.TASKS,
    Permission.ANSWER_GATE: TokenScope.TASKS,
    Permission.REVIEW: TokenScope.TASKS,
    Permission.WATCH_TERMINAL: TokenScope.READ,
    Permission.CONTROL_TERMINAL: TokenScope.TASKS,
    Permission.SEE_TERMINAL_INPUTS: TokenScope.READ,
    Permission.CANCEL_TASK: TokenScope.TASKS,
    Permission.RETRY_TASK: TokenScope.TASKS,
    Permission.FOLLOW_UP: TokenScope.TASKS,
    Permission.CONTROL_TUNNEL: TokenScope.TASKS,
    Permission.SEE_MEMBERS: TokenScope.READ,
    Permission.CHANGE_PROJECT: TokenScope.PROJECTS,
    Permission.ADMINISTER: TokenScope.ADMIN,
}


@dataclass(frozen=True)
class AccessScope:
    """`projects` are IDs; None for all."""

    scopes: frozenset[TokenScope] = frozenset(TokenScope)
    projects: frozenset[int] | None = None

    @classmethod
    def from_columns(
        cls, scopes: Sequence[str] | None, projects: Sequence[int] | None
    ) -> "AccessScope":
        """Create it from a token's columns; None: no limit.

        A token for some projects only can't reach anything outside projects.
        """
        wanted = frozenset(TokenScope if scopes is None else map(TokenScope, scopes))
        if projects is None:
            return cls(wanted)
        return cls(wanted - {TokenScope.ADMIN}, frozenset(projects))

    def allows(self, scope: TokenScope) -> bool:
        return any(scope is each or scope in _IMPLIED[each] for each in self.scopes)

    def covers(self, project_id: int) -> bool:
        return self.projects is None or project_id in self.projects


UNRESTRICTED = AccessScope()
