"""The name of a task's branch: the project's template, filled with the task ID.

The rules are those of `git check-ref-format --branch`, plus rules that avoid collisions: a ref
can't exist where a directory of refs is.
"""

import re

from app.domain import field_errors
from app.domain.field_errors import FieldError

DEFAULT = "muster/{id}"
MAX_LENGTH = 200

_ID = "{id}"
# Each part is checked for what git forbids anywhere and in a part; the name for what it forbids
# overall.
_UNSAFE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{")
_UNSAFE_PART = re.compile(r"^$|^\.|\.lock$")
_ATTEMPTS = re.compile(r"muster/\d+-\d+(?:/|$)", re.IGNORECASE)


def render(template: str, task_id: int) -> str:
    """Return the name of the task's branch."""
    return template.replace(_ID, str(task_id))


def find_error(template: str, default_branch: str) -> FieldError | None:
    """Return why a project with that default branch can't use the template; None if it can."""
    if template.count(_ID) != 1:
        return field_errors.ID_NOT_ONCE
    example = render(template, 1)
    if not _is_branch(example) or set(example) & set("{}"):
        return field_errors.NO_BRANCH_TEMPLATE
    if len(template) > MAX_LENGTH:
        return field_errors.MUST_HAVE_AT_MOST(max=MAX_LENGTH)
    if _ATTEMPTS.match(example):
        return field_errors.BRANCH_OF_ATTEMPTS
    if _conflicts_with(template, default_branch):
        return field_errors.BRANCH_IN_THE_WAY(branch=default_branch)
    return None


def _is_branch(name: str) -> bool:
    parts = name.split("/")
    is_safe = not _UNSAFE.search(name) and not any(map(_UNSAFE_PART.search, parts))
    return is_safe and not name.startswith("-") and not name.endswith(".")


def _conflicts_with(template: str, other: str) -> bool:
    """Whether, for some ID, the branch would be the other one, its directory, or below it."""
    before, after = template.split(_ID)
    name = re.compile(f"{re.escape(before)}[1-9][0-9]*{re.escape(after)}")
    parts = other.split("/")
    if any(name.fullmatch("/".join(parts[:count])) for count in range(1, len(parts) + 1)):
        return True
    return _can_start_with(before, after, f"{other}/")


def _can_start_with(before: str, after: str, start: str) -> bool:
    if before.startswith(start):
        return True
    if not start.startswith(before):
        return False
    rest = start.removeprefix(before)
    digits = len((re.match("[1-9][0-9]*", rest) or [""])[0])
    return any(after.startswith(rest[count:]) for count in range(1, digits + 1))
